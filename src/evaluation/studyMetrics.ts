/**
 * The numbers a study of generators needs beyond the plain ones: KID, FID, PRDC and P-precision, P-recall in two training-
 * free spaces, likeness inside the set (MS-SSIM), EMD, specificity and generalisation, variation against the real set.
 *
 * The spaces: "shape features" (features.ts) and a "shape space", the principal axes of training shapes' signed distances
 * that hold 95 % of their variance (24 at most), and one number more, the distance to that space, so that nothing odd is
 * projected away. Both are centred on the training set and scaled to a variance of 1 a number, so FID, divided by the
 * count of numbers, is a share of the training variance. The axes come from training shapes outside the draw that serves
 * as the reference, where enough are left, else the reference would look too good or too bad by fitting.
 *
 * All sets are compared at equal sizes, of two interleaved generated sets (compareSets.ts) each. Time on one core of a busy machine (Zen 3) at 64^3, 50 real, 50 generated and 100
 * training shapes: 17 s of CPU beside 13 s for the plain numbers (a pair: EMD 7-11 ms, MS-SSIM 50 ms).
 */
import type { Mask } from '../volume/volume.ts';
import { axesOfGram, centredGram } from './axes.ts';
import { type Descriptions, pickDescriptions } from './describeShapes.ts';
import {
  crossDistances,
  type DistanceMatrix,
  rowMinima,
  selfDistances,
  subMatrix,
} from './distanceMatrix.ts';
import { addDistribution, addPrdc, type Described, inPlace } from './distributionMetrics.ts';
import { EMD_POINTS, earthMoversDistance } from './emd.ts';
import { type Features, frameOf, pickRows, squaredTable, totalVariance } from './featureSet.ts';
import { msSsimScales, setDiversity } from './msSsim.ts';
import { diceDistance, packMask } from './overlap.ts';
import { axesFor, firstAxes, fitPca, type Pca, project, residuals } from './pca.ts';
import { permutationTest, unionTable } from './permutation.ts';
import { PRDC_DEFAULTS } from './prdc.ts';
import { minimumMatchingDistance } from './setMetrics.ts';
import { everyMember, type MetricTable } from './setReport.ts';
import { surfaceTable } from './shapeModel.ts';
import { mean } from './statistics.ts';
import { surfaceSample } from './surfaceSample.ts';
import { variationByDistance, variationByMode } from './variation.ts';

/** Most cases of each set: kernels and distances of all pairs are held. */
export const STUDY_CASES = 500;

export interface StudySets {
  /** Held-out real shapes. */
  real: readonly Mask[];
  /** As many generated shapes of each group, interleaved. */
  fake: readonly Mask[];
  train: readonly Mask[];
  /**
   * Training shapes to take the place of generated ones, which nothing is fitted on: the first as many as there are real
   * ones for the references, all of them for the floors; none, where there are too few.
   */
  trainDraw?: Uint32Array;
  /** Generated sets in `fake`. */
  groups: number;
  /** The same shapes described. */
  described: Record<'real' | 'fake' | 'train', Descriptions>;
}

export interface StudyOptions {
  seed: number;
  /** Surface points a shape for specificity and generalisation. */
  points: number;
  /** Most cases of each set compared by EMD. */
  emdCases: number;
  /** With what permutation tests need beside. */
  judged: boolean;
  onPair: () => void;
}

/** Most training shapes that axes and scales are fitted on. */
const FIT_CASES = 200;
const MOST_AXES = 24;
const AXES_SHARE = 0.95;
/** Most pairs for MS-SSIM: a pair takes 0.05 s at 64^3. */
const SSIM_PAIRS = 25;
/** Half of the default: a quarter of the time. */
const POINTS_EMD = EMD_POINTS / 2;
/** Most cases whose axes are counted again and again for an interval: each count is cubic in them. */
const AXES_CASES = 100;
/** Shuffles where each costs the whole statistic. */
const FEW_SHUFFLES = 199;

