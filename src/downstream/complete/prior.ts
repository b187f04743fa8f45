/**
 * Completion by the generative prior: the flow learnt from whole bones, steered at sampling time towards those that agree
 * with the bone that is left. No retraining; each draw of the noise is another plausible answer.
 *
 * At time t the state x holds `x = (1 - t) n + t z`, and the velocity tells both parts: z = x + (1 - t) v, the whole bone the
 * flow is heading for, and n = x - t v, the noise. Each step
 *
 *   1. moves z down the gradient of L(z) (latentFit.ts): the decoded bone should be bone where the scan has bone, and none
 *      where the scan has none, except where bone may be missing;
 *   2. mixes n with fresh noise, n <- cos(a) n + sin(a) e, so that an early mistake can be undone;
 *   3. goes on to `x = (1 - t') n + t' z`.
 *
 * Where bone may be missing is found on the way: where the decoded bone and the scan disagree by more than a shell of
 * surface (an opening), and a margin around it. There the scan's air says nothing; the bone that is left is kept as it is.
 *
 * After Zhang et al. 2024 (decoupled annealing posterior sampling, arXiv 2407.01521) and Martin et al. 2024 (PnP-Flow,
 * arXiv 2410.02423), with the conditional-OT path in place of their noise schedules and a codebook inside the decoder.
 */
import { CheckpointError, VolumeError } from '../../errors.ts';
import { hasBone } from '../../evaluation/setChecks.ts';
import { interruptedError } from '../../files/interrupt.ts';
import { elements } from '../../graph/graph.ts';
import { RandomStream } from '../../random/stream.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { GeneratorWeights } from '../../sampling/generator.ts';
import { labelOfQuality } from '../../sampling/latentSampler.ts';
import { VelocityNetwork } from '../../sampling/network.ts';
import { readGenerator } from '../../sampling/readGenerator.ts';
import { labelComponents } from '../../volume/components.ts';
import { dilate } from '../../volume/morphology.ts';
import { requireSameGrid } from '../../volume/sameGrid.ts';
import { centredGrid, type Grid, type Mask } from '../../volume/volume.ts';
import { LatentFit } from './latentFit.ts';
import {
  ANSWERS_MOST,
  type CompleteOptions,
  type Completion,
  type CompletionMethod,
  type Learnt,
  requireAnswers,
} from './method.ts';

export interface PriorOptions {
  /** Steps from noise to bone. */
  steps: number;
  /** Moves down the gradient at each step. */
  moves: number;
  /** Length of a move: root mean square over the latent, in its deviations. */
  rate: number;
  /** Angle by which the noise turns towards fresh noise at each step, radians: 0 keeps it, pi / 2 draws it anew. */
  renewal: number;
  /** Scale of classifier-free guidance towards the best quality class. */
  guidance: number;
  /** Voxels: thinner disagreement is surface, not a defect. */
  shell: number;
  /** Voxels around a defect where air says nothing. */
  margin: number;
  /** Share of the largest piece of missing bone that another must have to count. */
  piece: number;
}

export const PRIOR_DEFAULTS: PriorOptions = {
  steps: 16,
  moves: 6,
  rate: 0.08,
  renewal: 1.5,
  guidance: 1,
  shell: 1,
  margin: 1,
  piece: 0.3,
};

/** Distances in voxels. */
const VOXELS = [1, 1, 1] as const;
/** Weight of the scan's air at the start, against 1 of bone. */
const AIR_AT_FIRST = 0.1;
/** Times as many moves in the last step, ever shorter. */
const LAST = 3;

const rms = (x: Float32Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);

/**
 * Voxels where bone may be missing: believed bone farther from the scan's than a shell of surface, in pieces that are no
 * mere fraction of the largest, widened by the shell and a margin.
 */
function missing(logits: Float32Array, near: Uint8Array, { size }: Mask, o: PriorOptions): Uint8Array {
  const absent = Uint8Array.from(near, (bone, i) => (bone === 0 && logits[i] > 0 ? 1 : 0));
  const { labels, sizes } = labelComponents(absent, size, 26);
  const least = o.piece * (sizes[0] ?? 0);
  const kept = Uint8Array.from(labels, (label) => (label > 0 && sizes[label - 1] >= least ? 1 : 0));
  return dilate(kept, size, VOXELS, o.shell + o.margin);
}

/** A trained generator as a method of completion. */
export class PriorCompletion implements CompletionMethod {
  readonly name = 'prior';
  readonly words = 'the flow learnt from whole bones, steered towards the bone that is left';
  readonly grid: Grid;
  readonly source: GeneratorWeights;
  readonly learnt: Learnt;
  readonly #options: PriorOptions;
  readonly #network: VelocityNetwork;
  readonly #fit: LatentFit;

  private constructor(
    source: GeneratorWeights,
    options: PriorOptions,
    network: VelocityNetwork,
    fit: LatentFit,
  ) {
    const { size, spacing: s, bone, share } = source.meta;
    this.grid = centredGrid(size, [s, s, s]);
    this.source = source;
    this.learnt = {
      size,
      spacing: s,
      bone,
      data: [source.meta, source.autoencoder.meta].map((m) => ({ hash: m.dataHash, phantom: m.phantom })),
      weights: source.hash,
      ...(share && { share }),
    };
    this.#options = options;
    this.#network = network;
    this.#fit = fit;
  }

