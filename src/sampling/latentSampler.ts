/**
 * One latent from one seed and index: class, noise and the solver that fits what the network learnt. Sample `index` of
 * `seed` draws from streams of its own, so it is the same whatever else is sampled.
 *
 *   otfm          an ODE from noise to data: euler, midpoint, heun, rk4 (fixed steps), dopri5 (adaptive)
 *   ddpm          the reversed chain: ancestral (noise added again each step), ddim (eta between none and all of it)
 *   consistency   jumps to the data, with noise added again between jumps
 */
import { diffusionSchedule } from '../diffusion/schedule.ts';
import { UsageError } from '../errors.ts';
import { elements } from '../graph/graph.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import { RandomStream } from '../random/stream.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { type Guidance, type NetworkWeights, VelocityNetwork } from './network.ts';
import { bakedGuidance, SOLVERS_OF, type SolverName, sampleDefaults } from './solverNames.ts';
import { consistency } from './solvers/consistency.ts';
import { ddim, stepNoise } from './solvers/ddim.ts';
import { counted, type Solver } from './solvers/solver.ts';
import { SOLVERS } from './solvers.ts';

/** How latents are sampled. */
export interface SampleSettings extends Guidance {
  /** Of a solver with fixed steps; dopri5 takes as many as its tolerance needs. */
  steps: number;
  solver: SolverName;
  /** ddim: share of the chain's own noise that is added again, 0 to 1. Default 0. */
  eta?: number;
  /** dopri5: largest error of a step, absolute and relative to the state. Default 1e-4. */
  tolerance?: number;
  /** Quality class 2..6; undefined draws one with the shares of the training set. */
  quality?: number;
}

export interface SampleOptions extends SampleSettings {
  seed: number;
  index: number;
  /** Filtered generation: which try at this bone; 0, the default, is the bone without a filter. */
  candidate?: number;
  /** Told at the end how many network evaluations the sample took (a guided pair counts as one). */
  onEvaluations?: (count: number) => void;
  /** Called before each network evaluation: what it throws ends the sample. */
  beforeEvaluation?: () => void | Promise<void>;
  onStep?: (done: number, t: number, latent: Float32Array) => void | Promise<void>;
}

/** Most candidates of one bone. */
export const CANDIDATES_MOST = 64;

/** DDIM steps of an epsilon prediction below which `leading` indices are nearer to the truth than `trailing` ones. */
const FEW_STEPS = 12;

/** Label of quality class q: 2..6 -> 0..4; the null class comes after the last. */
export const labelOfQuality = (quality: number): number => quality - 2;

/** What of a generator decides how it can be sampled. */
export interface Sampled extends Pick<GeneratorMeta, 'objective' | 'qualities' | 'reflow' | 'distilled'> {
  diffusion?: { steps: number };
}

/** Where `dopri5` is told nothing: largest error of a step. */
export const DEFAULT_TOLERANCE = 1e-4;
/** Its first step is one of so many; what follows is as the tolerance asks. */
export const DOPRI5_FIRST = 16;

/**
 * Refuses settings that cannot be sampled with, and settings that would change nothing with this solver or scale, before
 * any work starts. Throws `UsageError`.
 */
export function checkSampling(meta: Sampled, s: SampleSettings): void {
  const { steps, solver, guidance, guidanceInterval, eta, tolerance, quality } = s;
  const most = meta.diffusion?.steps ?? 1000;
  const [from, to] = guidanceInterval ?? [0, 1];
  const fitting = SOLVERS_OF[meta.objective];
  const baked = bakedGuidance(meta);
  const problems: [unknown, string, string, string][] = [
    [
      fitting.includes(solver),
      `the solver ${solver} for a generator that learnt ${meta.objective}`,
      fitting.length === 1 ? `the solver ${fitting[0]}` : `a solver among ${fitting.join(', ')}`,
      `choose the solver ${fitting[0]}${fitting.length === 1 ? '' : ' or another of these'}, or leave it out`,
    ],
    [
      Number.isInteger(steps) && steps >= 1 && steps <= most,
      `steps ${steps}`,
      `a whole number from 1 to ${most}${meta.diffusion === undefined ? '' : ', the length of the chain it learnt'}`,
      `give ${sampleDefaults(meta).steps} steps, the default, or another number of that range`,
    ],
    [
      guidance >= 0 && guidance <= 20,
      `guidance scale ${guidance}`,
      'a number from 0 (no class) to 20',
      'give 1.5, the usual scale, or 1 for the class alone',
    ],
    [
      guidance === 1 || (meta.objective !== 'consistency' && baked === 1),
      `guidance scale ${guidance} for a generator that has one of ${baked} in its weights`,
      '1, which adds none',
      'leave the guidance out',
    ],
    [
      from >= 0 && from < to && to <= 1,
      `guidance interval ${from} to ${to}`,
      'two times from 0 (noise) to 1 (data), the first the smaller',
      'give such as 0.2,0.9, or leave it out for guidance all the way',
    ],
    [
      guidanceInterval === undefined || guidance !== 1,
      'a guidance interval with the guidance scale 1',
      'another scale: 1 is the class alone, inside the interval as outside',
      'leave the interval out, or choose another scale',
    ],
    [
      eta === undefined || solver === 'ddim',
      `eta ${eta} with the solver ${solver}`,
      'the solver ddim, which alone has an eta',
      meta.objective === 'ddpm' ? 'leave eta out, or choose the solver ddim' : 'leave eta out',
    ],
    [
      eta === undefined || (eta >= 0 && eta <= 1),
      `eta ${eta}`,
      'a number from 0 (none of the noise) to 1 (all of it)',
      'give 0, the default, or leave it out',
    ],
    [
      tolerance === undefined || solver === 'dopri5',
      `a tolerance with the solver ${solver}`,
      'the solver dopri5, which alone has a tolerance',
      meta.objective === 'otfm'
        ? 'leave the tolerance out, or choose the solver dopri5'
        : 'leave the tolerance out',
    ],
    [
      tolerance === undefined || (tolerance >= 1e-7 && tolerance <= 1),
      `tolerance ${tolerance}`,
      'a number from 1e-7 to 1',
      `give ${DEFAULT_TOLERANCE}, the default, or leave it out`,
    ],
    [
      quality === undefined || meta.qualities.includes(quality),
      `quality ${quality}`,
      `one of the classes the generator was trained on: ${meta.qualities.join(', ')}`,
      'choose one of these, or none for a mix as in the training set',
    ],
  ];
  for (const [sound, found, expected, todo] of problems)
    if (!sound) throw new UsageError({ found, expected, todo });
}

