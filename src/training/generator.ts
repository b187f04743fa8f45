/**
 * Training the generator by conditional-OT flow matching (Lipman et al. 2023): with noise x0, a latent x1 and a time t,
 * x_t = (1-t) x0 + t x1 and the network learns the velocity x1 - x0. A label is dropped now and then for the null class,
 * so that one network serves classifier-free guidance.
 */

import { join } from 'node:path';
import type { GeneratorConfig } from '../config/schemas.ts';
import { batchIndices, Loader } from '../dataset/loader.ts';
import { GridError } from '../errors.ts';
import { openRunFolder } from '../files/runFolder.ts';
import { type StoredTensor, writeSafetensors } from '../files/safetensors.ts';
import { couple, reorder } from '../flow/coupling.ts';
import { pathPoint, pathVelocity } from '../flow/path.ts';
import { sampleTimes } from '../flow/time.ts';
import { elements } from '../graph/graph.ts';
import { checkUNetConfig } from '../models/checkConfig.ts';
import { encodeMeta, type GeneratorMeta } from '../models/metadata.ts';
import { l1, mse } from '../nn/losses.ts';
import { RandomStream } from '../random/stream.ts';
import { Session, value } from '../runtime/session.ts';
import { type AutoencoderWeights, autoencoderParameters, readAutoencoder } from '../sampling/autoencoder.ts';
import { AUTOENCODER_FILE, labelOfQuality, velocityGraph, velocityModel } from '../sampling/generator.ts';
import { dataHash, HELD_OUT_MOST, sharedConfigHash, type TrainOptions } from './autoencoder.ts';
import { channelStatistics, encodeAll, type LatentSet, normalise } from './latents.ts';
import { learningRate, trainingLoop } from './loop.ts';
import { Trainer } from './trainer.ts';

export interface GeneratorTrainOptions extends TrainOptions<GeneratorConfig> {
  /** Run folder (or weights file) of the autoencoder. */
  autoencoder: string;
}

/** One training batch: states, times, labels and the velocities to learn; a pure function of (seed, step). */
export interface FlowBatch {
  x: Float32Array;
  t: Float32Array;
  label: Int32Array;
  target: Float32Array;
}

/** Draws the batch of step `t` (1 the first) from normalised latents and their labels. */
export function flowBatch(set: LatentSet, labels: Int32Array, config: GeneratorConfig, t: number): FlowBatch {
  const { seed, batch, classDropout, model } = config;
  const length = elements(set.shape);
  const draw = new RandomStream(seed, 'train/flow', t);
  const indices = batchIndices(seed, t - 1, batch, set.cases);
  const x1 = new Float32Array(batch * length);
  const label = new Int32Array(batch);
  for (let b = 0; b < batch; b++) {
    const copy = draw.integer(set.copies + 1);
    x1.set(set.latents[copy * set.cases + indices[b]], b * length);
    label[b] = labels[indices[b]];
  }
  let x0 = new RandomStream(seed, 'train/noise', t).fillNormal(new Float32Array(batch * length));
  x0 = reorder(x0, couple(config.coupling, x0, x1, batch, label)) as Float32Array<ArrayBuffer>;
  const times = sampleTimes(batch, { kind: 'uniform' }, draw);
  for (let b = 0; b < batch; b++) if (draw.uniform() < classDropout) label[b] = model.classes;
  const x = pathPoint(x0, x1, times, new Float32Array(x1.length));
  return { x, t: times, label, target: pathVelocity(x0, x1, new Float32Array(x1.length)) };
}

function requireSameGrid(options: GeneratorTrainOptions, { meta }: AutoencoderWeights): void {
  const { grid } = options.dataset;
  if (meta.size.join() === grid.size.join() && Math.abs(meta.spacing - grid.spacing[0]) < 1e-6) return;
  throw new GridError({
    found: `${options.dataset.dir} has ${grid.size.join('x')} voxels of ${grid.spacing[0]} mm, the autoencoder ${meta.size.join('x')} of ${meta.spacing} mm`,
    expected: 'one grid for both',
    todo: 'train the autoencoder on this dataset, or ingest the data with the grid of the autoencoder',
  });
}

