/**
 * Fine-tuning a decoder on noisy latents. A generator's latents are never quite those of an encoder, so the decoder of a
 * trained autoencoder learns on with encoder and codebook frozen: the latents of a training case [L, d, h, w] get Gaussian
 * noise, are quantised as a sample's are, and the decoder is to give the case back all the same:
 *
 *   z' = z + level . range . normal,   level uniform in [low, high] for each case, range_c = max - min of the codes' channel c
 *
 * The result is an autoencoder with the same encoder and the same codebook, byte for byte, so generators trained before
 * can use it (`withDecoder`). Batches are pure functions of (seed, step).
 */

import type { DecoderConfig } from '../config/schemas.ts';
import { batchIndices, Loader } from '../dataset/loader.ts';
import { requireTrainedGrid, trainedOn } from '../dataset/trainedOn.ts';
import type { StoredTensor } from '../files/safetensors.ts';
import { elements, Graph } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/binary.ts';
import { stopGradient } from '../graph/ops/shape.ts';
import { type AutoencoderMeta, encodeMeta } from '../models/metadata.ts';
import { decoder, quantise } from '../models/vqvae.ts';
import { bceWithLogits, softDice } from '../nn/losses.ts';
import { Scope } from '../nn/scope.ts';
import { RandomStream } from '../random/stream.ts';
import { value } from '../runtime/session.ts';
import {
  type AutoencoderWeights,
  autoencoderParameters,
  Decoder,
  Encoder,
  latentShape,
} from '../sampling/autoencoder.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { diceOfLogits, isIdentity } from './autoencoder.ts';
import { learningRate, rounded, trainingLoop } from './loop.ts';
import { HELD_OUT_MOST, openTraining, paceOf, type TrainOptions } from './opening.ts';
import { adamOf } from './optimiser.ts';
import { Trainer } from './trainer.ts';

export interface DecoderTrainOptions extends TrainOptions<DecoderConfig> {
  /** Run folder (or weights file) of the autoencoder to start from. */
  autoencoder: string;
}

/** Noise levels at which held-out cases are decoded; 0 is the clean latent. */
export const HELD_OUT_LEVELS = [0, 0.05, 0.1, 0.2, 0.4];

/** The name of the held-out Dice at a noise level, in metrics.jsonl: `heldOutDice`, `heldOutDiceNoise0.05`, ... */
export const diceName = (level: number): string => `heldOutDice${level === 0 ? '' : `Noise${level}`}`;

/** `max - min` over the codes [V, L], for each of the L channels. */
export function codebookRange(codebook: Float32Array, channels: number): Float32Array {
  const low = new Float32Array(channels).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(channels).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < codebook.length; i++) {
    const c = i % channels;
    low[c] = Math.min(low[c], codebook[i]);
    high[c] = Math.max(high[c], codebook[i]);
  }
  return high.map((v, c) => v - low[c]);
}

/** Writes `z + level . range_c . normal` for a latent z [L, cells] to `out`, one normal number a cell from `draw`. */
export function addNoise(
  z: Float32Array,
  range: Float32Array,
  level: number,
  draw: RandomStream,
  out: Float32Array,
): void {
  const cells = z.length / range.length;
  for (let c = 0, i = 0; c < range.length; c++)
    for (let n = 0; n < cells; n++, i++) out[i] = z[i] + level * range[c] * draw.normal();
}

/**
 * Fine-tunes, or goes on fine-tuning, a decoder in the run folder `out`; returns the Dice of held-out cases at
 * `HELD_OUT_LEVELS` before and after, under the names of `diceName` (none where no case is held out). Throws `GridError` or
 * `DatasetError` where the dataset is not the autoencoder's.
 */
