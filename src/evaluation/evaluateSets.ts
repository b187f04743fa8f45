/**
 * One call from three sets of masks to the numbers a report shows: generated shapes (fake) against held-out ones (real)
 * and those trained on (train). Every number comes with what it means and, where that makes sense, with the same number
 * for real against train: what a perfect generator would score here, with sets of these sizes.
 *
 * 1-NNA and coverage depend on set sizes, so they are taken on equally many cases of each set (a seeded draw), Chamfer on
 * at most `chamferCases` of each. Intervals are bootstraps over cases for means; numbers of whole sets are resampled by
 * halves without copies (bootstrap.ts). `extended` adds what a study of generators needs (studyMetrics.ts).
 *
 * Time on one Zen 3 core: 22 us a pair for Dice at 64^3, 1.3 ms a pair for Chamfer at 2048 points (so 50 of each set take
 * 6 s), 28 ms a shape for its features.
 */
import { NumericsError, VolumeError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { labelComponents } from '../volume/components.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Mask } from '../volume/volume.ts';
import { chamferDistance, pointCloud } from './chamfer.ts';
import { type Descriptions, describeShapes, pickDescriptions } from './describeShapes.ts';
import {
  crossDistances,
  type DistanceMatrix,
  rowMinima,
  selfDistances,
  subMatrix,
  transposed,
} from './distanceMatrix.ts';
import { addPrdc } from './distributionMetrics.ts';
import { nearestTraining } from './nearestTraining.ts';
import { diceDistance, packMask } from './overlap.ts';
import { PRDC_DEFAULTS, prdc } from './prdc.ts';
import { coverageShare, minimumMatchingDistance, nearestNeighbourAccuracy } from './setMetrics.ts';
import { ReportTable, type SetEvaluation } from './setReport.ts';
import { addSpace, type DescribedSpace, prepareSpaces } from './spaces/describedSpace.ts';
import { mean } from './statistics.ts';
import { addStudyMetrics, STUDY_CASES, studyPairs } from './studyMetrics.ts';
import { surfaceSample } from './surfaceSample.ts';

export interface EvaluateOptions {
  /** Seeds the draws and the bootstraps. */
  seed: number;
  /** Surface points a shape for the Chamfer distance. */
  points: number;
  /** Most cases of each set compared by Chamfer distance (the pairs grow with the square). */
  chamferCases: number;
  /** FID, KID, MS-SSIM, EMD, specificity, variation and others too. */
  extended: boolean;
  /** Most cases of each set compared by EMD, where extended. */
  emdCases: number;
  /** The sets described beforehand in further feature spaces (`describeSets`): KID, FID, PRDC and P-PR in each. */
  spaces?: readonly DescribedSpace[];
  /** Called after each pair of shapes compared, in both distances. */
  onProgress?: (donePairs: number, totalPairs: number) => void;
}

export const EVALUATE_DEFAULTS: EvaluateOptions = {
  seed: 0,
  points: 2048,
  chamferCases: 50,
  extended: false,
  emdCases: 16,
};

export interface MaskSets {
  /** Held-out real shapes. */
  real: readonly Mask[];
  /** The shapes trained on. */
  train: readonly Mask[];
  /** Generated shapes. */
  fake: readonly Mask[];
}

const TOLD_APART =
  'share of shapes whose nearest other is of their own set: 0.5 cannot be told apart, 1 told apart, below 0.5 copying';
const REACHED =
  'share of held-out real shapes that are the nearest real one of some generated shape; low: kinds are missing';

/** Checks sizes, grids and emptiness; returns the sets with the generated masks that have bone. */
function checkSets(sets: MaskSets): MaskSets {
  const { real, train, fake } = sets;
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
        todo:
          name === 'generated'
            ? 'generate more'
            : `take in more cases, or split them otherwise: the ${name} masks are the ${name === 'real' ? 'test' : 'train'} side of a dataset (ingest --test-share)`,
      });
    masks.forEach((mask, i) => {
      requireSameGrid(first, mask, 'the first real mask', `${name} mask ${i}`);
      if (name !== 'generated' && !hasBone(mask))
        throw new VolumeError({
          found: `${name} mask ${i} is empty`,
          expected: 'bone in it',
          todo: 'leave it out of the dataset',
        });
    });
  }
  const whole = fake.filter(hasBone);
  if (whole.length < 2)
    throw new NumericsError({
      found: `${fake.length - whole.length} of ${fake.length} generated masks are empty`,
      expected: 'at least 2 with bone',
      todo: 'train the generator longer, or look at its samples first',
    });
  return { real, train, fake: whole };
}

