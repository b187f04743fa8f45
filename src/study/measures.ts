/**
 * What a study measures: the figures of a generated set, and those of training cases in its place. A measure that is there and
 * whole is not made again.
 */

import type { StudySettings } from '../config/study.ts';
import { dataHash } from '../dataset/dataHash.ts';
import { openDataset } from '../dataset/dataset.ts';
import { InterruptedError } from '../errors.ts';
import { evaluateSets } from '../evaluation/evaluateSets.ts';
import { nextTurn } from '../files/interrupt.ts';
import { packageVersion } from '../files/version.ts';
import { readProvenance } from '../sampling/generateProvenance.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import { keyOf } from './folder.ts';
import { HEADLINES, headlineFigures, type Sampled } from './headline.ts';
import type { MeasureUnit } from './plan.ts';
import { type MeasureRecord, readMeasure, type SetResult, writeMeasure } from './records.ts';
import type { Workshop } from './units.ts';
import type { Side, Yardstick } from './yardstick.ts';

/** Bones of a generated set, in order; empty ones have no mask. */
export interface MadeBone {
  index: number;
  quality: number;
  mask?: Mask;
}

/** The first `count` bones of a set's folder, read one after another. */
export function madeBones(folder: string, count: number): MadeBone[] {
  const bones = (readProvenance(folder)?.bones ?? []).filter((b) => b.index < count);
  if (bones.length === 0) return [];
  const set = openDataset(folder);
  const byId = new Map(set.cases.map((c) => [c.id, c]));
  return bones.map(({ id, index, quality, empty }) => {
    const found = byId.get(id);
    return { index, quality, ...(!empty && found && { mask: set.loadMask(found) }) };
  });
}

/** Bones with bone voxels below which a set has no figures. */
export const LEAST_WHOLE = 8;

const headlineOptions = ({ seed, measure }: StudySettings, side: Side) => ({
  seed,
  points: measure.points,
  chamfer: measure.chamfer,
  resamples: measure.resamples,
  frame: side.frame,
});

/** Raised where the figures of a set change, or the form of their file: measures of before are made again. */
const MEASURES = 2;

/** The key of a measure: the bones, what they are compared with, and how. */
const measureKey = ({ settings, dataset }: Workshop, made: unknown): string =>
  keyOf({
    made,
    measure: { ...settings.measure, within: null },
    seed: settings.seed,
    figures: HEADLINES.map((h) => h.name),
    data: [dataHash(dataset.split('train')), dataHash(dataset.split('test'))],
    version: packageVersion(),
    content: MEASURES,
  });

const unitKey = (shop: Workshop, unit: MeasureUnit, set: SetResult): string =>
  measureKey(shop, { set: set.hash, name: unit.name, extended: unit.extended });

/** A measure that is there. */
export const measureResult = (shop: Workshop, unit: MeasureUnit, set: SetResult): MeasureRecord | undefined =>
  readMeasure(shop.paths.measure(unit.name), unitKey(shop, unit, set));

/** Measures one set from disk unless that is done. */
export async function makeMeasure(
  shop: Workshop,
  unit: MeasureUnit,
  set: SetResult,
  yardstick: Yardstick,
): Promise<MeasureRecord> {
  const done = measureResult(shop, unit, set);
  if (done !== undefined) return done;
  await breathe(shop);
  const made = madeBones(shop.paths.set(unit.set.name), unit.count);
  const whole = made.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
  const side = yardstick.of(unit.quality);
  const record: MeasureRecord = {
    key: unitKey(shop, unit, set),
    bones: unit.count,
    empty: unit.count - whole.length,
    headline: {},
    metrics: {},
    notes: [],
  };
  if (whole.length < LEAST_WHOLE)
    record.failed = `${whole.length} of ${unit.count} bones hold any bone voxel; figures need ${LEAST_WHOLE}`;
  else {
    const { seed, measure } = shop.settings;
    const nothing = () => ({ ...side.real[0], data: new Uint8Array(voxelCount(side.real[0].size)) });
    const fake = made.map(({ mask }) => mask ?? nothing());
    const evaluation = evaluateSets(
      { real: side.real, train: side.train, fake },
      {
        seed,
        points: measure.points,
        chamferCases: measure.chamfer,
        extended: unit.extended,
        // The study has its own comparison of arms; the split of one dataset is by subject.
        verdicts: false,
        allowOverlap: true,
      },
    );
    record.metrics = evaluation.metrics;
    record.notes = evaluation.notes;
    record.headline = headlineFigures(side.real, whole, headlineOptions(shop.settings, side));
  }
  writeMeasure(shop.paths.measure(unit.name), record);
  return record;
}

/** The name of a reference: `count` training cases in the place of as many bones. */
export const referenceName = (count: number, quality?: number): string =>
  `reference-first${count}${quality === undefined ? '' : `-class${quality}`}`;

/**
 * The headline figures of `count` training against all held-out cases: what a perfect generator would score with sets of
 * this size; none where there are too few.
 */
export async function makeReference(
  shop: Workshop,
  yardstick: Yardstick,
  count: number,
  quality?: number,
): Promise<Record<string, Sampled>> {
  const name = referenceName(count, quality);
  const path = shop.paths.measure(name);
  const key = measureKey(shop, name);
  const done = readMeasure(path, key);
  if (done !== undefined) return done.headline;
  await breathe(shop);
  const side = yardstick.of(quality);
  const train = side.train.slice(0, count);
  const headline =
    train.length < LEAST_WHOLE ? {} : headlineFigures(side.real, train, headlineOptions(shop.settings, side));
  const failed =
    train.length < LEAST_WHOLE ? `${train.length} training cases; figures need ${LEAST_WHOLE}` : null;
  writeMeasure(path, {
    key,
    bones: train.length,
    empty: 0,
    ...(failed !== null && { failed }),
    headline,
    metrics: {},
    notes: [],
  });
  return headline;
}

/** Lets signals be heard between two stretches of computing. Throws `InterruptedError`. */
async function breathe({ signal }: Workshop): Promise<void> {
  await nextTurn();
  if (signal?.aborted)
    throw new InterruptedError({
      found: 'interrupted between two measures',
      expected: 'to run to the end',
      todo: 'run the same command again: what is finished is kept',
    });
}
