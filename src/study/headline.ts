/**
 * The figures a study is judged by, few and fixed here, whatever the data:
 *
 *   1-NNA (Dice)       can a nearest neighbour tell made from held-out bones? near 0.5; sees both copying and bad shapes.
 *                      Two-sided: by the plain one scattered fragments came out at .71, whole skulls at .85 (measured)
 *   MMD (surface)      how near, in mm^2, is the best made bone to each held-out one? lower; the quality a surgeon would see
 *   coverage           how many held-out bones have a made one nearer than their 5th held-out neighbour, in shape features?
 *                      higher; sees kinds that are missing (Naeem et al. 2020). Coverage by nearest match alone does not
 *                      serve: scattered noise is the nearest of many (measured: bones of noise .48, of a better network .33)
 *   KID                distance of the two sets as distributions of shape features; lower; unbiased, so it bears small sets
 *
 * Each is a function of three tables: distances (or kernels) inside the held-out set, across, and inside the made set. So
 * each can be had for any members: half-samples, drawn without replacement since a copy would be its own neighbour, give its
 * spread over cases. The draws depend on the sizes and the seed alone: half-sample r of two sets made with equal noise looks
 * at the same held-out cases and the same indices of bones, and differences of arms are paired by taking them draw by draw.
 */

import { NumericsError } from '../errors.ts';
import { chamferDistance, pointCloud } from '../evaluation/chamfer.ts';
import {
  crossDistances,
  type DistanceMatrix,
  selfDistances,
  subMatrix,
} from '../evaluation/distanceMatrix.ts';
import { eachRow, type Features } from '../evaluation/featureSet.ts';
import { setFeatures } from '../evaluation/features.ts';
import { kernelDiscrepancy, kernels } from '../evaluation/kid.ts';
import { diceDistance, packMask } from '../evaluation/overlap.ts';
import { PRDC_DEFAULTS } from '../evaluation/prdc.ts';
import { minimumMatchingDistance, twoSidedAccuracy } from '../evaluation/setMetrics.ts';
import { surfaceSample } from '../evaluation/surfaceSample.ts';
import { RandomStream } from '../random/stream.ts';
import type { Mask } from '../volume/volume.ts';

export interface Headline {
  name: string;
  title: string;
  unit: '' | 'mm²';
  better: 'higher' | 'lower' | 'near 0.5';
  /** Of a share: its badness (interval.ts) where it cannot be better, and where it cannot be worse. */
  bounds?: { best: number; worst: number };
  why: string;
}

export const HEADLINES: readonly Headline[] = [
  {
    name: 'oneNnaSidedDice',
    title: '1-NNA, two-sided (Dice)',
    unit: '',
    better: 'near 0.5',
    bounds: { best: 0, worst: 0.5 },
    why: 'how surely a nearest neighbour tells generated from held-out bones, for each of both sets: 0.5 it cannot, 1 it always can (or always errs, as on copies or on scattered fragments)',
  },
  {
    name: 'mmdChamfer',
    title: 'MMD (surface)',
    unit: 'mm²',
    better: 'lower',
    why: 'squared surface distance, both ways added, from each held-out bone to the generated one nearest to it',
  },
  {
    name: 'coverageFeatures',
    title: 'Coverage (shape features)',
    unit: '',
    better: 'higher',
    bounds: { best: -1, worst: 0 },
    why: 'share of held-out bones with a generated one nearer than their fifth held-out neighbour: low where kinds are missing',
  },
  {
    name: 'kidFeatures',
    title: 'KID (shape features)',
    unit: '',
    better: 'lower',
    why: 'distance of the two sets as distributions of shape features; 0 for equal distributions at any size of set',
  },
];

/** A figure of one set, and of half-samples of it. */
export interface Sampled {
  value: number;
  /** Members of each set that it compares. */
  cases: number;
  /** Of a share: how many bones it is a share of. */
  trials?: number;
  /** Of half-sample 0, 1, ... */
  halves: number[];
}

interface Tables {
  realReal: DistanceMatrix;
  realFake: DistanceMatrix;
  fakeFake: DistanceMatrix;
}

export interface HeadlineOptions {
  seed: number;
  points: number;
  /** Most cases of each set compared by surface distance. */
  chamfer: number;
  resamples: number;
  /** Brings features into the frame of the training set. */
  frame: (features: Features) => Features;
}

const STATISTICS: Readonly<Record<string, (t: Tables) => number>> = {
  oneNnaSidedDice: (t) => twoSidedAccuracy(t.realReal, t.realFake, t.fakeFake),
  coverageFeatures: (t) => coveredShare(t.realFake),
  mmdChamfer: (t) => minimumMatchingDistance(t.realFake),
  kidFeatures: kernelDiscrepancy,
};

const part = (t: Tables, reals: Uint32Array, fakes: Uint32Array): Tables => ({
  realReal: subMatrix(t.realReal, reals, reals),
  realFake: subMatrix(t.realFake, reals, fakes),
  fakeFake: subMatrix(t.fakeFake, fakes, fakes),
});