function hasBone(mask: Mask): boolean {
  return mask.data.some((v) => v !== 0);
}

/** `count` indices below `n`, a seeded draw in random order; `set` tells the draws of one evaluation apart. */
function draw(n: number, count: number, seed: number, set: number): Uint32Array {
  return new RandomStream(seed, 'evaluation/draw', set).permutation(n).slice(0, count);
}

const pick = <T>(items: readonly T[], indices: Uint32Array): T[] => Array.from(indices, (i) => items[i]);
const triangle = (n: number): number => (n * (n - 1)) / 2;

/** 1-NNA and coverage of two sets by one kind of distance. */
function addSetDistances(
  table: ReportTable,
  kind: 'Dice' | 'Chamfer',
  { realReal, realFake, fakeFake }: Record<'realReal' | 'realFake' | 'fakeFake', DistanceMatrix>,
  reference: { oneNna?: number; coverage?: number } = {},
): void {
  const sizes = [realFake.rows, realFake.columns];
  table.addHalves(
    `oneNna${kind}`,
    sizes,
    (a, b) =>
      nearestNeighbourAccuracy(
        subMatrix(realReal, a, a),
        subMatrix(realFake, a, b),
        subMatrix(fakeFake, b, b),
      ),
    { trials: sizes[0] + sizes[1], range: [0, 1] },
    { better: 'near 0.5', reference: reference.oneNna, meaning: TOLD_APART },
  );
  table.addHalves(
    `coverage${kind}`,
    sizes,
    (a, b) => coverageShare(subMatrix(realFake, a, b)),
    { trials: sizes[0], range: [0, 1] },
    { better: 'higher', reference: reference.coverage, meaning: REACHED },
  );
}

/** 1 - Dice: nearest neighbours over whole sets, 1-NNA and coverage on the draws. Returns the distances to training. */
function addDice(
  table: ReportTable,
  { real, train, fake }: MaskSets,
  draws: { real: Uint32Array; fake: Uint32Array; train: Uint32Array | undefined },
  onPair: () => void,
): { realTrain: DistanceMatrix; fakeTrain: DistanceMatrix } {
  const [reals, trains, fakes] = [real, train, fake].map((masks) => masks.map((m) => packMask(m.data)));
  const realFake = crossDistances(reals, fakes, diceDistance, onPair);
  const realTrain = crossDistances(reals, trains, diceDistance, onPair);
  const fakeTrain = crossDistances(fakes, trains, diceDistance, onPair);
  table.addMean('fakeToTrainDice', rowMinima(fakeTrain), {
    better: 'near reference',
    reference: mean(rowMinima(realTrain)),
    meaning:
      '1 - Dice of each generated shape to its nearest training shape; far below the held-out real ones: copying',
  });
  table.addMean('fakeToRealDice', rowMinima(transposed(realFake)), {
    better: 'lower',
    reference: mean(rowMinima(transposed(realTrain))),
    meaning:
      '1 - Dice of each generated shape to its nearest held-out real one (reference: of each training shape)',
  });
  table.addMean('realToFakeDice', rowMinima(realFake), {
    better: 'lower',
    reference: mean(rowMinima(realTrain)),
    meaning:
      '1 - Dice of each held-out real shape to its nearest generated one (reference: nearest training shape)',
  });

  const realReal = selfDistances(pick(reals, draws.real), diceDistance, onPair);
  const evenFake = subMatrix(realFake, draws.real, draws.fake);
  const fakeFake = selfDistances(pick(fakes, draws.fake), diceDistance, onPair);
  const reference: { oneNna?: number; coverage?: number } = {};
  if (draws.train !== undefined) {
    const evenTrain = subMatrix(realTrain, draws.real, draws.train);
    const trainTrain = selfDistances(pick(trains, draws.train), diceDistance, onPair);
    reference.oneNna = nearestNeighbourAccuracy(realReal, evenTrain, trainTrain);
    reference.coverage = coverageShare(evenTrain);
  }
  addSetDistances(table, 'Dice', { realReal, realFake: evenFake, fakeFake }, reference);
  return { realTrain, fakeTrain };
}

