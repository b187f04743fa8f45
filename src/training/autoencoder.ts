/**
 * Training the autoencoder on the train side of a dataset: cross-entropy and soft Dice of the reconstruction, commitment
 * of the latents to their codes; the codebook starts from latents of the first batch and learns by moving averages.
 */

import type { AutoencoderConfig } from '../config/schemas.ts';
import { batchIndices, Loader } from '../dataset/loader.ts';
import { elements, Graph } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/binary.ts';
import { checkVqVaeConfig, checkVqVaeGrid } from '../models/checkConfig.ts';
import { type AutoencoderMeta, encodeMeta } from '../models/metadata.ts';
import { codebookStep, decoder, encoder } from '../models/vqvae.ts';
import { bceWithLogits, softDice } from '../nn/losses.ts';
import { Scope } from '../nn/scope.ts';
import { RandomStream } from '../random/stream.ts';
import { value } from '../runtime/session.ts';
import { Decoder, Encoder, latentShape } from '../sampling/autoencoder.ts';
import { learningRate, trainingLoop } from './loop.ts';
import { HELD_OUT_MOST, learntFrom, openTraining, paceOf, type TrainOptions } from './opening.ts';
import { adamOf } from './optimiser.ts';
import { Trainer } from './trainer.ts';

/** Share of bone that two masks agree on, 2 |A and B| / (|A| + |B|), from a target in +-1 and logits. */
export function diceOfLogits(target: Float32Array, logits: Float32Array): number {
  let both = 0;
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    const a = target[i] > 0 ? 1 : 0;
    const b = logits[i] > 0 ? 1 : 0;
    both += a & b;
    total += a + b;
  }
  return total === 0 ? 1 : (2 * both) / total;
}

/** Trains, or goes on training, an autoencoder in the run folder `out`; returns the last held-out Dice. */
export async function trainAutoencoder(
  options: TrainOptions<AutoencoderConfig>,
): Promise<{ heldOutDice: number }> {
  const { dataset, config } = options;
  const { model, batch, seed } = config;
  checkVqVaeConfig(model);
  checkVqVaeGrid(model, dataset.grid.size, dataset.dir);
  const train = new Loader(dataset, dataset.split('train'));
  const test = new Loader(dataset, dataset.split('test').slice(0, HELD_OUT_MOST));
  const learnt = learntFrom(dataset, train.cases);
  const [sx, sy, sz] = dataset.grid.size;
  const shape = [batch, 1, sz, sy, sx];
  const meta = (step: number): AutoencoderMeta => ({
    kind: 'autoencoder',
    config: model,
    ...learnt,
    step,
  });

  const run = openTraining(options, learnt.dataHash);
  try {
    const checkpoint = run.latestCheckpoint();
    const graph = new Graph();
    const x = graph.input('x', shape);
    const z = encoder(new Scope(graph, 'encoder'), x, model);
    const codes = codebookStep(graph, z, model);
    const logits = decoder(new Scope(graph, 'decoder'), codes.quantised, model, [sz, sy, sx]);
    const target = multiply(add(x, 1), 0.5);
    const bce = bceWithLogits(logits, target);
    const dice = softDice(logits, target);
    const loss = add(add(bce, multiply(dice, config.dice)), multiply(codes.commitment, config.commitment));
    const { codebook, counts, sums } = codes.after;
    const trainer = await Trainer.create(
      {
        graph,
        loss,
        seed,
        adam: adamOf(config, 0.9),
        results: {
          crossEntropy: bce,
          softDice: dice,
          commitment: codes.commitment,
          perplexity: codes.perplexity,
        },
        extra: [
          {
            input: 'codebook',
            output: codebook,
            initial: new Float32Array(model.codes * model.latentChannels),
          },
          { input: 'counts', output: counts, initial: new Float32Array(model.codes).fill(1) },
          { input: 'sums', output: sums, initial: new Float32Array(model.codes * model.latentChannels) },
        ],
      },
      { threads: options.threads },
    );
    const start = trainer.resume(checkpoint);
    if (checkpoint === undefined) await startCodebook(trainer, train, meta(0), config);

    const pixels = new Float32Array(batch * train.voxels);
    const rows = batch * elements(latentShape(meta(0)).slice(1));
    const evaluate = async (t: number): Promise<Record<string, number>> => {
      const heldOutDice = test.length === 0 ? Number.NaN : await reconstructionDice(trainer, test, meta(t));
      return Number.isNaN(heldOutDice) ? {} : { heldOutDice };
    };
    let heldOutDice = Number.NaN;
    await trainingLoop({
      title: 'train autoencoder',
      run,
      start,
      ...paceOf(options),
      async step(t) {
        const indices = batchIndices(seed, t - 1, batch, train.length);
        const augment = { seed, step: t - 1, options: config.augment };
        train.fillBatch(indices, pixels, isIdentity(config.augment) ? undefined : augment);
        const draw = new RandomStream(seed, 'codebook/restarts', t);
        const restarts = Int32Array.from({ length: model.codes }, () => draw.integer(rows));
        return trainer.step(t, learningRate(t, config), {
          x: value(pixels, shape),
          restarts: value(restarts, [model.codes]),
        });
      },
      async evaluate(t) {
        const held = await evaluate(t);
        heldOutDice = held.heldOutDice ?? Number.NaN;
        return held;
      },
      checkpoint: (t) => ({
        step: t,
        files: { model: modelTensors(trainer, config), optimizer: trainer.optimiserTensors() },
        metadata: encodeMeta(meta(t)),
      }),
    });
    if (Number.isNaN(heldOutDice)) heldOutDice = (await evaluate(config.steps)).heldOutDice ?? Number.NaN;
    await trainer.release();
    return { heldOutDice };
  } finally {
    run.close();
  }
}

