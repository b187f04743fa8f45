/**
 * What the two few-step trainings share: a source that is fit for it, a run folder of their own, pairs of noise and sample,
 * and the figure they are judged by, the squared distance between where one jump from noise arrives and where the source
 * does, on noise that the training never saw. What they differ in is the batches.
 */
import { join } from 'node:path';
import type { DistilConfig, ReflowConfig } from '../config/fewStep.ts';
import { pathPoint } from '../flow/path.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import { AUTOENCODER_FILE } from '../sampling/autoencoder.ts';
import { LiveVelocity } from '../sampling/batchVelocity.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import { type FitOptions, fitGenerator } from './fit.ts';
import { storeAutoencoder } from './generator.ts';
import { HELD_OUT_MOST, openTraining, type TrainOptions } from './opening.ts';
import { makePairs, type PairSet } from './pairs.ts';

export interface FewStepOptions<C> extends Omit<TrainOptions<C>, 'dataset'> {
  /** The source, as `readSource` gives it. */
  source: GeneratorWeights;
}

/** What one kind of training brings. */
export interface FewStepTraining {
  title: string;
  /** Of the result, over what the source is. */
  meta: Partial<GeneratorMeta>;
  /** The batch of a step, from the pairs. */
  batch: FitOptions['batch'];
  /** Times of the held-out loss; default: the jump from noise alone. */
  times?: readonly number[];
  release?(): Promise<void>;
}

/** Makes the pairs and trains, or goes on with both, in the run folder `out`; returns the last held-out loss. */
export async function trainFewStep<C extends ReflowConfig | DistilConfig>(
  kind: string,
  options: FewStepOptions<C>,
  prepare: (pairs: PairSet) => Promise<FewStepTraining>,
): Promise<{ heldOutLoss: number }> {
  const { source, config, signal, quiet, threads } = options;
  const { weightsHash: _, ...described } = source.meta;
  // The intervals of distillation grow with the share of the steps that is done.
  const of = kind === 'distil' && { of: config.steps };
  const run = openTraining(options, described.dataHash, { kind, source: source.hash, ...of });
  try {
    storeAutoencoder(join(run.path, AUTOENCODER_FILE), source.autoencoder);
    const { seed, guidance, pairs } = config;
    const from = { seed, guidance, pairs, dir: join(run.path, 'pairs'), signal, quiet, threads };
    const held = await makePairs(source, {
      ...from,
      kind: 'held',
      pairs: { ...pairs, count: HELD_OUT_MOST },
      quiet: true,
    });
    const pairSet = await makePairs(source, { ...from, kind: 'pairs' });
    const measuring = await LiveVelocity.create(described, held.count, { threads });
    let training: FewStepTraining | undefined;
    try {
      training = await prepare(pairSet);
      const { title, meta, times, batch } = training;
      const { measured } = await fitGenerator({
        title,
        run,
        config: { ...config, keep: { by: 'last', patience: 0, samples: 8 } },
        meta: (step) => ({ ...described, ...meta, step }),
        meanLatent: source.meanLatent,
        start: source.weights,
        batch,
        async evaluate({ weights }) {
          const jump = await lineError(measuring, weights, held, [0]);
          const heldOutLoss = times === undefined ? jump : await lineError(measuring, weights, held, times);
          return { heldOutLoss, jump };
        },
        signal,
        quiet,
        threads,
      });
      return { heldOutLoss: measured.heldOutLoss ?? Number.NaN };
    } finally {
      await measuring.release();
      await training?.release?.();
    }
  } finally {
    run.close();
  }
}

/**
 * Mean squared error, per number of a normalised latent, of the velocity on the lines between noise and sample of each pair,
 * at given times. At time 0 it is the squared distance between where one jump from noise arrives and where the
 * source does: 0 for a generator that needs one evaluation.
 */
export async function lineError(
  network: LiveVelocity,
  weights: ReadonlyMap<string, Float32Array>,
  pairs: PairSet,
  times: readonly number[],
): Promise<number> {
  const { count, labels } = pairs;
  const length = pairs.data[0].length;
  const [x0, x1] = [new Float32Array(count * length), new Float32Array(count * length)];
  for (let i = 0; i < count; i++) {
    x0.set(pairs.noise(i), i * length);
    x1.set(pairs.data[i], i * length);
  }
  const velocity = network.field(weights, labels);
  let error = 0;
  for (const time of times) {
    const t = new Float32Array(count).fill(time);
    const v = await velocity(pathPoint(x0, x1, t, new Float32Array(x0.length)), t);
    for (let i = 0; i < v.length; i++) error += (v[i] - (x1[i] - x0[i])) ** 2;
  }
  return error / (x0.length * times.length);
}
