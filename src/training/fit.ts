/**
 * Fits a velocity network to batches: compiles the training step, runs the loop, measures, keeps the weights that were asked
 * for, writes checkpoints. It knows neither where the batches come from (flow matching, diffusion, reflow, distillation)
 * nor what is measured.
 *
 * With `keep.by` other than `last`, the checkpoint's model holds the best averaged weights so far and its optimiser state
 * goes on from the present ones, so a resumed run is the uninterrupted one.
 */

import type { GeneratorConfig } from '../config/schemas.ts';
import type { Checkpoint } from '../files/checkpoint.ts';
import type { RunFolder } from '../files/runFolder.ts';
import type { StoredTensor } from '../files/safetensors.ts';
import { encodeMeta, type GeneratorMeta } from '../models/metadata.ts';
import { l1, mse } from '../nn/losses.ts';
import { value } from '../runtime/session.ts';
import { type NetworkWeights, networkTensors, velocityGraph } from '../sampling/network.ts';
import { learningRate, trainingLoop } from './loop.ts';
import type { TrainingBatch } from './objective.ts';
import { adamOf } from './optimiser.ts';
import { type PrivateSteps, PrivateTrainer } from './privacy/trainer.ts';
import { Trainer } from './trainer.ts';

export type FitConfig = Pick<
  GeneratorConfig,
  | 'seed'
  | 'steps'
  | 'batch'
  | 'checkpointEvery'
  | 'evaluateEvery'
  | 'learningRate'
  | 'warmup'
  | 'finalRate'
  | 'weightDecay'
  | 'clip'
  | 'ema'
  | 'beta1'
  | 'loss'
  | 'keep'
>;

export interface FitOptions {
  title: string;
  run: RunFolder;
  config: FitConfig;
  /** What the weights of a step are; `step` is the step they were reached at. */
  meta(step: number): GeneratorMeta;
  /** The mean latent that data were taken relative to, stored beside the weights. */
  meanLatent?: Float32Array;
  /** Where the weights start; default: at random. */
  start?: ReadonlyMap<string, Float32Array>;
  /** The batch of a step (1 the first), from the averaged weights before it where these are needed. */
  batch(
    step: number,
    averaged: () => ReadonlyMap<string, Float32Array>,
  ): TrainingBatch | Promise<TrainingBatch>;
  /** Private steps, in place of those on `batch`. */
  privacy?: Omit<PrivateSteps, 'feeds'> & { point(step: number, subject: number): TrainingBatch };
  /** Figures of averaged weights on held-out data; `keep.by` names the one that decides. */
  evaluate(weights: NetworkWeights): Promise<Measured>;
  signal?: AbortSignal;
  quiet?: boolean;
  threads?: number;
}

export type Measured = { heldOutLoss?: number; recall?: number } & Record<string, number>;

/** How a training ended. */
export interface Fitted {
  /** Figures of the weights that are kept. */
  measured: Measured;
  /** Steps done: fewer than asked for where patience ended it. */
  steps: number;
  /** The step of the weights that are kept. */
  kept: number;
}

/** What `checkpoint.state` remembers of the kept weights. */
interface Kept {
  step: number;
  /** Smaller is better. */
  score: number;
  /** Measurements since. */
  stale: number;
}

/** What is kept when `keep.by` says so, as a number of which less is better; undefined where it was not measured. */
function scoreOf(by: FitConfig['keep']['by'], measured: Measured): number | undefined {
  if (by === 'loss') return measured.heldOutLoss;
  if (by === 'recall' && measured.recall !== undefined) return -measured.recall;
  return undefined;
}

