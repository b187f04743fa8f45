/**
 * The units of a study at work: train and sample (measures.ts measures). Each looks first whether it is done (folder.ts), takes up what an
 * interruption left, and marks itself when it is through; the order they are called in is study.ts.
 */
import { existsSync } from 'node:fs';
import type { StudySettings } from '../config/study.ts';
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { bitsHash, openDataset, readBits } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { shareOf } from '../dataset/share.ts';
import { CranioflowError, DatasetError } from '../errors.ts';
import { latestCheckpointPath } from '../files/checkpoint.ts';
import { createProgress } from '../files/progress.ts';
import { readProvenance } from '../sampling/generateProvenance.ts';
import { EmptySetError, generateSet } from '../sampling/generateSet.ts';
import { Generator } from '../sampling/generator.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { readGenerator } from '../sampling/readGenerator.ts';
import { trainAutoencoder } from '../training/autoencoder.ts';
import { trainGenerator } from '../training/generator.ts';
import { voxelCount } from '../volume/volume.ts';
import { finish, finished, keyOf, removeUnit, type StudyPaths } from './folder.ts';
import type { SetUnit, Training } from './plan.ts';
import {
  type AutoencoderResult,
  autoencoderResultSchema,
  type SetResult,
  setResultSchema,
  type TrainingResult,
  trainingResultSchema,
} from './records.ts';

/** What every unit needs. */
export interface Workshop {
  settings: StudySettings;
  dataset: Dataset;
  paths: StudyPaths;
  /** Run folder or weights file of an autoencoder that was given. */
  autoencoder?: string;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
  say(text: string): void;
}

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

/** The run of the autoencoder: given, or the study's own. */
export const autoencoderPath = ({ autoencoder, paths }: Workshop): string => autoencoder ?? paths.autoencoder;

const autoencoderKey = ({ settings, dataset }: Workshop): string =>
  keyOf({ config: settings.autoencoder, data: dataHash(dataset.split('train')) });

/** What is known of the autoencoder; undefined where it is still to be trained. */
export function autoencoderResult(shop: Workshop): AutoencoderResult | undefined {
  if (shop.autoencoder !== undefined)
    return { hash: readAutoencoder(shop.autoencoder).hash, heldOutDice: null };
  if (latestCheckpointPath(shop.paths.autoencoder) === undefined) return undefined;
  return finished(shop.paths.autoencoder, autoencoderKey(shop), autoencoderResultSchema);
}

/** Trains the one autoencoder unless it is there. */
export async function makeAutoencoder(shop: Workshop): Promise<AutoencoderResult> {
  const known = autoencoderResult(shop);
  if (known !== undefined) return known;
  const { dataset, paths, settings, quiet, signal, threads } = shop;
  const { heldOutDice } = await trainAutoencoder({
    dataset,
    out: paths.autoencoder,
    config: settings.autoencoder,
    resume: true,
    quiet,
    signal,
    threads,
  });
  const result = { hash: readAutoencoder(paths.autoencoder).hash, heldOutDice: finite(heldOutDice) };
  finish(paths.autoencoder, autoencoderKey(shop), result);
  return result;
}

const trainingKey = (shop: Workshop, { config }: Training, autoencoder: string): string =>
  keyOf({ config, autoencoder, data: dataHash(shareOf(shop.dataset, config)) });

/** What a finished training left; undefined where it is still to be done. */
export function trainingResult(
  shop: Workshop,
  training: Training,
  autoencoder: string,
): TrainingResult | undefined {
  const run = shop.paths.run(training.name);
  if (latestCheckpointPath(run) === undefined) return undefined;
  return finished(run, trainingKey(shop, training, autoencoder), trainingResultSchema);
}

/** Trains one generator unless it is done; goes on from its newest checkpoint. */
export async function makeTraining(
  shop: Workshop,
  training: Training,
  autoencoder: string,
): Promise<TrainingResult> {
  const known = trainingResult(shop, training, autoencoder);
  if (known !== undefined) return known;
  const { dataset, paths, quiet, signal, threads } = shop;
  const run = paths.run(training.name);
  const whole = latestCheckpointPath(run) === undefined;
  const began = performance.now();
  const { heldOutLoss } = await trainGenerator({
    dataset,
    out: run,
    autoencoder: autoencoderPath(shop),
    config: training.config,
    resume: true,
    quiet,
    signal,
    threads,
  });
  const seconds = whole ? (performance.now() - began) / 1000 : null;
  const { meta, hash, weights } = readGenerator(run);
  const result: TrainingResult = {
    hash,
    dataHash: meta.dataHash,
    cases: shareOf(dataset, training.config).length,
    parameters: [...weights.values()].reduce((sum, w) => sum + w.length, 0),
    heldOutLoss: finite(heldOutLoss),
    seconds,
  };
  finish(run, trainingKey(shop, training, autoencoder), result);
  return result;
}

