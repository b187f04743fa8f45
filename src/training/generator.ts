/**
 * Training the generator on the latents of a trained autoencoder, by flow matching (Lipman et al. 2023) or as a denoising
 * diffusion model (Ho et al. 2020): the same network, data order, noise, optimiser and budget, another target
 * (objective.ts). A label is dropped now and then for the null class, so that one network serves classifier-free guidance.
 */

import { join } from 'node:path';
import type { GeneratorConfig } from '../config/schemas.ts';
import { Loader } from '../dataset/loader.ts';
import { shareOf } from '../dataset/share.ts';
import { requireTrainedGrid } from '../dataset/trainedOn.ts';
import { diffusionSchedule } from '../diffusion/schedule.ts';
import { ConfigError } from '../errors.ts';
import type { StoredTensor } from '../files/safetensors.ts';
import { writeSafetensors } from '../files/safetensorsFile.ts';
import { checkUNetConfig } from '../models/checkConfig.ts';
import { encodeMeta, type GeneratorMeta } from '../models/metadata.ts';
import type { PrivacyStatement } from '../models/privacyStatement.ts';
import {
  AUTOENCODER_FILE,
  type AutoencoderWeights,
  autoencoderParameters,
  latentShape,
} from '../sampling/autoencoder.ts';
import { labelOfQuality } from '../sampling/latentSampler.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { batchSource } from './batchAhead.ts';
import { fitGenerator, type Measured } from './fit.ts';
import { latentRecall, predictionError } from './heldOut.ts';
import {
  channelStatistics,
  codebookStatistics,
  encodeAll,
  type LatentSet,
  meanLatent,
  normalise,
  reachOf,
} from './latents.ts';
import { HELD_OUT_MOST, learntFrom, openTraining, type TrainOptions } from './opening.ts';
import { PrivateRun } from './privacy/run.ts';

/** What a training came to. */
export interface GeneratorResult {
  /** Of the weights that are kept. */
  heldOutLoss: number;
  /** Steps done: fewer than asked for where patience ended it. */
  steps: number;
  /** The step of the weights that are kept. */
  kept: number;
  /** What a private training promises. */
  privacy?: PrivacyStatement;
}

export interface GeneratorTrainOptions extends TrainOptions<GeneratorConfig> {
  /** Run folder (or weights file) of the autoencoder. */
  autoencoder: string;
  /** Told what a person should know before the first step. */
  notice?: (text: string) => void;
}

/** Trains, or goes on training, a generator in the run folder `out`; and tells what came of it. */
export async function trainGenerator(options: GeneratorTrainOptions): Promise<GeneratorResult> {
  const { dataset, signal, quiet, threads } = options;
  let { config } = options;
  checkUNetConfig(config.model);
  const autoencoder = readAutoencoder(options.autoencoder);
  requireTrainedGrid(autoencoder.meta, dataset);
  const cases = shareOf(dataset, config);
  const train = new Loader(dataset, cases);
  const test = new Loader(dataset, dataset.split('test').slice(0, HELD_OUT_MOST));
  checkConfig(
    config,
    cases.map((c) => c.quality),
    test.length,
  );
  const learnt = learntFrom(dataset, cases);
  const secured =
    config.dp === undefined
      ? undefined
      : new PrivateRun({
          ...options,
          cases,
          autoencoder: autoencoder.meta,
          latentShape: latentShape(autoencoder.meta),
        });
  // How often is measured decides which weights are kept; how many steps there are, how much noise a private one gets.
  const measured = {
    ...(config.keep.by !== 'last' && { measuredEvery: config.evaluateEvery }),
    ...(secured !== undefined && { privateSteps: config.steps }),
  };
  const run = openTraining(options, learnt.dataHash, { ...measured, autoencoder: autoencoder.hash });
  try {
    storeAutoencoder(join(run.path, AUTOENCODER_FILE), autoencoder);
    const set = await encodeAll(autoencoder, train, config, config.copies, {
      signal,
      quiet,
      threads,
      title: 'encode training set',
    });
    const held = await encodeAll(autoencoder, test, config, 0, {
      signal,
      quiet: true,
      threads,
      title: '',
    });
    const normalised = normaliseSets(set, held, autoencoder, config);
    const labels = labelsOf(train);
    const heldLabels = labelsOf(test);
    const trained = cases.map((c) => c.quality);
    const qualities = [...new Set(trained)].sort();
    const reach = normalised.reach ?? reachOf(set);
    if (secured !== undefined) {
      secured.begin(run.path, run.latestCheckpoint()?.step ?? 0, set, labels);
      config = { ...config, steps: secured.plan.steps };
    }
    const meta = (step: number): GeneratorMeta => ({
      kind: 'generator',
      objective: config.objective,
      ...(config.objective === 'ddpm' && { diffusion: { ...config.diffusion, reach } }),
      config: config.model,
      latentShape: set.shape,
      latentMean: normalised.mean,
      latentDeviation: normalised.deviation,
      autoencoderHash: autoencoder.hash,
      qualities,
      qualityCounts: qualities.map((q) => trained.filter((other) => other === q).length),
      ...learnt,
      ...(config.share < 1 && { share: { share: config.share, seed: config.seed } }),
      ...secured?.meta(step),
      step,
    });
    const source = batchSource(set, labels, config);
    const { measured, ...fitted } = await fitGenerator({
      title: `train generator (${config.objective})`,
      run,
      config,
      meta,
      meanLatent: normalised.meanLatent,
      batch: (step) => source.batch(step),
      privacy: secured?.steps,
      async evaluate(network) {
        const measured: Measured = {};
        const { privacy } = network.meta;
        if (privacy !== undefined) measured.epsilon = privacy.epsilon;
        if (held.cases === 0) return measured;
        const some = { ...set, cases: Math.min(held.cases, set.cases) };
        measured.heldOutLoss = await predictionError(network, held, heldLabels, config, { threads });
        // A loss on training cases is a figure about them that is in no budget.
        if (privacy === undefined)
          measured.trainLoss = await predictionError(network, some, labels, config, { threads });
        if (config.keep.by === 'recall')
          measured.recall = await latentRecall(network, held, config.keep.samples, { threads });
        return measured;
      },
      signal,
      quiet,
      threads,
    }).finally(() => source.end());
    const privacy = secured?.finish(run.path, fitted.steps);
    return { heldOutLoss: measured.heldOutLoss ?? Number.NaN, ...fitted, ...(privacy && { privacy }) };
  } finally {
    run.close();
  }
}