/** The same by squared distances between surface points, on equally many cases. */
function addChamfer(
  table: ReportTable,
  real: Mask[],
  fake: Mask[],
  points: number,
  onPair: () => void,
): void {
  const [reals, fakes] = [real, fake].map((masks) => masks.map((m) => pointCloud(surfaceSample(m, points))));
  const realFake = crossDistances(reals, fakes, chamferDistance, onPair);
  const realReal = selfDistances(reals, chamferDistance, onPair);
  const fakeFake = selfDistances(fakes, chamferDistance, onPair);
  addSetDistances(table, 'Chamfer', { realReal, realFake, fakeFake });
  table.addHalves(
    'mmdChamfer',
    [real.length, fake.length],
    (a, b) => minimumMatchingDistance(subMatrix(realFake, a, b)),
    { range: [0, Number.POSITIVE_INFINITY] },
    {
      unit: 'mm^2',
      better: 'lower',
      meaning:
        'squared surface distance, both ways added, of each held-out real shape to its nearest generated one',
    },
  );
}

/** Precision, recall, density, coverage by the plain shape description. */
function addFeatures(table: ReportTable, { real, fake, train }: Record<keyof MaskSets, Descriptions>): void {
  const reference =
    train.plain.count > Math.max(...Object.values(PRDC_DEFAULTS)) ? prdc(real.plain, train.plain) : undefined;
  addPrdc(table, 'Features', 'plain shape features', real.plain, fake.plain, reference);
}

/** Is it one piece, and as large as bone of its kind is? */
function addPlausibility(table: ReportTable, { real, fake }: MaskSets): void {
  const { spacing } = real[0];
  const voxelCm3 = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const measure = (mask: Mask) => {
    const { sizes } = labelComponents(mask.data, mask.size, 26);
    const voxels = sizes.reduce((a, b) => a + b, 0);
    return { components: sizes.length, largestShare: sizes[0] / voxels, volumeCm3: voxels * voxelCm3 };
  };
  const reals = real.map(measure);
  const fakes = fake.map(measure);
  const add = (name: keyof ReturnType<typeof measure>, unit: '' | 'cm^3', meaning: string): void =>
    table.addMean(
      name,
      fakes.map((m) => m[name]),
      { unit, better: 'near reference', reference: mean(reals.map((m) => m[name])), meaning },
    );
  add('components', '', 'separate pieces of bone of a generated shape (26 neighbours)');
  add('largestShare', '', 'share of the bone that is in the largest piece');
  add('volumeCm3', 'cm^3', 'volume of bone');
}

/**
 * Compares the sets. Empty generated masks are counted, then left out. Throws `NumericsError` for sets below 2 cases (1
 * for train), `GridError` where grids differ, `VolumeError` for an empty real or training mask.
 */
