/**
 * Training the contrastive encoder on the train side of a dataset: each case of a batch is seen in two views, moved a little
 * and partly hidden, and the loss asks which view belongs to which (NT-Xent, nn/contrastive.ts). Cases of one subject are
 * never pushed apart. Measured is the retrieval of held-out views by the features, which the loss never compares itself.
 *
 * Batches and views are pure functions of (seed, step), so a resumed run ends bit for bit like an unbroken one.
 */

import { join } from 'node:path';
import type { EncoderConfig } from '../config/encoder.ts';
import { hideBoxes } from '../dataset/hide.ts';
import { batchIndices, Loader } from '../dataset/loader.ts';
import { DatasetError } from '../errors.ts';
import type { Features } from '../evaluation/featureSet.ts';
import { retrievalAccuracy } from '../evaluation/spaces/retrieval.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { Graph } from '../graph/graph.ts';
import { checkGroups } from '../models/checkConfig.ts';
import { projectionOf, shapeFeaturesOf } from '../models/encoder.ts';
import { type EncoderMeta, encodeMeta } from '../models/metadata.ts';
import { ntXent, viewTables } from '../nn/contrastive.ts';
import { Scope } from '../nn/scope.ts';
import { RandomStream } from '../random/stream.ts';
import { value } from '../runtime/session.ts';
import { ENCODER_SCOPE, PROJECTION_SCOPE, ShapeEncoder } from '../sampling/shapeEncoder.ts';
import { ENCODER_CARD, encoderCard } from './encoderCard.ts';
import { learningRate, trainingLoop } from './loop.ts';
import { learntFrom, openTraining, paceOf, type TrainOptions } from './opening.ts';
import { adamOf } from './optimiser.ts';
import { Trainer } from './trainer.ts';

/** Held-out cases whose views are told apart; more would only cost time. */
const HELD_OUT_CASES = 64;

type Views = Pick<EncoderConfig, 'augment' | 'hide'>;

/**
 * Writes two views of the cases `indices` to `out` [2 N, 1, D, H, W] in +-1: all first views, then all second ones. A pure
 * function of `seed` and `step`.
 */
export function fillViews(
  cases: Loader,
  indices: ArrayLike<number>,
  { augment, hide }: Views,
  seed: number,
  step: number,
  out: Float32Array,
): void {
  const twice = [...Array.from(indices), ...Array.from(indices)];
  cases.fillBatch(twice, out, { seed, step, options: augment });
  for (let row = 0; row < twice.length; row++) {
    const stream = new RandomStream(seed, 'encoder/hide', step * twice.length + row);
    hideBoxes(out, row * cases.voxels, cases.size, stream, hide);
  }
}

/** The features of two views of each case, the same views whatever the network: rows as `retrievalAccuracy` wants them. */
export async function describeViews(
  cases: Loader,
  views: Views,
  seed: number,
  describe: (mask: Float32Array) => Promise<Float32Array> | Float32Array,
): Promise<Features> {
  // Views unlike those of any training step.
  const held = new RandomStream(seed, 'encoder/heldOutViews').uint32();
  const n = cases.length;
  const pixels = new Float32Array(2 * cases.voxels);
  const rows: Float32Array[] = Array(2 * n);
  for (let i = 0; i < n; i++) {
    fillViews(cases, [i], views, held, i, pixels);
    rows[i] = (await describe(pixels.slice(0, cases.voxels))).slice();
    rows[n + i] = (await describe(pixels.slice(cases.voxels))).slice();
  }
  const dim = rows[0].length;
  const values = new Float32Array(2 * n * dim);
  rows.forEach((row, i) => void values.set(row, i * dim));
  return { values, count: 2 * n, dim };
}

/**
 * Trains, or goes on training, an encoder in the run folder `out`, and writes its card there; returns the last retrieval
 * accuracy of held-out views, 0 to 1 (NaN where fewer than two subjects are held out). Throws `DatasetError` where less
 * than two subjects are to learn from.
 */