export async function trainDecoder(
  options: DecoderTrainOptions,
): Promise<{ before: Record<string, number>; after: Record<string, number> }> {
  const { dataset, config, threads } = options;
  const { batch, seed, noise } = config;
  const { hash, ...source } = readAutoencoder(options.autoencoder);
  requireTrainedGrid(source.meta, dataset);
  // None that is held out from the one is learnt by the other.
  trainedOn(source.meta, dataset);
  const model = source.meta.config;
  const train = new Loader(dataset, dataset.split('train'));
  const test = new Loader(dataset, dataset.split('test').slice(0, HELD_OUT_MOST));
  const shape = latentShape(source.meta);
  const length = elements(shape);
  const [sx, sy, sz] = dataset.grid.size;
  const range = codebookRange(source.codebook, model.latentChannels);
  const meta = (steps: number): AutoencoderMeta => ({
    ...source.meta,
    fineTuned: { steps, noise: [noise.low, noise.high], from: hash },
  });

  const run = openTraining(options, source.meta.dataHash, { autoencoder: hash });
  try {
    const checkpoint = run.latestCheckpoint();
    const graph = new Graph();
    const latent = graph.input('latent', [batch, ...shape]);
    const x = graph.input('x', [batch, 1, sz, sy, sx]);
    const codebook = graph.constant(source.codebook, [model.codes, model.latentChannels]);
    const codes = stopGradient(quantise(latent, codebook).quantised);
    const logits = decoder(new Scope(graph, 'decoder'), codes, model, [sz, sy, sx]);
    const target = multiply(add(x, 1), 0.5);
    const crossEntropy = bceWithLogits(logits, target);
    const dice = softDice(logits, target);
    const trainer = await Trainer.create(
      {
        graph,
        loss: add(crossEntropy, multiply(dice, config.dice)),
        seed,
        adam: adamOf(config, 0.99),
        results: { crossEntropy, softDice: dice },
      },
      { threads },
    );
    if (checkpoint !== undefined) trainer.restore(checkpoint);
    else trainer.start(source.weights);
    const encoder = await Encoder.create(source, { threads });
    const held = await encodeCases(encoder, test);
    const evaluate = (weights: ReadonlyMap<string, Float32Array>) =>
      heldOutDice({ ...source, weights }, test, held, range, seed, threads);
    const present = () => new Map([...source.weights, ...trainer.weights()]);

    const before = await evaluate(source.weights);
    const start = checkpoint?.step ?? 0;
    if (start === 0) run.appendMetrics({ step: 0, ...rounded(before) });
    const pixels = new Float32Array(batch * train.voxels);
    const latents = new Float32Array(batch * length);
    let after: Record<string, number> | undefined;
    await trainingLoop({
      title: 'train decoder',
      run,
      start,
      ...paceOf(options),
      async step(t) {
        const augment = { seed, step: t - 1, options: config.augment };
        const indices = batchIndices(seed, t - 1, batch, train.length);
        train.fillBatch(indices, pixels, isIdentity(config.augment) ? undefined : augment);
        const draw = new RandomStream(seed, 'decoder/noise', t);
        for (let b = 0; b < batch; b++) {
          const z = await encoder.encode(pixels.slice(b * train.voxels, (b + 1) * train.voxels));
          const level = draw.between(noise.low, noise.high);
          addNoise(z, range, level, draw, latents.subarray(b * length, (b + 1) * length));
        }
        return trainer.step(t, learningRate(t, config), {
          latent: value(latents, latent.shape),
          x: value(pixels, x.shape),
        });
      },
      async evaluate() {
        after = await evaluate(present());
        return after;
      },
      checkpoint: (t) => ({
        step: t,
        files: {
          model: storedAutoencoder({ ...source, weights: present() }),
          optimizer: trainer.optimiserTensors(),
        },
        metadata: encodeMeta(meta(t)),
      }),
    });
    // A run that was already complete is measured all the same.
    after ??= await evaluate(present());
    await encoder.release();
    await trainer.release();
    return { before, after };
  } finally {
    run.close();
  }
}

/** The clean latents of all cases of a loader. */
async function encodeCases(encoder: Encoder, cases: Loader): Promise<Float32Array[]> {
  const latents: Float32Array[] = [];
  const mask = new Float32Array(cases.voxels);
  for (let i = 0; i < cases.length; i++) latents.push(await encoder.encode(cases.fillBatch([i], mask)));
  return latents;
}

/** Mean Dice of held-out cases decoded from their latents at each of `HELD_OUT_LEVELS`, always under the same noise. */
async function heldOutDice(
  autoencoder: AutoencoderWeights,
  test: Loader,
  latents: readonly Float32Array[],
  range: Float32Array,
  seed: number,
  threads?: number,
): Promise<Record<string, number>> {
  if (test.length === 0) return {};
  const zeros = Array<number>(range.length).fill(0);
  const ones = Array<number>(range.length).fill(1);
  const decoder = await Decoder.create(autoencoder, zeros, ones, { threads });
  const totals = HELD_OUT_LEVELS.map(() => 0);
  const mask = new Float32Array(test.voxels);
  for (const [i, z] of latents.entries()) {
    test.fillBatch([i], mask);
    const noisy = new Float32Array(z.length);
    for (const [k, level] of HELD_OUT_LEVELS.entries()) {
      addNoise(z, range, level, new RandomStream(seed, 'decoder/heldOutNoise', i), noisy);
      totals[k] += diceOfLogits(mask, await decoder.decode(noisy));
    }
  }
  await decoder.release();
  return Object.fromEntries(HELD_OUT_LEVELS.map((level, k) => [diceName(level), totals[k] / latents.length]));
}

/** An autoencoder's weights and codebook as the tensors of its file. */
function storedAutoencoder({ meta, weights, codebook }: AutoencoderWeights): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of autoencoderParameters(meta))
    tensors.set(name, { dtype: 'F32', shape: [...shape], data: weights.get(name)! });
  const { codes, latentChannels } = meta.config;
  tensors.set('codebook', { dtype: 'F32', shape: [codes, latentChannels], data: codebook });
  return tensors;
}