/** Trains to `config.steps`, or goes on from the run's newest checkpoint; tells what the weights that are kept came to. */
export async function fitGenerator(options: FitOptions): Promise<Fitted> {
  const { run, config, signal, quiet } = options;
  const described = options.meta(0);
  const { latentShape } = described;
  const { privacy } = options;
  const batch = privacy?.multiplicity ?? config.batch;
  const { graph, velocity } = velocityGraph(described, batch);
  const shape = [batch, ...latentShape];
  const target = graph.input('target', shape);
  const loss = config.loss === 'l1' ? l1(velocity, target) : mse(velocity, target);
  const { seed } = config;
  const feeds = ({ x, t, label, target: wanted }: TrainingBatch) => ({
    x: value(x, shape),
    t: value(t, [batch]),
    label: value(label, [batch]),
    target: value(wanted, shape),
  });
  const definition = {
    graph,
    loss,
    seed,
    adam: adamOf(config, 0.999),
  };
  const { threads } = options;
  const trainer =
    privacy === undefined
      ? await Trainer.create(definition, { threads })
      : await PrivateTrainer.create(
          definition,
          { ...privacy, feeds: (step, subject) => feeds(privacy.point(step, subject)) },
          { threads },
        );
  const checkpoint = run.latestCheckpoint();
  const best = new Best(config.keep, checkpoint);
  if (checkpoint !== undefined) trainer.restore(checkpoint);
  else if (options.start !== undefined) trainer.start(options.start);

  const network = (weights: ReadonlyMap<string, Float32Array>, step: number): NetworkWeights => ({
    meta: options.meta(step),
    weights,
    meanLatent: options.meanLatent,
  });
  const measure = (step: number) => options.evaluate(network(trainer.weights(), step));
  let measured: Measured | undefined;
  const done = checkpoint?.step ?? 0;
  let reached = done;
  try {
    await trainingLoop({
      title: options.title,
      run,
      start: done,
      steps: best.stopped ? done : config.steps,
      checkpointEvery: config.checkpointEvery,
      evaluateEvery: config.evaluateEvery,
      signal,
      quiet,
      async step(t) {
        reached = t;
        const rate = learningRate(t, config);
        if (trainer instanceof PrivateTrainer) return trainer.step(t, rate);
        return trainer.step(t, rate, feeds(await options.batch(t, () => trainer.weights())));
      },
      async evaluate(t) {
        measured = await measure(t);
        best.offer(t, measured, () => trainer.weights());
        return measured;
      },
      finished: () => best.stopped,
      checkpoint(t) {
        const kept =
          best.weights === undefined ? network(trainer.weights(), t) : network(best.weights, best.step);
        return {
          step: t,
          files: { model: networkTensors(kept), optimizer: trainer.optimiserTensors() },
          state: best.state,
          metadata: encodeMeta(kept.meta),
        };
      },
    });
    const steps = Math.max(reached, done);
    if (best.weights !== undefined)
      return { measured: await options.evaluate(network(best.weights, best.step)), steps, kept: best.step };
    // A run that was already complete is measured all the same.
    return { measured: measured ?? (await measure(steps)), steps, kept: steps };
  } finally {
    await trainer.release();
  }
}

/** The best averaged weights so far. */
class Best {
  readonly #keep: FitConfig['keep'];
  #kept?: Kept;
  weights?: ReadonlyMap<string, Float32Array>;

  constructor(keep: FitConfig['keep'], checkpoint?: Checkpoint) {
    this.#keep = keep;
    if (keep.by === 'last' || checkpoint?.state == null) return;
    this.#kept = checkpoint.state as Kept;
    this.weights = new Map(
      [...(checkpoint.files.model ?? new Map<string, StoredTensor>())].map(([name, { data }]) => [
        name,
        data as Float32Array,
      ]),
    );
  }

  offer(step: number, measured: Measured, weights: () => ReadonlyMap<string, Float32Array>): void {
    const score = scoreOf(this.#keep.by, measured);
    // A figure that is no number is no measurement.
    if (score === undefined || Number.isNaN(score)) return;
    if (this.#kept === undefined || score < this.#kept.score) {
      this.#kept = { step, score, stale: 0 };
      this.weights = weights();
    } else this.#kept = { ...this.#kept, stale: this.#kept.stale + 1 };
  }

  get step(): number {
    return this.#kept?.step ?? 0;
  }

  get state(): Kept | undefined {
    return this.#kept;
  }

  /** Patience is at its end. */
  get stopped(): boolean {
    const { patience } = this.#keep;
    return patience > 0 && (this.#kept?.stale ?? 0) >= patience;
  }
}