export function isIdentity(a: AutoencoderConfig['augment']): boolean {
  return a.shift === 0 && a.rotation === 0 && a.scale === 0 && !a.flip;
}

function modelTensors(trainer: Trainer, config: AutoencoderConfig) {
  const tensors = trainer.modelTensors();
  const { codes, latentChannels } = config.model;
  tensors.set('codebook', {
    dtype: 'F32',
    shape: [codes, latentChannels],
    data: trainer.state('codebook').slice(),
  });
  return tensors;
}

/** The first codes: latents of random places of the first cases, under the untrained encoder. */
async function startCodebook(
  trainer: Trainer,
  train: Loader,
  meta: AutoencoderMeta,
  config: AutoencoderConfig,
): Promise<void> {
  const encoder = await Encoder.create({ meta, weights: trainer.weights() });
  const [channels, ...size] = latentShape(meta);
  const cells = size.reduce((a, b) => a * b, 1);
  const latents: Float32Array[] = [];
  for (const i of batchIndices(config.seed, 0, Math.min(config.batch, train.length), train.length))
    latents.push(await encoder.encode(train.fillBatch([i], new Float32Array(train.voxels))));
  await encoder.release();
  const stream = new RandomStream(config.seed, 'codebook/start');
  const codebook = new Float32Array(config.model.codes * channels);
  for (let v = 0; v < config.model.codes; v++) {
    const latent = latents[stream.integer(latents.length)];
    const cell = stream.integer(cells);
    for (let c = 0; c < channels; c++)
      codebook[v * channels + c] = latent[c * cells + cell] + 1e-3 * stream.normal();
  }
  trainer.setState('codebook', codebook);
  trainer.setState('sums', codebook);
}

/** Mean Dice of the reconstructions of held-out cases. */
async function reconstructionDice(trainer: Trainer, test: Loader, meta: AutoencoderMeta): Promise<number> {
  const weights = trainer.weights();
  const zeros = Array<number>(meta.config.latentChannels).fill(0);
  const ones = zeros.map(() => 1);
  const encoder = await Encoder.create({ meta, weights });
  const decoder = await Decoder.create({ meta, weights, codebook: trainer.state('codebook') }, zeros, ones);
  const mask = new Float32Array(test.voxels);
  let total = 0;
  for (let i = 0; i < test.length; i++) {
    test.fillBatch([i], mask);
    total += diceOfLogits(mask, await decoder.decode(await encoder.encode(mask)));
  }
  await encoder.release();
  await decoder.release();
  return total / test.length;
}
