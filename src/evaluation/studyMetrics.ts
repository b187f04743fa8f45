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
 * All sets are compared at equal sizes. Time on one core of a busy machine (Zen 3) at 64^3, 50 real, 50 generated and 100
 * training shapes: TIMING.
 */
import type { Mask } from '../volume/volume.ts';
import { crossDistances, selfDistances, subMatrix } from './distanceMatrix.ts';
import { EMD_POINTS, earthMoversDistance } from './emd.ts';
import {
  type Features,
  frameOf,
  pickRows,
  squaredTable,
  tabledDistances,
  totalVariance,
} from './featureSet.ts';
import { setFeatures } from './features.ts';
import { frechetDistance } from './fid.ts';
import { kernelDiscrepancy, kernels, subKernels } from './kid.ts';
import { msSsimScales, setDiversity } from './msSsim.ts';
import { diceDistance, packMask } from './overlap.ts';
import { axesFor, firstAxes, fitPca, type Pca, project, residuals } from './pca.ts';
import { PRDC_DEFAULTS, type Prdc, prdc, prdcOfDistances } from './prdc.ts';
import { PROBABILISTIC_PR_DEFAULTS, probabilisticPr, probabilisticPrOfDistances } from './probabilisticPr.ts';
import { minimumMatchingDistance } from './setMetrics.ts';
import type { ReportTable } from './setReport.ts';
import { nearestSurfaces } from './shapeModel.ts';
import { signedDistanceFeatures } from './signedDistance.ts';
import { mean } from './statistics.ts';
import { surfaceSample } from './surfaceSample.ts';
import { variationByDistance, variationByFeatures, variationByMode } from './variation.ts';

/** Most cases of each set: kernels and distances of all pairs are held. */
export const STUDY_CASES = 500;

export interface StudySets {
  /** Equally many held-out real and generated shapes. */
  real: readonly Mask[];
  fake: readonly Mask[];
  train: readonly Mask[];
  /** As many training shapes, for the references; none, where there are too few. */
  trainDraw?: Uint32Array;
}

export interface StudyOptions {
  seed: number;
  /** Surface points a shape for specificity and generalisation. */
  points: number;
  onPair: () => void;
}

/** Most training shapes that axes and scales are fitted on. */
const FIT_CASES = 200;
const MOST_AXES = 24;
const AXES_SHARE = 0.95;
/** Most pairs for MS-SSIM (a pair takes 0.12 s at 64^3), most cases of each set for EMD. */
const SSIM_PAIRS = 25;
const EMD_CASES = 12;
/** FID of larger sets by plain features gets no interval: 200 eigenvalue problems of that size take minutes. */
const FID_INTERVAL_CASES = 100;

const pick = <T>(items: readonly T[], indices: Uint32Array): T[] => Array.from(indices, (i) => items[i]);
const subtracted = (from: number, without: Uint32Array | undefined): Uint32Array => {
  const left = new Set(without);
  return Uint32Array.from({ length: from }, (_, i) => i).filter((i) => !left.has(i));
};
const referenceOf = <T>(train: T | undefined, of: (train: T) => number): number | undefined =>
  train === undefined ? undefined : of(train);

/** Pairs of disjoint members, so that their likenesses are independent. */
const ssimPairs = ({ real }: StudySets): number =>
  msSsimScales(real[0].size) === 0 ? 0 : Math.min(SSIM_PAIRS, Math.floor(real.length / 2));
const emdCases = ({ real }: StudySets): number => Math.min(EMD_CASES, real.length);

/** Calls of `onPair` that `addStudyMetrics` will make. */
export function studyPairs(sets: StudySets): number {
  const n = sets.real.length;
  const references = sets.trainDraw === undefined ? 1 : 2;
  return (
    2 * n * sets.train.length + references * n * n + 2 * ssimPairs(sets) + references * emdCases(sets) ** 2
  );
}

/** Precision, recall, density and coverage with their intervals; `space` names the metrics, `words` explains it. */
export function addPrdc(
  table: ReportTable,
  space: string,
  words: string,
  real: Features,
  fake: Features,
  reference: Prdc | undefined,
): void {
  const { precisionNeighbours: kp, densityNeighbours: kd } = PRDC_DEFAULTS;
  const tables = tablesOf(real, fake);
  const meanings = {
    precision: `share of generated shapes that lie where real ones lie (${words}, k = ${kp})`,
    recall: `share of real shapes that lie where generated ones lie (${words}, k = ${kp})`,
    density: `how densely real shapes surround the generated ones (${words}, k = ${kd})`,
    coverage: `share of real shapes with a generated one near (${words}, k = ${kd})`,
  };
  for (const name of ['precision', 'recall', 'density', 'coverage'] as const)
    table.addHalves(
      `${name}${space}`,
      [real.count, fake.count],
      (a, b) => prdcOfDistances(tabledDistances(tables, a, b))[name],
      {
        least: Math.max(kp, kd) + 1,
        ...(name === 'density'
          ? { range: [0, Number.POSITIVE_INFINITY] as const }
          : { range: [0, 1] as const, trials: name === 'precision' ? fake.count : real.count }),
      },
      { better: 'higher', reference: reference?.[name], meaning: meanings[name] },
    );
}