const tablesOf = <T>(real: readonly T[], fake: readonly T[], distance: (a: T, b: T) => number): Tables => ({
  realReal: selfDistances(real, distance),
  realFake: crossDistances(real, fake, distance),
  fakeFake: selfDistances(fake, distance),
});

/**
 * Squared distance of each held-out to each made one in squares of its radius, the distance to its k-th held-out neighbour:
 * below 1 within reach. Radii are those of the whole held-out set, also for its halves, where a k-th neighbour is farther.
 */
function withinRadii(real: Features, fake: Features): DistanceMatrix {
  const k = PRDC_DEFAULTS.densityNeighbours;
  const radii = new Float64Array(real.count);
  if (real.count <= k)
    throw new NumericsError({
      found: `${real.count} held-out or generated bones`,
      expected: `at least ${k + 1} of each, for the distance to the ${k}-th neighbour`,
      todo: 'hold out or generate more',
    });
  eachRow(real, real, (i, squared) => {
    radii[i] = Float64Array.from(squared.filter((_, j) => j !== i)).sort()[k - 1];
  });
  const values = new Float64Array(real.count * fake.count);
  eachRow(real, fake, (i, squared) => {
    for (let j = 0; j < fake.count; j++)
      // Where k held-out shapes are equal, nothing is strictly nearer.
      values[i * fake.count + j] = radii[i] > 0 ? squared[j] / radii[i] : Number.POSITIVE_INFINITY;
  });
  return { rows: real.count, columns: fake.count, values };
}

/** Share of rows with a value below 1. */
function coveredShare({ rows, columns, values }: DistanceMatrix): number {
  let covered = 0;
  for (let i = 0; i < rows; i++)
    if (values.subarray(i * columns, (i + 1) * columns).some((v) => v < 1)) covered++;
  return covered / rows;
}

/** As `evaluateSets` draws: 1-NNA and coverage compare equally many of each set. */
const draw = (n: number, count: number, seed: number, set: number): Uint32Array =>
  new RandomStream(seed, 'evaluation/draw', set).permutation(n).slice(0, count);

const pick = <T>(items: readonly T[], indices: Uint32Array): T[] => Array.from(indices, (i) => items[i]);

/**
 * Half-samples of `n` members of each set: for r = 0 .. the indices below n of the held-out and of the made ones. A
 * function of n, seed and resamples alone.
 */
export function halfSamples(n: number, { seed, resamples }: Pick<HeadlineOptions, 'seed' | 'resamples'>) {
  const random = new RandomStream(seed, 'study/half-sample', n);
  const half = Math.floor(n / 2);
  return Array.from({ length: resamples }, () => ({
    reals: random.permutation(n).slice(0, half),
    fakes: random.permutation(n).slice(0, half),
  }));
}

/**
 * The figures of made masks (with bone in each) against held-out ones. Throws `NumericsError` for fewer than 6
 * of either.
 */
export function headlineFigures(
  real: readonly Mask[],
  fake: readonly Mask[],
  options: HeadlineOptions,
): Record<string, Sampled> {
  const { seed, points, chamfer, frame } = options;
  const equal = Math.min(real.length, fake.length);
  const reals = pick(real, draw(real.length, equal, seed, 0));
  const fakes = pick(fake, draw(fake.length, equal, seed, 1));
  const packed = (masks: readonly Mask[]) => masks.map((m) => packMask(m.data));
  const dice = tablesOf(packed(reals), packed(fakes), diceDistance);
  const clouds = (masks: readonly Mask[]) =>
    masks.slice(0, chamfer).map((m) => pointCloud(surfaceSample(m, points)));
  const across = crossDistances(clouds(reals), clouds(fakes), chamferDistance);
  // Only the table across enters MMD.
  const surface: Tables = { realReal: across, realFake: across, fakeFake: across };
  const [realFeatures, fakeFeatures] = [reals, fakes].map((masks) => frame(setFeatures(masks)));
  const kernel = kernels(realFeatures, fakeFeatures);
  const reach = withinRadii(realFeatures, fakeFeatures);
  const inReach: Tables = { realReal: reach, realFake: reach, fakeFake: reach };

  const result: Record<string, Sampled> = {};
  for (const { name } of HEADLINES) {
    const statistic = STATISTICS[name];
    const tables = {
      oneNnaSidedDice: dice,
      mmdChamfer: surface,
      coverageFeatures: inReach,
      kidFeatures: kernel,
    }[name]!;
    const cases = tables.realFake.rows;
    const halves = halfSamples(cases, options).map(({ reals, fakes }) =>
      statistic(part(tables, reals, fakes)),
    );
    const trials = { oneNnaSidedDice: 2 * cases, coverageFeatures: cases }[name];
    result[name] = { value: statistic(tables), cases, ...(trials && { trials }), halves };
  }
  return result;
}