const pick = <T>(items: readonly T[], indices: Uint32Array): T[] => Array.from(indices, (i) => items[i]);
const subtracted = (from: number, without: Uint32Array | undefined): Uint32Array => {
  const left = new Set(without);
  return Uint32Array.from({ length: from }, (_, i) => i).filter((i) => !left.has(i));
};
const triangle = (n: number): number => (n * (n - 1)) / 2;
/** Pairs of disjoint members, so that their likenesses are independent. */
const ssimPairs = ({ real }: Pick<StudySets, 'real'>): number =>
  msSsimScales(real[0].size) === 0 ? 0 : Math.min(SSIM_PAIRS, Math.floor(real.length / 2));

/** Calls of `onPair` that `addStudyMetrics` will make. */
export function studyPairs(sets: Omit<StudySets, 'described'>, emdCases: number, judged: boolean): number {
  const { real, fake, train, trainDraw, groups } = sets;
  const few = Math.min(emdCases, real.length);
  return (
    (real.length + fake.length) * train.length +
    real.length * fake.length +
    (1 + groups) * ssimPairs(sets) +
    (groups + (trainDraw === undefined ? 0 : 1)) * few ** 2 +
    (judged ? 2 * triangle(few) : 0)
  );
}

/** Coordinates on the axes and the distance to the space they span. */
function embedded(pca: Pca, set: Features): Features {
  const along = project(pca, set);
  const beyond = residuals(pca, set);
  const dim = along.dim + 1;
  const values = new Float32Array(set.count * dim);
  for (let i = 0; i < set.count; i++) {
    values.set(along.values.subarray(i * along.dim, (i + 1) * along.dim), i * dim);
    values[i * dim + along.dim] = beyond[i];
  }
  return { values, count: set.count, dim };
}

/** Variation of the fakes against the reals, by Dice, signed distance and principal axes; `pca` is of training shapes. */
function addVariation(
  table: MetricTable,
  { real, fake, train, trainDraw }: StudySets,
  described: Described,
  pca: Pca | undefined,
): void {
  if (totalVariance(described.real) === 0) {
    table.notes.push('no variation: the held-out real shapes are all alike');
    return;
  }
  const sizes = [real.length, fake.length] as const;
  const every = everyMember(real.length);
  const positive = [0, Number.POSITIVE_INFINITY] as const;
  /** `of` one set, with training shapes in the place of the generated ones. */
  const instead = (of: (members: Uint32Array) => number, range: readonly [number, number]) =>
    trainDraw && inPlace(trainDraw.length, real.length, of, range);
  const meaning = (how: string): string =>
    `variation of the generated set as a share of the real set's, by ${how}; near 0: always the same shape, above 1: exaggerated or noisy`;
  const addShare = (
    name: string,
    how: string,
    inside: { real: DistanceMatrix; fake: DistanceMatrix; train?: DistanceMatrix },
  ): void =>
    table.addHalves(
      name,
      sizes,
      (a, b) => variationByDistance(subMatrix(inside.fake, b, b), subMatrix(inside.real, a, a)),
      { least: 2, range: positive },
      {
        better: 'near 1',
        meaning: meaning(how),
        ...(inside.train &&
          instead((b) => variationByDistance(subMatrix(inside.train!, b, b), inside.real), positive)),
      },
    );
  const dice = (masks: readonly Mask[]) =>
    selfDistances(
      masks.map((m) => packMask(m.data)),
      diceDistance,
    );
  addShare('variationDice', '1 - Dice of pairs', {
    real: dice(real),
    fake: dice(fake),
    train: trainDraw && dice(pick(train, trainDraw)),
  });
  const self = (set: Features) => {
    const squared = squaredTable(set, set);
    return { ...squared, values: squared.values.map(Math.sqrt) };
  };
  addShare('variationShape', 'signed distance', {
    real: self(described.real),
    fake: self(described.fake),
    train: described.train && self(described.train),
  });
  if (pca === undefined) return;
  const [x, y] = [project(pca, described.real), project(pca, described.fake)];
  const placed = described.train && project(pca, described.train);
  table.addHalves(
    'variationKept',
    sizes,
    (a, b) => variationByMode(pickRows(y, b), pickRows(x, a)).kept,
    { least: 2, range: [0, 1] },
    {
      better: 'higher',
      meaning: `share of the real variance along ${pca.axes.count} principal axes of training shapes that the generated set has too, no axis making up for another`,
      ...(placed && instead((b) => variationByMode(pickRows(placed, b), x).kept, [0, 1])),
    },
  );
  const [realGram, fakeGram] = [centredGram(described.real), centredGram(described.fake)];
  const trainGram = described.train && centredGram(described.train);
  const costly = real.length > AXES_CASES;
  table.addHalves(
    'axes90',
    sizes,
    (_, b) => axesOfGram(fakeGram, b, 0.9),
    {
      least: 3,
      range: [1, real.length - 1],
      ...(costly && {
        noInterval: `axes of ${real.length} cases are counted once: each count is cubic in them`,
      }),
    },
    {
      better: 'near reference',
      meaning:
        'axes a linear model of the generated set needs for 90 % of its variance (reference: of the real set)',
      ...(!costly && trainGram && instead((b) => axesOfGram(trainGram, b, 0.9), [1, real.length - 1])),
      reference: axesOfGram(realGram, every, 0.9),
    },
  );
}