const tablesOf = (real: Features, fake: Features) => ({
  realReal: squaredTable(real, real),
  realFake: squaredTable(real, fake),
  fakeFake: squaredTable(fake, fake),
});

/** One kind of features of all sets, in the frame of the training set. */
interface Described {
  real: Features;
  fake: Features;
  train: Features | undefined;
}

/** KID, FID, P-precision and P-recall in one space. */
function addDistribution(
  table: ReportTable,
  space: string,
  words: string,
  { real, fake, train }: Described,
): void {
  const sizes = [real.count, fake.count];
  const all = kernels(real, fake);
  table.addHalves(
    `kid${space}`,
    sizes,
    (a, b) => kernelDiscrepancy(subKernels(all, a, b)),
    {},
    {
      better: 'lower',
      reference: referenceOf(train, (t) => kernelDiscrepancy(kernels(real, t))),
      meaning: `KID: squared difference of the distributions' first three moments (${words}); 0 on average for equal ones, at any size of sets`,
    },
  );
  const fid = (x: Features, y: Features): number => frechetDistance(x, y) / x.dim;
  table.addHalves(
    `fid${space}`,
    sizes,
    (a, b) => fid(pickRows(real, a), pickRows(fake, b)),
    {
      least: real.count > FID_INTERVAL_CASES && real.dim > FID_INTERVAL_CASES ? Infinity : 2,
      range: [0, Number.POSITIVE_INFINITY],
    },
    {
      better: 'lower',
      reference: referenceOf(train, (t) => fid(real, t)),
      meaning: `FID: Frechet distance of fitted Gaussians as a share of the training variance (${words}); above 0 for small sets, compare with the reference`,
    },
  );
  const { neighbours } = PROBABILISTIC_PR_DEFAULTS;
  if (real.count <= neighbours) return;
  const tables = tablesOf(real, fake);
  const reference = train === undefined ? undefined : probabilisticPr(real, train);
  for (const [name, key, what] of [
    ['pPrecision', 'precision', 'generated shapes lie where real ones lie'],
    ['pRecall', 'recall', 'real shapes lie where generated ones lie'],
  ] as const)
    table.addHalves(
      `${name}${space}`,
      sizes,
      (a, b) => probabilisticPrOfDistances(tabledDistances(tables, a, b))[key],
      { least: neighbours + 1, range: [0, 1] },
      {
        better: 'higher',
        reference: reference?.[key],
        meaning: `how probably ${what}, fading with distance (${words}, k = ${neighbours})`,
      },
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
  table: ReportTable,
  { real, fake, train, trainDraw }: StudySets,
  described: Described,
  pca: Pca | undefined,
): void {
  const dice = (masks: readonly Mask[]) =>
    selfDistances(
      masks.map((m) => packMask(m.data)),
      diceDistance,
    );
  const [realDice, fakeDice] = [dice(real), dice(fake)];
  const sizes = [real.length, fake.length];
  const range = [0, Number.POSITIVE_INFINITY] as const;
  const options = { least: 2, range };
  if (totalVariance(described.real) === 0) {
    table.notes.push('no variation: the held-out real shapes are all alike');
    return;
  }
  const meaning = (how: string): string =>
    `variation of the generated set as a share of the real set's, by ${how}; near 0: always the same shape, above 1: exaggerated or noisy`;
  table.addHalves(
    'variationDice',
    sizes,
    (a, b) => variationByDistance(subMatrix(fakeDice, b, b), subMatrix(realDice, a, a)),
    options,
    {
      better: 'near 1',
      reference: referenceOf(trainDraw, (draw) => variationByDistance(dice(pick(train, draw)), realDice)),
      meaning: meaning('1 - Dice of pairs'),
    },
  );
  const self = (set: Features) => {
    const squared = squaredTable(set, set);
    return { ...squared, values: squared.values.map(Math.sqrt) };
  };
  const [realSelf, fakeSelf] = [self(described.real), self(described.fake)];
  table.addHalves(
    'variationShape',
    sizes,
    (a, b) => variationByDistance(subMatrix(fakeSelf, b, b), subMatrix(realSelf, a, a)),
    options,
    {
      better: 'near 1',
      reference: referenceOf(described.train, (t) => variationByFeatures(t, described.real)),
      meaning: meaning('signed distance'),
    },
  );
  if (pca === undefined) return;
  const [x, y] = [project(pca, described.real), project(pca, described.fake)];
  table.addHalves(
    'variationKept',
    sizes,
    (a, b) => variationByMode(pickRows(y, b), pickRows(x, a)).kept,
    { least: 2, range: [0, 1] },
    {
      better: 'higher',
      reference: referenceOf(described.train, (t) => variationByMode(project(pca, t), x).kept),
      meaning: `share of the real variance along ${pca.axes.count} principal axes of training shapes that the generated set has too, no axis making up for another`,
    },
  );
  const axes = (set: Features): number => (totalVariance(set) > 0 ? axesFor(fitPca(set), 0.9) : 0);
  table.addSet('axes90', axes(described.fake), fake.length, {
    better: 'near reference',
    reference: axes(described.real),
    meaning:
      'axes a linear model of the generated set needs for 90 % of its variance (reference: of the real set)',
  });
}

/** Likeness inside the set, and EMD. */
function addLikeness(table: ReportTable, sets: StudySets, { seed, onPair }: StudyOptions): void {
  const { real, fake, train, trainDraw } = sets;
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
    const inside = likeness(fake);
    table.addMean('msSsim', inside.values, {
      better: 'near reference',
      reference: mean(likeness(real).values),
      meaning: `MS-SSIM of pairs inside the generated set, ${inside.scales} of 5 scales (reference: inside the real set); higher: less varied`,
    });
  }
  const few = emdCases(sets);
  const clouds = (masks: readonly Mask[]) => masks.slice(0, few).map((m) => surfaceSample(m, EMD_POINTS));
  const reals = clouds(real);
  const realFake = crossDistances(reals, clouds(fake), earthMoversDistance, onPair);
  table.addHalves(
    'mmdEmd',
    [few, few],
    (a, b) => minimumMatchingDistance(subMatrix(realFake, a, b)),
    { range: [0, Number.POSITIVE_INFINITY] },
    {
      unit: 'mm',
      better: 'lower',
      reference: referenceOf(trainDraw, (draw) =>
        minimumMatchingDistance(
          crossDistances(reals, clouds(pick(train, draw)), earthMoversDistance, onPair),
        ),
      ),
      meaning: `earth mover's distance of each held-out real shape to its nearest generated one (${EMD_POINTS} surface points)`,
    },
  );
}