export function evaluateSets(sets: MaskSets, options: Partial<EvaluateOptions> = {}): SetEvaluation {
  const { seed, points, chamferCases, extended, emdCases, onProgress } = { ...EVALUATE_DEFAULTS, ...options };
  const whole = checkSets(sets);
  const { real, train, fake } = whole;
  const table = new ReportTable(seed);

  const emptyFake = sets.fake.length - fake.length;
  if (emptyFake > 0)
    table.notes.push(
      `${emptyFake} empty generated masks are counted in "emptyShare" and left out of all else`,
    );
  const equal = Math.min(real.length, fake.length);
  if (real.length !== fake.length)
    table.notes.push(
      `1-NNA and coverage compare ${equal} drawn from ${real.length} real and ${fake.length} generated`,
    );
  const hasReference = train.length >= equal;
  if (!hasReference)
    table.notes.push(
      `no reference for 1-NNA and coverage: ${train.length} training shapes, ${equal} are needed`,
    );
  if ((extended || options.spaces !== undefined) && equal > STUDY_CASES)
    table.notes.push(`the metrics of the study compare ${STUDY_CASES} of each set`);
  const chamferN = Math.min(equal, chamferCases);
  if (chamferN < equal) table.notes.push(`Chamfer numbers compare ${chamferN} of each set`);

  const draws = {
    real: draw(real.length, equal, seed, 0),
    fake: draw(fake.length, equal, seed, 1),
    train: hasReference ? draw(train.length, equal, seed, 2) : undefined,
  };
  const studied = (indices: Uint32Array) => indices.subarray(0, STUDY_CASES);
  const chosen = { real: studied(draws.real), fake: studied(draws.fake) };
  const study = {
    real: pick(real, chosen.real),
    fake: pick(fake, chosen.fake),
    train,
    trainDraw: draws.train && studied(draws.train),
  };
  const spaces = prepareSpaces(options.spaces ?? [], {
    ...chosen,
    train: study.trainDraw,
    counts: { real: real.length, fake: fake.length, train: train.length },
  });
  const total =
    (extended ? studyPairs(study, emdCases) : 0) +
    real.length * fake.length +
    (real.length + fake.length) * train.length +
    (hasReference ? 3 : 2) * triangle(equal) +
    chamferN * chamferN +
    2 * triangle(chamferN);
  let done = 0;
  const onPair = (): void => onProgress?.(++done, total);

  const { realTrain, fakeTrain } = addDice(table, whole, draws, onPair);
  const few = (masks: readonly Mask[], indices: Uint32Array) => pick(masks, indices.subarray(0, chamferN));
  addChamfer(table, few(real, draws.real), few(fake, draws.fake), points, onPair);
  // Without features to compare nothing need be described.
  const most = Math.max(...Object.values(PRDC_DEFAULTS));
  const described =
    extended || equal > most
      ? { real: describeShapes(real), fake: describeShapes(fake), train: describeShapes(train) }
      : undefined;
  if (described !== undefined && equal > most) addFeatures(table, described);
  else
    table.notes.push(
      `no precision, recall, density, coverage: they need more than ${most} real and generated shapes`,
    );
  addPlausibility(table, whole);
  if (extended && described !== undefined)
    addStudyMetrics(
      table,
      {
        ...study,
        described: {
          real: pickDescriptions(described.real, chosen.real),
          fake: pickDescriptions(described.fake, chosen.fake),
          train: described.train,
        },
      },
      { seed, points, emdCases, onPair },
    );
  for (const space of spaces) addSpace(table, space);
  table.addSet('emptyShare', emptyFake / sets.fake.length, sets.fake.length, {
    better: 'lower',
    meaning: 'share of generated masks without any bone',
  });

  return {
    counts: { real: real.length, train: train.length, fake: sets.fake.length, emptyFake },
    grid: { size: real[0].size, spacing: real[0].spacing },
    seed,
    metrics: table.metrics,
    nearestTraining: nearestTraining(fakeTrain, realTrain),
    notes: table.notes,
  };
}