/** Likeness inside the set, and EMD. */
function addLikeness(
  table: MetricTable,
  sets: StudySets,
  { seed, emdCases, judged, onPair }: StudyOptions,
): void {
  const { real, fake, train, trainDraw, groups } = sets;
  const count = ssimPairs(sets);
  if (count === 0) table.notes.push('no MS-SSIM: it needs at least 11 voxels a side');
  else {
    const { size } = real[0];
    const likeness = (masks: readonly Mask[]) =>
      setDiversity(
        masks.map((m) => m.data),
        size,
        { count, seed, onPair },
      );
    const inside = Array.from({ length: groups }, (_, g) =>
      likeness(fake.filter((_, i) => i % groups === g)),
    );
    table.addMean(
      'msSsim',
      // The groups interleaved again.
      Float64Array.from(
        { length: groups * inside[0].values.length },
        (_, p) => inside[p % groups].values[Math.floor(p / groups)],
      ),
      {
        better: 'near reference',
        against: likeness(real).values,
        meaning: `MS-SSIM of pairs inside the generated set, ${inside[0].scales} of 5 scales (reference: inside the real set); higher: less varied`,
      },
    );
  }
  const few = Math.min(emdCases, real.length);
  const clouds = (masks: readonly Mask[]) => masks.map((m) => surfaceSample(m, POINTS_EMD));
  const reals = clouds(real.slice(0, few));
  const fakes = clouds(fake.slice(0, groups * few));
  const realFake = crossDistances(reals, fakes, earthMoversDistance, onPair);
  const union = judged
    ? unionTable(
        selfDistances(reals, earthMoversDistance, onPair),
        realFake,
        selfDistances(fakes.slice(0, few), earthMoversDistance, onPair),
      )
    : undefined;
  table.addHalves(
    'mmdEmd',
    [few, groups * few],
    (a, b) => minimumMatchingDistance(subMatrix(realFake, a, b)),
    { range: [0, Number.POSITIVE_INFINITY] },
    {
      unit: 'mm',
      better: 'lower',
      meaning: `earth mover's distance of each held-out real shape to its nearest generated one (${POINTS_EMD} surface points)`,
      ...(trainDraw && {
        reference: minimumMatchingDistance(
          crossDistances(reals, clouds(pick(train, trainDraw.subarray(0, few))), earthMoversDistance, onPair),
        ),
      }),
      ...(union && {
        test: (options) =>
          permutationTest(few, few, (a, b) => minimumMatchingDistance(subMatrix(union, a, b)), {
            ...options,
            permutations: FEW_SHUFFLES,
          }),
      }),
    },
  );
}

