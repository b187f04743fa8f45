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
import { bakedGuidance, SOLVERS_OF, type SolverName } from './solverNames.ts';
import { consistency } from './solvers/consistency.ts';
import { ddim, stepNoise } from './solvers/ddim.ts';
import { counted, type Solver } from './solvers/solver.ts';
import { SOLVERS } from './solvers.ts';

/** How latents are sampled. */
export interface SampleSettings extends Guidance {
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

/** Refuses settings that cannot be sampled with, before any work starts. Throws `UsageError`. */
export function checkSampling(meta: Sampled, s: SampleSettings): void {
  const { steps, solver, guidance, guidanceInterval, eta = 0, tolerance = 1e-4, quality } = s;
  const most = meta.diffusion?.steps ?? 1000;
  const interval = guidanceInterval ?? [0, 1];
  const problems: [unknown, string, string][] = [
    [
      SOLVERS_OF[meta.objective].includes(solver),
      `the solver ${solver} for a generator that learnt ${meta.objective}`,
      `one of ${SOLVERS_OF[meta.objective].join(', ')}`,
    ],
    [
      Number.isInteger(steps) && steps >= 1 && steps <= most,
      `steps ${steps}`,
      `a whole number from 1 to ${most}`,
    ],
    [guidance >= 0 && guidance <= 20, `guidance scale ${guidance}`, 'a number from 0 to 20'],
    [
      guidance === 1 || (meta.objective !== 'consistency' && bakedGuidance(meta) === 1),
      `guidance scale ${guidance} for a generator that has one of ${bakedGuidance(meta)} in its weights`,
      '1, which adds none',
    ],
    [
      interval[0] >= 0 && interval[0] <= interval[1] && interval[1] <= 1,
      `guidance interval ${interval.join(' to ')}`,
      'two times from 0 (noise) to 1 (data), the smaller first',
    ],
    [eta >= 0 && eta <= 1, `eta ${eta}`, 'a number from 0 (none of the noise) to 1 (all of it)'],
    [eta === 0 || solver === 'ddim', `eta ${eta} with the solver ${solver}`, 'the solver ddim'],
    [tolerance >= 1e-7 && tolerance <= 1, `tolerance ${tolerance}`, 'a number from 1e-7 to 1'],
    [
      s.tolerance === undefined || solver === 'dopri5',
      `a tolerance with the solver ${solver}`,
      'the solver dopri5',
    ],
    [
      quality === undefined || meta.qualities.includes(quality),
      `quality ${quality}`,
      `one of the classes the generator was trained on: ${meta.qualities.join(', ')}`,
    ],
  ];
  for (const [sound, found, expected] of problems)
    if (!sound) throw new UsageError({ found, expected, todo: 'choose another value' });
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
    const { steps, onStep } = options;
    const error = options.tolerance;
    const tolerance = error === undefined ? {} : { absolute: error, relative: error };
    const network = counted(this.#network.guided(labelOfQuality(this.qualityOf(options)), options));
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