export async function trainEncoder(
  options: TrainOptions<EncoderConfig>,
): Promise<{ heldOutRetrieval: number; heldOutCases: number }> {
  const { dataset, config, threads } = options;
  const { model, batch, seed } = config;
  checkGroups(model);
  const train = new Loader(dataset, dataset.split('train'));
  const test = new Loader(dataset, dataset.split('test').slice(0, HELD_OUT_CASES));
  const subjects = new Set(train.cases.map((c) => c.subject)).size;
  if (subjects < 2)
    throw new DatasetError({
      found: `${dataset.dir} has ${train.length} training cases of ${subjects} subject${subjects === 1 ? '' : 's'}`,
      expected: 'at least 2 subjects: the encoder learns by telling them apart',
      todo: 'take in more cases',
    });
  const learnt = learntFrom(dataset, train.cases);
  const [sx, sy, sz] = dataset.grid.size;
  const views: Views = { augment: config.augment, hide: config.hide };
  const meta = (step: number): EncoderMeta => ({
    kind: 'encoder',
    config: model,
    views,
    ...learnt,
    step,
  });

  const run = openTraining(options, learnt.dataHash);
  try {
    const checkpoint = run.latestCheckpoint();
    const rows = 2 * batch;
    const graph = new Graph();
    const x = graph.input('x', [rows, 1, sz, sy, sx]);
    const others = graph.input('others', [rows, rows]);
    const partner = graph.input('partner', [rows, rows]);
    const features = shapeFeaturesOf(new Scope(graph, ENCODER_SCOPE), x, model);
    const z = projectionOf(new Scope(graph, PROJECTION_SCOPE), features, model);
    const trainer = await Trainer.create(
      {
        graph,
        loss: ntXent(z, others, partner, config.temperature),
        seed,
        adam: adamOf(config, 0.99),
      },
      { threads },
    );
    const start = trainer.resume(checkpoint);

    const measurable = new Set(test.cases.map((c) => c.subject)).size >= 2;
    const evaluate = async (): Promise<Record<string, number>> => {
      if (!measurable) return {};
      const encoder = await ShapeEncoder.create({ meta: meta(0), weights: trainer.weights() }, { threads });
      try {
        const seen = await describeViews(test, views, seed, (mask) => encoder.describe(mask));
        return {
          heldOutRetrieval: retrievalAccuracy(
            seen,
            test.cases.map((c) => c.subject),
          ),
        };
      } finally {
        await encoder.release();
      }
    };
    const pixels = new Float32Array(rows * train.voxels);
    let last: number | undefined;
    await trainingLoop({
      title: 'train encoder',
      run,
      start,
      ...paceOf(options),
      async step(t) {
        const indices = batchIndices(seed, t - 1, batch, train.length);
        fillViews(train, indices, views, seed, t - 1, pixels);
        const tables = viewTables(Array.from(indices, (i) => train.cases[i].subject));
        return trainer.step(t, learningRate(t, config), {
          x: value(pixels, x.shape),
          others: value(tables.others, others.shape),
          partner: value(tables.partner, partner.shape),
        });
      },
      async evaluate() {
        const held = await evaluate();
        last = held.heldOutRetrieval;
        return held;
      },
      checkpoint: (t) => ({
        step: t,
        files: { model: trainer.modelTensors(), optimizer: trainer.optimiserTensors() },
        metadata: encodeMeta(meta(t)),
      }),
    });
    // A run that was already complete is measured all the same.
    const heldOutRetrieval = last ?? (await evaluate()).heldOutRetrieval ?? Number.NaN;
    await trainer.release();
    const result = { heldOutRetrieval, heldOutCases: measurable ? test.length : 0 };
    writeFileAtomic(join(run.path, ENCODER_CARD), encoderCard(meta(config.steps), train.length, result));
    return result;
  } finally {
    run.close();
  }
}