/** Specificity and generalisation. */
function addShapeModel(
  table: MetricTable,
  { real, fake, train, trainDraw }: StudySets,
  { points, onPair }: StudyOptions,
): void {
  const toTrain = surfaceTable([...fake, ...real], train, { points, onPair });
  const nearest = rowMinima(toTrain);
  table.addMean('specificity', nearest.subarray(0, fake.length), {
    unit: 'mm',
    better: 'near reference',
    against: nearest.subarray(fake.length),
    meaning:
      'mean distance between surfaces of each generated shape and its nearest training shape; high: implausible, far below the reference: copying',
  });
  const reals = everyMember(real.length).map((i) => fake.length + i);
  const placed = trainDraw && subMatrix(toTrain, reals, trainDraw);
  const every = everyMember(real.length);
  table.addNearest('generalisation', surfaceTable(real, fake, { points, onPair }), {
    unit: 'mm',
    better: 'lower',
    meaning:
      'mean distance between surfaces of each held-out real shape and its nearest generated one (reference: of as many training shapes)',
    ...(placed &&
      inPlace(placed.columns, real.length, (b) => mean(rowMinima(subMatrix(placed, every, b))), [
        0,
        Number.POSITIVE_INFINITY,
      ])),
  });
}

/** Adds them all. Throws as the metrics do; what sets are too small for is left out with a note. */
export function addStudyMetrics(table: MetricTable, sets: StudySets, options: StudyOptions): void {
  const { real, train, trainDraw } = sets;
  const rest = subtracted(train.length, trainDraw);
  const isApart = rest.length >= Math.max(20, real.length);
  const fitted = (isApart ? rest : subtracted(train.length, undefined)).subarray(0, FIT_CASES);
  if (!isApart && trainDraw !== undefined)
    table.notes.push(
      'shape space and scales are fitted on training shapes that serve as the reference too: too few are left',
    );
  const { described } = sets;
  const fit = pickDescriptions(described.train, fitted);
  const draw = trainDraw && pickDescriptions(described.train, trainDraw);
  const of = (kind: keyof Descriptions) => ({
    real: described.real[kind],
    fake: described.fake[kind],
    train: draw?.[kind],
    fit: fit[kind],
  });
  const framed = ({ real, fake, train, fit }: Described & { fit: Features }): Described => {
    const frame = frameOf(fit);
    return { real: frame(real), fake: frame(fake), train: train && frame(train) };
  };
  addDistribution(table, 'Features', 'plain shape features', framed(of('plain')));

  const raw = of('smooth');
  let pca: Pca | undefined;
  if (fitted.length < 3 || totalVariance(raw.fit) === 0)
    table.notes.push(`no shape space: ${fitted.length} training shapes that differ are too few`);
  else {
    const all = fitPca(raw.fit);
    const space = firstAxes(all, Math.min(MOST_AXES, axesFor(all, AXES_SHARE)));
    pca = space;
    const words = `shape space of ${space.axes.count} axes`;
    const inSpace = (set: Features) => embedded(space, set);
    const framedShape = framed({
      real: inSpace(raw.real),
      fake: inSpace(raw.fake),
      train: raw.train && inSpace(raw.train),
      fit: inSpace(raw.fit),
    });
    addDistribution(table, 'Shape', words, framedShape);
    if (real.length > Math.max(...Object.values(PRDC_DEFAULTS))) addPrdc(table, 'Shape', words, framedShape);
  }
  addVariation(table, sets, raw, pca);
  addLikeness(table, sets, options);
  addShapeModel(table, sets, options);
}
