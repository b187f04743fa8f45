/**
 * One call from three sets of masks to the numbers a report shows: generated shapes (fake) against held-out ones (real)
 * and those trained on (train). Every number comes with what it means and, where that makes sense, with the same number
 * for real against train: what a perfect generator would score here, with sets of these sizes.
 *
 * 1-NNA and coverage depend on set sizes, so they are taken on equally many cases of each set (a seeded draw), Chamfer on
 * at most `chamferCases` of each. Intervals are bootstraps over cases; set-level numbers have none, because resampling
 * with replacement puts copies into a set, which nearest-neighbour numbers must not see.
 */
import { NumericsError, VolumeError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { labelComponents } from '../volume/components.ts';
import type { Mask, Vec3 } from '../volume/volume.ts';
import { chamferDistance, pointCloud } from './chamfer.ts';
import {
  crossDistances,
  type DistanceMatrix,
  rowMinima,
  selfDistances,
  subMatrix,
  transposed,
} from './distanceMatrix.ts';
import { setFeatures } from './features.ts';
import { type NearestTraining, nearestTraining } from './nearestTraining.ts';
import { diceDistance, packMask } from './overlap.ts';
import { PRDC_DEFAULTS, prdc } from './prdc.ts';
import { requireSameGrid } from './sameGrid.ts';
import { coverageShare, minimumMatchingDistance, nearestNeighbourAccuracy } from './setMetrics.ts';
import { bootstrapMean, mean } from './statistics.ts';
import { surfaceSample } from './surfaceSample.ts';

export interface EvaluateOptions {
  /** Seeds the draws and the bootstraps. */
  seed: number;
  /** Surface points a shape for the Chamfer distance. */
  points: number;
  /** Most cases of each set compared by Chamfer distance (the pairs grow with the square). */
  chamferCases: number;
  onProgress?: (donePairs: number, totalPairs: number) => void;
}

export const EVALUATE_DEFAULTS: EvaluateOptions = { seed: 0, points: 2048, chamferCases: 50 };

/** One number of the report. */
export interface SetMetric {
  value: number;
  /** 95 % bootstrap interval, for means over cases. */
  low?: number;
  high?: number;
  /** Cases that went into it, of each set where it compares sets. */
  n: number;
  unit: '' | 'mm^2' | 'cm^3';
  /** Where a good value lies. */
  better: 'higher' | 'lower' | 'near 0.5' | 'near reference';
  /** The same number for real against train, or for the real set itself. */
  reference?: number;
  meaning: string;
}

export interface SetEvaluation {
  counts: { real: number; train: number; fake: number; emptyFake: number };
  grid: { size: Vec3; spacing: Vec3 };
  seed: number;
  metrics: Record<string, SetMetric>;
  /** Distances 1 - Dice of each fake, and of each held-out real, to its nearest training shape. */
  nearestTraining: NearestTraining;
  notes: string[];
}

export interface MaskSets {
  /** Held-out real shapes. */
  real: readonly Mask[];
  /** The shapes trained on. */
  train: readonly Mask[];
  /** Generated shapes. */
  fake: readonly Mask[];
}

/** Checks sizes, grids and emptiness; returns the fakes that have bone. */
function checkSets({ real, train, fake }: MaskSets): Mask[] {
  const first = real[0] ?? train[0] ?? fake[0];
  for (const [name, masks, least] of [
    ['real', real, 2],
    ['training', train, 1],
    ['generated', fake, 2],
  ] as const) {
    if (masks.length < least)
      throw new NumericsError({
        found: `${masks.length} ${name} mask${masks.length === 1 ? '' : 's'}`,
        expected: `at least ${least}`,
        todo: 'give a larger set',
      });
    masks.forEach((mask, i) => {
      requireSameGrid(first, mask, 'the first real mask', `${name} mask ${i}`);
      if (name !== 'generated' && !mask.data.includes(1))
        throw new VolumeError({
          found: `${name} mask ${i} is empty`,
          expected: 'bone in it',
          todo: 'leave it out of the dataset',
        });
    });
  }
  const whole = fake.filter((mask) => mask.data.some((v) => v !== 0));
  if (whole.length < 2)
    throw new NumericsError({
      found: `${fake.length - whole.length} of ${fake.length} generated masks are empty`,
      expected: 'at least 2 with bone',
      todo: 'train the generator longer, or look at its samples first',
    });
  return whole;
}

/** `count` indices below `n`, a seeded draw, in random order. */
function draw(n: number, count: number, seed: number, set: number): Uint32Array {
  return new RandomStream(seed, 'evaluation/draw', set).permutation(n).slice(0, count);
}

interface SetDistances {
  realReal: DistanceMatrix;
  realFake: DistanceMatrix;
  fakeFake: DistanceMatrix;
}

const countBone = (mask: Mask): number => mask.data.reduce((sum, v) => sum + (v !== 0 ? 1 : 0), 0);

/**
 * Compares the sets. Empty generated masks are counted, then left out. Throws `NumericsError` for sets below 2 cases (1 for
 * train), `GridError` where grids differ, `VolumeError` for an empty real or training mask.
 */
export function evaluateSets(sets: MaskSets, options: Partial<EvaluateOptions> = {}): SetEvaluation {
  const { seed, points, chamferCases, onProgress } = { ...EVALUATE_DEFAULTS, ...options };
  const { real, train } = sets;
  const fake = checkSets(sets);
  const notes: string[] = [];
  const emptyFake = sets.fake.length - fake.length;
  if (emptyFake > 0)
    notes.push(`${emptyFake} empty generated masks are counted in "emptyShare" and left out of all else`);

  // How many pairs there will be: overlap (cheap) and Chamfer.
  const equal = Math.min(real.length, fake.length);
  const chamferN = Math.min(equal, chamferCases);
  const triangle = (n: number) => (n * (n - 1)) / 2;
  const withTrain = train.length >= equal;
  const total =
    real.length * fake.length +
    (real.length + fake.length) * train.length +
    triangle(real.length) +
    triangle(fake.length) +
    (withTrain ? triangle(train.length) : 0) +
    chamferN * chamferN +
    2 * triangle(chamferN);
  let done = 0;
  const onPair = (): void => onProgress?.(++done, total);

  const packed = {
    real: real.map((m) => packMask(m.data)),
    train: train.map((m) => packMask(m.data)),
    fake: fake.map((m) => packMask(m.data)),
  };
  const dice: SetDistances = {
    realReal: selfDistances(packed.real, diceDistance, onPair),
    realFake: crossDistances(packed.real, packed.fake, diceDistance, onPair),
    fakeFake: selfDistances(packed.fake, diceDistance, onPair),
  };
  const realTrain = crossDistances(packed.real, packed.train, diceDistance, onPair);
  const fakeTrain = crossDistances(packed.fake, packed.train, diceDistance, onPair);
  const fakeReal = transposed(dice.realFake);

  const metrics: Record<string, SetMetric> = {};
  const addMean = (
    name: string,
    values: ArrayLike<number>,
    rest: Pick<SetMetric, 'unit' | 'better' | 'reference' | 'meaning'>,
  ): void => {
    const { mean: value, low, high, n } = bootstrapMean(values, seed);
    metrics[name] = { value, low, high, n, ...rest };
  };
  const addSet = (
    name: string,
    value: number,
    n: number,
    better: SetMetric['better'],
    meaning: string,
    reference?: number,
    unit: SetMetric['unit'] = '',
  ): void => {
    metrics[name] = { value, n, unit, better, ...(reference === undefined ? {} : { reference }), meaning };
  };

  addMean('fakeToTrainDice', rowMinima(fakeTrain), {
    unit: '',
    better: 'near reference',
    reference: mean(rowMinima(realTrain)),
    meaning:
      '1 - Dice of each generated shape to its nearest training shape; far below the held-out reals: copying',
  });
  addMean('fakeToRealDice', rowMinima(fakeReal), {
    unit: '',
    better: 'lower',
    reference: mean(rowMinima(transposed(realTrain))),
    meaning:
      '1 - Dice of each generated shape to its nearest held-out real one (reference: of each training shape)',
  });
  addMean('realToFakeDice', rowMinima(dice.realFake), {
    unit: '',
    better: 'lower',
    reference: mean(rowMinima(realTrain)),
    meaning:
      '1 - Dice of each held-out real shape to its nearest generated one (reference: nearest training shape)',
  });

  // Set-level numbers on equally many cases of each.
  const pick = (d: SetDistances, r: Uint32Array, f: Uint32Array): SetDistances => ({
    realReal: subMatrix(d.realReal, r, r),
    realFake: subMatrix(d.realFake, r, f),
    fakeFake: subMatrix(d.fakeFake, f, f),
  });
  const accuracy = (d: SetDistances) => nearestNeighbourAccuracy(d.realReal, d.realFake, d.fakeFake);
  const realDraw = draw(real.length, equal, seed, 0);
  const fakeDraw = draw(fake.length, equal, seed, 1);
  if (real.length !== fake.length)
    notes.push(
      `1-NNA and coverage compare ${equal} drawn from ${real.length} real and ${fake.length} generated`,
    );
  const even = pick(dice, realDraw, fakeDraw);
  let reference: SetDistances | undefined;
  if (withTrain) {
    const trainTrain = selfDistances(packed.train, diceDistance, onPair);
    reference = pick(
      { realReal: dice.realReal, realFake: realTrain, fakeFake: trainTrain },
      realDraw,
      draw(train.length, equal, seed, 2),
    );
  } else
    notes.push(`no reference for 1-NNA and coverage: ${train.length} training shapes, ${equal} are needed`);
  const toldApart =
    'share of shapes whose nearest other is of their own set: 0.5 cannot be told apart, 1 told apart, below 0.5 copying';
  const reached =
    'share of held-out real shapes that are the nearest real one of some generated shape; low: kinds are missing';
  addSet('oneNnaDice', accuracy(even), equal, 'near 0.5', toldApart, reference && accuracy(reference));
  addSet(
    'coverageDice',
    coverageShare(even.realFake),
    equal,
    'higher',
    reached,
    reference && coverageShare(reference.realFake),
  );

  // The same by surface points.
  const clouds = (masks: readonly Mask[], indices: Uint32Array) =>
    Array.from(indices.slice(0, chamferN), (i) => pointCloud(surfaceSample(masks[i], points)));
  if (chamferN < equal) notes.push(`Chamfer numbers compare ${chamferN} of each set`);
  const realClouds = clouds(real, realDraw);
  const fakeClouds = clouds(fake, fakeDraw);
  const chamfer: SetDistances = {
    realReal: selfDistances(realClouds, chamferDistance, onPair),
    realFake: crossDistances(realClouds, fakeClouds, chamferDistance, onPair),
    fakeFake: selfDistances(fakeClouds, chamferDistance, onPair),
  };
  addSet('oneNnaChamfer', accuracy(chamfer), chamferN, 'near 0.5', toldApart);
  addSet('coverageChamfer', coverageShare(chamfer.realFake), chamferN, 'higher', reached);
  addSet(
    'mmdChamfer',
    minimumMatchingDistance(chamfer.realFake),
    chamferN,
    'lower',
    'squared surface distance of each held-out real shape to its nearest generated one',
    undefined,
    'mm^2',
  );

  const most = Math.max(...Object.values(PRDC_DEFAULTS));
  if (real.length > most && fake.length > most) {
    const scores = prdc(setFeatures(real), setFeatures(fake));
    const yardstick = train.length > most ? prdc(setFeatures(real), setFeatures(train)) : undefined;
    const add = (name: keyof typeof scores, meaning: string) =>
      addSet(
        `${name}Features`,
        scores[name],
        Math.min(real.length, fake.length),
        'higher',
        meaning,
        yardstick?.[name],
      );
    add('precision', 'share of generated shapes that lie where real ones lie (plain shape features, k = 3)');
    add('recall', 'share of real shapes that lie where generated ones lie (plain shape features, k = 3)');
    add('density', 'how densely real shapes surround the generated ones (plain shape features, k = 5)');
    add('coverage', 'share of real shapes with a generated one near (plain shape features, k = 5)');
  } else
    notes.push(
      `no precision, recall, density, coverage: they need more than ${most} real and generated shapes`,
    );

  const voxelCm3 = (real[0].spacing[0] * real[0].spacing[1] * real[0].spacing[2]) / 1000;
  const describe = (masks: readonly Mask[]) => {
    const sizes = masks.map((m) => labelComponents(m.data, m.size, 26).sizes);
    return {
      components: sizes.map((s) => s.length),
      largest: sizes.map((s) => s[0] / s.reduce((a, b) => a + b, 0)),
      volume: masks.map((m) => countBone(m) * voxelCm3),
    };
  };
  const ofReal = describe(real);
  const ofFake = describe(fake);
  addMean('components', ofFake.components, {
    unit: '',
    better: 'near reference',
    reference: mean(ofReal.components),
    meaning: 'separate pieces of bone a generated shape (26 neighbours)',
  });
  addMean('largestShare', ofFake.largest, {
    unit: '',
    better: 'near reference',
    reference: mean(ofReal.largest),
    meaning: 'share of the bone that is in the largest piece',
  });
  addMean('volumeCm3', ofFake.volume, {
    unit: 'cm^3',
    better: 'near reference',
    reference: mean(ofReal.volume),
    meaning: 'volume of bone',
  });
  addSet(
    'emptyShare',
    emptyFake / sets.fake.length,
    sets.fake.length,
    'lower',
    'share of generated masks without any bone',
  );

  return {
    counts: { real: real.length, train: train.length, fake: sets.fake.length, emptyFake },
    grid: { size: real[0].size, spacing: real[0].spacing },
    seed,
    metrics,
    nearestTraining: nearestTraining(fakeTrain, realTrain),
    notes,
  };
}