  /** Throws `CheckpointError` for a generator whose network gives no velocity (DDPM, consistency). */
  static async create(
    source: GeneratorWeights,
    options: Partial<PriorOptions> = {},
    session: SessionOptions = {},
  ): Promise<PriorCompletion> {
    if (source.meta.objective !== 'otfm')
      throw new CheckpointError({
        found: `a generator that learnt ${source.meta.objective}`,
        expected: 'one that learnt otfm: completion follows its velocity',
        todo: 'name the run of `cranioflow train generator --objective otfm`',
      });
    const fit = await LatentFit.create(source, session);
    return new PriorCompletion(
      source,
      { ...PRIOR_DEFAULTS, ...options },
      new VelocityNetwork(source, session),
      fit,
    );
  }

  /**
   * Plausible whole bones, the one that agrees best with the bone that is left first. Throws `GridError` on another grid,
   * `VolumeError` where the mask has no bone, `UsageError` for more than `ANSWERS_MOST` answers, `InterruptedError`.
   */
  async complete(
    defective: Mask,
    { seed, index, answers = 1, signal }: CompleteOptions,
  ): Promise<(Completion & { misfit: number })[]> {
    requireSameGrid(defective, this.grid, 'the defective bone', 'what the generator learnt');
    if (!hasBone(defective))
      throw new VolumeError({
        found: 'a mask without a bone voxel',
        expected: 'a bone of which a part is missing',
        todo: 'check the segmentation',
      });
    requireAnswers(answers);
    const found: (Completion & { misfit: number })[] = [];
    for (let answer = 0; answer < answers; answer++) {
      const random = new RandomStream(seed, 'complete/prior', index * ANSWERS_MOST + answer);
      const goOn = (): void => {
        if (signal?.aborted)
          throw interruptedError(`${answer} of ${answers} answers were found`, 'run the command again');
      };
      found.push(await this.#answer(defective, random, goOn));
    }
    return found.sort((a, b) => a.misfit - b.misfit);
  }

  /** `goOn` throws once the work should stop: it is asked at every step. */
  async #answer(
    defective: Mask,
    random: RandomStream,
    goOn: () => void,
  ): Promise<Completion & { misfit: number }> {
    const { steps, moves, renewal, guidance } = this.#options;
    const { latentShape, qualities } = this.source.meta;
    const velocity = this.#network.guided(labelOfQuality(Math.max(...qualities)), { guidance });
    const n = elements(latentShape);
    const bone = Float32Array.from(defective.data);
    const near = dilate(defective.data, defective.size, VOXELS, this.#options.shell);
    const sure = new Float32Array(bone.length);
    const noise = random.fillNormal(new Float32Array(n));
    const x = noise.slice();
    let logits: Float32Array | undefined;
    let misfit = 0;
    for (let step = 0; step < steps; step++) {
      goOn();
      const t = step / steps;
      const v = await velocity(x, t);
      const z = new Float32Array(n);
      for (let i = 0; i < n; i++) {
        z[i] = x[i] + (1 - t) * v[i];
        noise[i] = x[i] - t * v[i];
      }
      const last = step === steps - 1;
      for (let move = 0; move < moves * (last ? LAST : 1); move++) {
        const hole = logits && missing(logits, near, defective, this.#options);
        // Early on, where the defect is not known yet, the scan's air counts little.
        const air = Math.max(AIR_AT_FIRST, t);
        for (let i = 0; i < sure.length; i++) sure[i] = bone[i] === 1 ? 1 : hole?.[i] === 1 ? 0 : air;
        const fit = await this.#fit.at(z, bone, sure);
        logits = fit.logits;
        misfit = fit.loss;
        const length = rms(fit.gradient);
        const rate = this.#options.rate * (last ? 1 - move / (moves * LAST) : 1);
        if (length > 0) for (let i = 0; i < n; i++) z[i] -= (rate / length) * fit.gradient[i];
      }
      const next = (step + 1) / steps;
      const fresh = random.fillNormal(new Float32Array(n));
      for (let i = 0; i < n; i++) {
        noise[i] = Math.cos(renewal) * noise[i] + Math.sin(renewal) * fresh[i];
        x[i] = (1 - next) * noise[i] + next * z[i];
      }
    }
    const hole = missing(logits!, near, defective, this.#options);
    const probability = Float32Array.from(logits!, (l, i) =>
      bone[i] === 1 ? 1 : hole[i] === 1 ? 1 / (1 + Math.exp(-l)) : 0,
    );
    return {
      whole: { ...defective, data: Uint8Array.from(probability, (p) => (p > 0.5 ? 1 : 0)) },
      probability,
      misfit,
    };
  }

  async release(): Promise<void> {
    await this.#network.release();
    await this.#fit.release();
  }
}

/** Opens the generator of a run folder as a method of completion. Throws `CheckpointError` as `create` does. */
export const openPrior = async (run: string, session: SessionOptions = {}): Promise<PriorCompletion> =>
  PriorCompletion.create(readGenerator(run), {}, session);