const setKey = ({ sampling, seed, count }: SetUnit, generator: string): string =>
  keyOf({ sampling, seed, count, generator });

/** What a finished set left; `generator` is the hash of its training. */
export const setResult = (shop: Workshop, unit: SetUnit, generator: string): SetResult | undefined =>
  finished(shop.paths.set(unit.name), setKey(unit, generator), setResultSchema);

const hashOf = (cases: readonly Pick<DatasetCase, 'sha256'>[]): string =>
  bitsHash(new TextEncoder().encode(cases.map((c) => c.sha256).join()));

/** What is wrong with the files of a finished set, each volume read and checked; undefined: nothing. */
function damageOf(folder: string, unit: SetUnit, { hash, empty }: SetResult): string | undefined {
  try {
    const bones = readProvenance(folder)?.bones.filter((b) => b.index < unit.count) ?? [];
    // A set without any bone has no volumes, and its record lists none.
    if (empty === unit.count) return undefined;
    if (bones.length !== unit.count) return `it lists ${bones.length} of ${unit.count} bones`;
    const set = openDataset(folder);
    if (hashOf(set.cases) !== hash) return 'it holds other bones than were made';
    for (const c of set.cases) readBits(folder, c, voxelCount(set.grid.size));
    return undefined;
  } catch (error) {
    if (error instanceof CranioflowError) return error.explanation.found;
    throw error;
  }
}

/** A set that can be gone on with: of the same weights, and its record readable. */
function isOf(folder: string, generator: string): boolean {
  try {
    return readProvenance(folder)?.generator?.hash === generator;
  } catch (error) {
    if (error instanceof DatasetError) return false;
    throw error;
  }
}

/**
 * Samples one set unless it is there and whole; goes on with the bones that are missing. A damaged set is told of and made
 * anew: the same weights, seed and settings give the same bones, so what was measured on it stays.
 */
export async function makeSet(shop: Workshop, unit: SetUnit, generator: string): Promise<SetResult> {
  const out = shop.paths.set(unit.name);
  const known = setResult(shop, unit, generator);
  const damage = known && damageOf(out, unit, known);
  if (known !== undefined && damage === undefined) return known;
  if (damage !== undefined) {
    shop.say(`${unit.name} is damaged and made again: ${damage}`);
    removeUnit(out);
  }
  // A set of other weights (its run was removed and came out otherwise), or without a readable record, is of no use.
  if (existsSync(out) && !isOf(out, generator)) removeUnit(out);
  try {
    return await fillSet(shop, unit, generator);
  } catch (error) {
    // What an earlier run left can be damaged too; a set from nothing cannot.
    if (!(error instanceof DatasetError)) throw error;
    shop.say(`${unit.name} is damaged and made again: ${error.explanation.found}`);
    removeUnit(out);
    return fillSet(shop, unit, generator);
  }
}

async function fillSet(shop: Workshop, unit: SetUnit, generator: string): Promise<SetResult> {
  const { paths, quiet, signal, threads } = shop;
  const out = paths.set(unit.name);
  const weights = readGenerator(paths.run(unit.training.name));
  const progress = createProgress({ title: unit.name, total: unit.count, unit: 'bones', quiet });
  const times: number[] = [];
  let last: number | undefined;
  let made = 0;
  let empty = unit.count;
  let sha = '';
  try {
    const set = await generateSet({
      ...unit.sampling,
      generator: weights,
      out,
      count: unit.count,
      seed: unit.seed,
      formats: [],
      threads,
      signal,
      onMask: () => {
        made++;
      },
      onProgress(done) {
        progress.update(done);
        const now = performance.now();
        // The first bone made compiles the networks; those that were there take no time.
        if (last !== undefined && made > 1) times.push((now - last) / 1000);
        last = now;
      },
    });
    empty = set.bones.filter((bone) => bone.empty).length;
    sha = hashOf(set.dataset.cases);
  } catch (error) {
    // Too few steps may make no bone at all: that is a result, and a bad one. A bone that diverged is none.
    if (!(error instanceof EmptySetError)) throw error;
    shop.say(`${unit.name}: no bone voxel in any of ${unit.count} bones`);
  } finally {
    progress.finish();
  }
  const seconds = times.length > 0 ? median(times) : await timeOne(shop, unit);
  const result = { hash: sha, empty, seconds };
  finish(out, setKey(unit, generator), result);
  return result;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/** Seconds of one bone on a warm session, where the set itself gave no time. */
async function timeOne({ paths, threads }: Workshop, { training, sampling, seed }: SetUnit): Promise<number> {
  const generator = await Generator.create(readGenerator(paths.run(training.name)), { threads });
  await generator.sample({ ...sampling, seed, index: 0 });
  const began = performance.now();
  await generator.sample({ ...sampling, seed, index: 1 });
  const seconds = (performance.now() - began) / 1000;
  await generator.release();
  return seconds;
}