/** A quality class, with the shares of the training set. */
export function drawQuality(
  { qualities, qualityCounts }: Pick<GeneratorMeta, 'qualities' | 'qualityCounts'>,
  random: RandomStream,
): number {
  let left = random.integer(qualityCounts.reduce((a, b) => a + b, 0));
  return qualities[qualityCounts.findIndex((count) => (left -= count) < 0)];
}

/** Samples latents from one network. */
export class LatentSampler {
  readonly meta: GeneratorMeta;
  readonly #network: VelocityNetwork;

  constructor(source: NetworkWeights, options: SessionOptions = {}) {
    this.meta = source.meta;
    this.#network = new VelocityNetwork(source, options);
  }

  /** The quality class of a sample: the one asked for, or a draw from those of the training set. */
  qualityOf({ quality, seed, index }: Pick<SampleOptions, 'quality' | 'seed' | 'index'>): number {
    if (quality !== undefined) return quality;
    return drawQuality(this.meta, new RandomStream(seed, 'generate/quality', index));
  }

  /** Where sample `index` of `seed` starts: standard normal numbers [L, D, H, W] of its own stream. */
  noise({ seed, index, candidate = 0 }: Pick<SampleOptions, 'seed' | 'index' | 'candidate'>): Float32Array {
    const stream =
      candidate === 0
        ? new RandomStream(seed, 'generate/noise', index)
        : new RandomStream(seed, 'generate/candidate', index * CANDIDATES_MOST + candidate);
    return stream.fillNormal(new Float32Array(elements(this.meta.latentShape)));
  }

  /** One normalised latent [L, D, H, W]. */
  async sample(options: SampleOptions): Promise<Float32Array> {
    const { onStep } = options;
    const steps = options.solver === 'dopri5' ? DOPRI5_FIRST : options.steps;
    const error = options.tolerance;
    const tolerance = error === undefined ? {} : { absolute: error, relative: error };
    const { beforeEvaluation } = options;
    const guided = this.#network.guided(labelOfQuality(this.qualityOf(options)), options);
    const network = counted(async (x, t) => {
      await beforeEvaluation?.();
      return guided(x, t);
    });
    const latent = await this.#solver(options)(network.velocity, this.noise(options), {
      steps,
      onStep,
      tolerance,
    });
    options.onEvaluations?.(network.evaluations);
    return latent;
  }

  #solver(options: SampleOptions): Solver {
    const { solver, eta = 0, seed, index, candidate = 0 } = options;
    const noise =
      candidate === 0
        ? stepNoise(seed, index)
        : stepNoise(seed, index * CANDIDATES_MOST + candidate, 'generate/candidate-steps');
    if (solver === 'consistency') return consistency(noise);
    if (solver !== 'ancestral' && solver !== 'ddim') return SOLVERS[solver];
    const { schedule, steps, prediction, reach } = this.meta.diffusion!;
    return ddim({
      schedule: diffusionSchedule(schedule, steps),
      prediction,
      reach,
      eta: solver === 'ancestral' ? 1 : eta,
      // Few steps of a network that predicts noise go wrong where they start at the very end of the chain (ddim.ts).
      spacing: prediction === 'epsilon' && options.steps < FEW_STEPS ? 'leading' : 'trailing',
      noise,
    });
  }

  async release(): Promise<void> {
    await this.#network.release();
  }
}