const labelsOf = (loader: Loader): Int32Array =>
  loader.qualities([...Array(loader.length).keys()]).map(labelOfQuality);

/** Normalises both sets by the statistics of the first, in place; returns what was taken off and divided by. */
function normaliseSets(
  set: LatentSet,
  held: LatentSet,
  { codebook }: AutoencoderWeights,
  { dp, latents: { centre } }: GeneratorConfig,
): { mean: number[]; deviation: number[]; meanLatent?: Float32Array; reach?: number } {
  const all = [...set.latents, ...held.latents];
  if (centre === 'channel') {
    // The codes are the same whoever is trained on; means over latents are not.
    const known = dp === undefined ? channelStatistics(set) : codebookStatistics(codebook, set.shape[0]);
    for (const z of all) normalise(z, known.mean, known.deviation);
    return known;
  }
  const centred = meanLatent(set);
  const zeros = Array<number>(set.shape[0]).fill(0);
  const ones = zeros.map(() => 1);
  for (const z of all) normalise(z, centred, ones);
  const { deviation } = channelStatistics(set);
  for (const z of all) normalise(z, zeros, deviation);
  return { mean: zeros, deviation, meanLatent: centred };
}

/** Settings that do not fit each other, or the data, are refused before any work. */
function checkConfig(config: GeneratorConfig, qualities: readonly number[], held: number): void {
  const { keep, coupling, objective, diffusion, model } = config;
  // Throws for a chain that its schedule does not have.
  if (objective === 'ddpm') diffusionSchedule(diffusion.schedule, diffusion.steps);
  const labels = labelOfQuality(Math.max(...qualities)) + 1;
  if (labels > model.classes)
    throw new ConfigError({
      found: `model.classes: ${model.classes}, and training cases of quality ${Math.max(...qualities)}`,
      expected: `at least ${labels} classes: 2 is the first`,
      todo: `set model.classes=${labels}, or 5 for all`,
    });
  if (coupling === 'minibatch-ot' && objective !== 'otfm')
    throw new ConfigError({
      found: `coupling: ${coupling} with the objective ${objective}`,
      expected: 'objective otfm: diffusion has its noise independent of the data',
      todo: 'set coupling=independent, or objective=otfm',
    });
  const least = keep.by === 'recall' ? 6 : keep.by === 'loss' ? 1 : 0;
  if (held >= least) return;
  throw new ConfigError({
    found: `keep.by: ${keep.by}, and ${held} held-out case${held === 1 ? '' : 's'} to measure it on`,
    expected: `at least ${least} test cases in the dataset`,
    todo: 'hold out more (ingest --test-share), or set keep.by=last',
  });
}

/** Keeps the autoencoder's weights beside the generator's. */
export function storeAutoencoder(path: string, { meta, weights, codebook }: AutoencoderWeights): void {
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