/** Specificity and generalisation. */
function addShapeModel(
  table: ReportTable,
  { real, fake, train, trainDraw }: StudySets,
  { points, onPair }: StudyOptions,
): void {
  const toTrain = nearestSurfaces([...fake, ...real], train, { points, onPair }).distances;
  table.addMean('specificity', toTrain.subarray(0, fake.length), {
    unit: 'mm',
    better: 'near reference',
    reference: mean(toTrain.subarray(fake.length)),
    meaning:
      'mean distance between surfaces of each generated shape and its nearest training shape; high: implausible, far below the reference: copying',
  });
  table.addMean('generalisation', nearestSurfaces(real, fake, { points, onPair }).distances, {
    unit: 'mm',
    better: 'lower',
    reference: referenceOf(trainDraw, (draw) =>
      mean(nearestSurfaces(real, pick(train, draw), { points, onPair }).distances),
    ),
    meaning:
      'mean distance between surfaces of each held-out real shape and its nearest generated one (reference: of as many training shapes)',
  });
}

/** Adds them all. Throws as the metrics do; what sets are too small for is left out with a note. */
export function addStudyMetrics(table: ReportTable, sets: StudySets, options: StudyOptions): void {
  const { real, fake, train, trainDraw } = sets;
  const rest = subtracted(train.length, trainDraw);
  const draw = trainDraw === undefined ? [] : pick(train, trainDraw);
  const isApart = rest.length >= Math.max(20, real.length);
  const fit = isApart ? pick(train, rest.subarray(0, FIT_CASES)) : train.slice(0, FIT_CASES);
  if (!isApart && trainDraw !== undefined)
    table.notes.push(
      'shape space and scales are fitted on training shapes that serve as the reference too: too few are left',
    );
  const describe = (of: (masks: readonly Mask[]) => Features) => {
    const raw = {
      real: of(real),
      fake: of(fake),
      train: draw.length > 0 ? of(draw) : undefined,
      fit: of(fit),
    };
    return raw;
  };
  const framed = ({ real, fake, train, fit }: Described & { fit: Features }): Described => {
    const frame = frameOf(fit);
    return { real: frame(real), fake: frame(fake), train: train && frame(train) };
  };
  addDistribution(table, 'Features', 'plain shape features', framed(describe(setFeatures)));

  const raw = describe(signedDistanceFeatures);
  let pca: Pca | undefined;
  if (fit.length < 3 || totalVariance(raw.fit) === 0)
    table.notes.push(`no shape space: ${fit.length} training shapes that differ are too few`);
  else {
    const all = fitPca(raw.fit);
    const space = firstAxes(all, Math.min(MOST_AXES, axesFor(all, AXES_SHARE)));
    pca = space;
    const words = `shape space of ${space.axes.count} axes`;
    const inSpace = (set: Features) => embedded(space, set);
    const described = framed({
      real: inSpace(raw.real),
      fake: inSpace(raw.fake),
      train: raw.train && inSpace(raw.train),
      fit: inSpace(raw.fit),
    });
    addDistribution(table, 'Shape', words, described);
    if (real.length > Math.max(...Object.values(PRDC_DEFAULTS)))
      addPrdc(
        table,
        'Shape',
        words,
        described.real,
        described.fake,
        described.train && prdc(described.real, described.train),
      );
  }
  addVariation(table, sets, raw, pca);
  addLikeness(table, sets, options);
  addShapeModel(table, sets, options);
}
