/**
 * A network in private training (DP-SGD, Abadi et al. 2016): the ordinary optimiser fed with a gradient that is safe to use,
 *
 *   g = (sum over drawn subjects s of  g_s min(1, C / |g_s|)  +  noise C N(0, I)) / expected batch
 *
 * g_s is the gradient of subject s alone: its graph is compiled once for one subject and run for each of them, so a step of
 * any number of subjects, none included, uses the same two models and a sum of one gradient's size. Whatever comes after g
 * (Adam, averages, learning rates, checkpoints) is computed from private numbers and costs nothing more.
 *
 * The update is an ordinary `Trainer` of one vector p whose loss is <p, g>, since the derivative of that for p is g.
 */
import type { Checkpoint } from '../../files/checkpoint.ts';
import type { StoredTensor } from '../../files/safetensors.ts';
import { gradients } from '../../graph/autodiff.ts';
import { emit } from '../../graph/emit.ts';
import { elements, Graph, type ParameterSpec } from '../../graph/graph.ts';
import { multiply } from '../../graph/ops/binary.ts';
import { sum, sumOfSquares } from '../../graph/ops/reduce.ts';
import { reshape } from '../../graph/ops/shape.ts';
import { concat } from '../../graph/ops/slice.ts';
import { Session, type SessionOptions, type Value, value } from '../../runtime/session.ts';
import {
  flatParameters,
  initialParameters,
  namedParameters,
  Trainer,
  type TrainerDefinition,
} from '../trainer.ts';
import { addClipped } from './clip.ts';
import { type SecretKey, SecretStream } from './secretStream.ts';

/** How steps are made private. */
export interface PrivateSteps {
  key: SecretKey;
  /** Largest norm of what a subject adds. */
  clip: number;
  /** Deviation of the noise, in clipping norms. */
  noise: number;
  /** Subjects of a step on average: what the sum is divided by, whoever is drawn. */
  expected: number;
  /** Points of a subject: the batch of the gradient's graph. */
  multiplicity: number;
  /** The subjects of a step, 1 the first. */
  subjects(step: number): readonly number[];
  /** What the graph is fed for a subject at a step. */
  feeds(step: number, subject: number): Record<string, Value>;
}

const ALL = 'parameters of the network';

/** Gradient and update of a private training. */
export class PrivateTrainer {
  readonly #gradient: Session;
  readonly #update: Trainer;
  readonly #privacy: PrivateSteps;
  readonly specs: readonly ParameterSpec[];

  private constructor(
    gradient: Session,
    update: Trainer,
    privacy: PrivateSteps,
    specs: readonly ParameterSpec[],
  ) {
    this.#gradient = gradient;
    this.#update = update;
    this.#privacy = privacy;
    this.specs = specs;
  }

  /** Differentiates and compiles: `graph` and `loss` for one subject. The clipping of `adam` is not used. */
  static async create(
    { graph, loss, adam, seed }: TrainerDefinition,
    privacy: PrivateSteps,
    options: SessionOptions = {},
  ): Promise<PrivateTrainer> {
    const found = gradients(loss, graph.parameterTensors);
    // Built from the last parameter to the first, as in optimiser.ts: activations are freed as the backward pass goes.
    const parts = graph.parameters
      .map(({ shape }, i) => ({ size: elements(shape), gradient: found[i] }))
      .reverse()
      .map(({ size, gradient }) =>
        gradient === undefined ? graph.constant(new Float32Array(size), [size]) : reshape(gradient, [size]),
      );
    const flat = concat(parts.reverse(), 0);
    const session = await Session.create(emit(graph, { outputs: { gradient: flat } }).model, options);

    const after = new Graph();
    const p = after.parameter(ALL, flat.shape, { kind: 'zeros' });
    const update = await Trainer.create(
      {
        graph: after,
        loss: sum(multiply(p, after.input('gradient', flat.shape))),
        adam: { ...adam, clip: Number.POSITIVE_INFINITY },
        seed,
        results: { weights: sumOfSquares(p) },
      },
      options,
    );
    update.start(new Map([[ALL, initialParameters(graph.parameters, seed)]]));
    return new PrivateTrainer(session, update, privacy, graph.parameters);
  }

  /** The clipped sum of the gradients of `subjects` at a step, without noise. */
  async clippedSum(step: number, subjects: readonly number[]): Promise<Float64Array> {
    const parameters = this.#update.state('parameters');
    const total = new Float64Array(parameters.length);
    const shared = value(parameters, [parameters.length]);
    for (const subject of subjects) {
      const feeds = { ...this.#privacy.feeds(step, subject), parameters: shared };
      const { gradient } = await this.#gradient.run(feeds, { gradient: null });
      addClipped(total, gradient.data as Float32Array, this.#privacy.clip);
    }
    return total;
  }

  /**
   * Step number `t` (1 the first). Reports the norm of the private gradient, NaN once the weights are no longer finite; losses
   * of single steps would tell of the persons in them.
   */
  async step(t: number, learningRate: number): Promise<Record<string, number>> {
    const { key, clip, noise, expected, subjects } = this.#privacy;
    const total = await this.clippedSum(t, subjects(t));
    if (noise > 0) new SecretStream(key, 'dp/noise', t).addNormals(total, noise * clip);
    const gradient = Float32Array.from(total, (g) => g / expected);
    const { gradientNorm, weights } = await this.#update.step(t, learningRate, {
      gradient: value(gradient, [gradient.length]),
    });
    return { gradientNorm: Number.isFinite(weights) ? gradientNorm : Number.NaN };
  }

  /** Starts from given weights instead of random ones. Throws `CheckpointError` when they are not those of the network. */
  start(weights: ReadonlyMap<string, Float32Array>): void {
    this.#update.start(new Map([[ALL, flatParameters(this.specs, weights)]]));
  }

  /** The averaged weights by name. */
  weights(): Map<string, Float32Array> {
    return namedParameters(this.specs, this.#update.weights().get(ALL)!);
  }

  optimiserTensors(): Map<string, StoredTensor> {
    return this.#update.optimiserTensors();
  }

  restore(checkpoint: Checkpoint): void {
    this.#update.restore(checkpoint);
  }

  async release(): Promise<void> {
    await this.#gradient.release();
    await this.#update.release();
  }
}