/** Trains, or goes on training, a generator in the run folder `out`; returns the last held-out loss. */
export async function trainGenerator(options: GeneratorTrainOptions): Promise<{ heldOutLoss: number }> {
  const { dataset, config, signal, quiet } = options;
  checkUNetConfig(config.model);
  const autoencoder = readAutoencoder(options.autoencoder);
  requireSameGrid(options, autoencoder);
  const train = new Loader(dataset, dataset.split('train'));
  const test = new Loader(dataset, dataset.split('test').slice(0, HELD_OUT_MOST));
  const data = dataHash(dataset);
  const hash = sharedConfigHash({ ...config, autoencoder: autoencoder.hash }, data);
  const run = openRunFolder(options.out, {
    config,
    configHash: hash,
    steps: config.steps,
    resume: options.resume,
  });
  try {
    const checkpoint = run.latestCheckpoint();
    storeAutoencoder(join(run.path, AUTOENCODER_FILE), autoencoder);
    const set = await encodeAll(autoencoder, train, config, config.copies, {
      signal,
      quiet,
      title: 'encode training set',
    });
    const statistics = channelStatistics(set);
    const held = await encodeAll(autoencoder, test, config, 0, { signal, quiet: true, title: '' });
    for (const z of [...set.latents, ...held.latents]) normalise(z, statistics.mean, statistics.deviation);
    const labels = train.qualities([...Array(train.length).keys()]).map(labelOfQuality);
    const trained = dataset.split('train').map((c) => c.quality);
    const qualities = [...new Set(trained)].sort();
    const heldLabels = test.qualities([...Array(test.length).keys()]).map(labelOfQuality);
    const meta = (step: number): GeneratorMeta => ({
      kind: 'generator',
      objective: config.objective,
      config: config.model,
      latentShape: set.shape,
      latentMean: statistics.mean,
      latentDeviation: statistics.deviation,
      autoencoderHash: autoencoder.hash,
      qualities,
      qualityCounts: qualities.map((q) => trained.filter((other) => other === q).length),
      size: dataset.grid.size as [number, number, number],
      spacing: dataset.grid.spacing[0],
      bone: dataset.manifest.bone,
      phantom: dataset.manifest.phantom,
      dataset: dataset.manifest.name,
      dataHash: data,
      step,
    });

    const { graph, velocity } = velocityGraph({ config: config.model, latentShape: set.shape }, config.batch);
    const shape = [config.batch, ...set.shape];
    const target = graph.input('target', shape);
    const loss = config.loss === 'l1' ? l1(velocity, target) : mse(velocity, target);
    const { beta1, weightDecay, clip, ema, seed } = config;
    const trainer = await Trainer.create(
      { graph, loss, seed, adam: { beta1, beta2: 0.999, epsilon: 1e-8, weightDecay, clip, ema } },
      { threads: options.threads },
    );
    if (checkpoint !== undefined) trainer.restore(checkpoint);

    const evaluate = async (t: number): Promise<Record<string, number>> => {
      if (held.cases === 0) return {};
      const weights = trainer.weights();
      const heldOutLoss = await velocityError(meta(t), weights, held, heldLabels, config.seed);
      const trainLoss = await velocityError(
        meta(t),
        weights,
        { ...set, cases: Math.min(held.cases, set.cases) },
        labels,
        config.seed,
      );
      return { heldOutLoss, trainLoss };
    };
    let heldOutLoss = Number.NaN;
    await trainingLoop({
      title: `train generator (${config.objective})`,
      run,
      start: checkpoint?.step ?? 0,
      steps: config.steps,
      checkpointEvery: config.checkpointEvery,
      evaluateEvery: config.evaluateEvery,
      signal,
      quiet,
      step(t) {
        const batch = flowBatch(set, labels, config, t);
        return trainer.step(t, learningRate(t, config), {
          x: value(batch.x, shape),
          t: value(batch.t, [config.batch]),
          label: value(batch.label, [config.batch]),
          target: value(batch.target, shape),
        });
      },
      async evaluate(t) {
        const measured = await evaluate(t);
        heldOutLoss = measured.heldOutLoss ?? Number.NaN;
        return measured;
      },
      checkpoint: (t) => ({
        step: t,
        files: { model: trainer.modelTensors(), optimizer: trainer.optimiserTensors() },
        metadata: encodeMeta(meta(t)),
      }),
    });
    // A run that was already complete is measured all the same.
    if (Number.isNaN(heldOutLoss)) heldOutLoss = (await evaluate(config.steps)).heldOutLoss ?? Number.NaN;
    await trainer.release();
    return { heldOutLoss };
  } finally {
    run.close();
  }
}

/**
 * Mean squared velocity error of the averaged weights on the first cases of a set, each at four fixed times and noises:
 * the same ones for held-out and training cases, so that their difference shows memorisation.
 */
async function velocityError(
  meta: GeneratorMeta,
  weights: ReadonlyMap<string, Float32Array>,
  set: LatentSet,
  labels: Int32Array,
  seed: number,
): Promise<number> {
  const session = await Session.create(velocityModel({ meta, weights }, 1));
  const shape = [1, ...set.shape];
  const length = elements(set.shape);
  const times = [0.2, 0.4, 0.6, 0.8];
  let total = 0;
  for (let i = 0; i < set.cases; i++)
    for (const [k, time] of times.entries()) {
      const x1 = set.latents[i];
      const x0 = new RandomStream(seed, 'evaluate/noise', i * times.length + k).fillNormal(
        new Float32Array(length),
      );
      const t = new Float32Array([time]);
      const x = pathPoint(x0, x1, t, new Float32Array(length));
      const feeds = { x: value(x, shape), t: value(t, [1]), label: value(labels.slice(i, i + 1), [1]) };
      const v = (await session.run(feeds, { velocity: null })).velocity.data as Float32Array;
      let error = 0;
      for (let j = 0; j < length; j++) error += (v[j] - (x1[j] - x0[j])) ** 2;
      total += error / length;
    }
  await session.release();
  return total / (set.cases * times.length);
}

/** Keeps the autoencoder's weights beside the generator's. */
function storeAutoencoder(path: string, { meta, weights, codebook }: AutoencoderWeights): void {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of autoencoderParameters(meta))
    tensors.set(name, { dtype: 'F32', shape, data: weights.get(name)! });
  tensors.set('codebook', {
    dtype: 'F32',
    shape: [meta.config.codes, meta.config.latentChannels],
    data: codebook,
  });
  writeSafetensors(path, tensors, encodeMeta(meta));
}
