/**
 * One call from three sets of masks to the numbers a report shows: generated shapes (fake) against held-out ones (real)
 * and those trained on (train). Every number comes with what it means, an interval or the reason why it has none, the same
 * number for real shapes in the place of the generated ones, and a verdict by a stated rule (verdict.ts).
 *
 * Sets that cannot be compared are refused first: too small, of two grids, without bone, or with held-out shapes that were
 * trained on (setChecks.ts, sharedCases.ts). 1-NNA and coverage depend on set sizes, so they are taken on equally many
 * cases of each set (a seeded draw), Chamfer on at most `chamferCases` of each. Intervals are bootstraps over cases for
 * means; numbers of whole sets are resampled by halves without copies (bootstrap.ts). `extended` adds what a study of
 * generators needs (studyMetrics.ts), `verdicts` floors, tests and the costlier numbers of plausibility.
 *
 * Time on one Zen 3 core: 22 us a pair for Dice at 64^3, 1.3 ms a pair for Chamfer at 2048 points (so 50 of each set take
 * 6 s), 28 ms a shape for its features.
 */
import { RandomStream } from '../random/stream.ts';
import { describeShapes, pickDescriptions } from './describeShapes.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';
import { addChamfer, addDice, type Plan } from './distanceMetrics.ts';
import { addPrdc } from './distributionMetrics.ts';
import { poolSize } from './floor.ts';
import { nearestTraining } from './nearestTraining.ts';
import { addPlausibility } from './plausibility/plausibility.ts';
import { PRDC_DEFAULTS } from './prdc.ts';
import { checkSets, hasBone, type MaskSets, type SetNames } from './setChecks.ts';
import { type MetricTable, ReportTable, type SetEvaluation, warningNotes } from './setReport.ts';
import { findSharedCases, NOT_HELD_OUT, requireNoSharedCases } from './sharedCases.ts';
import { addSpace, type DescribedSpace, prepareSpaces } from './spaces/describedSpace.ts';
import { addStudyMetrics, STUDY_CASES, studyPairs } from './studyMetrics.ts';
import { overallVerdict } from './verdict.ts';

export type { MaskSets } from './setChecks.ts';

export interface EvaluateOptions {
  /** Seeds draws, bootstraps, floors and shuffles. */
  seed: number;
  /** Surface points a shape for the Chamfer distance. */
  points: number;
  /** Most cases of each set compared by Chamfer distance (the pairs grow with the square). */
  chamferCases: number;
  /** FID, KID, MS-SSIM, EMD, specificity, variation and others too. */
  extended: boolean;
  /** Most cases of each set compared by EMD, where extended. */
  emdCases: number;
  /** Floors, permutation tests and verdicts; energy distance, Euler number, asymmetry, thickness, distributions. */
  verdicts: boolean;
  /** Evaluates although held-out shapes were trained on, and says so in the notes. */
  allowOverlap: boolean;
  /** Names of cases and subjects, for finding shared subjects and for messages. */
  names: SetNames;
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
  verdicts: true,
  allowOverlap: false,
  names: {},
};

/** `count` indices below `n`, a seeded draw in random order; `set` tells the draws of one evaluation apart. */
export function draw(n: number, count: number, seed: number, set: number): Uint32Array {
  return new RandomStream(seed, 'evaluation/draw', set).permutation(n).slice(0, count);
}

const pick = <T>(items: readonly T[], indices: Uint32Array): T[] => Array.from(indices, (i) => items[i]);
const triangle = (n: number): number => (n * (n - 1)) / 2;

/** Decides how the sets are drawn, and says it in the notes. */
function planOf(
  { real, train, fake }: MaskSets,
  { seed, chamferCases, extended, verdicts, spaces }: EvaluateOptions,
  groups: 1 | 2,
  notes: string[],
): Plan {
  const made = fake.length / groups;
  const equal = Math.min(real.length, made);
  if (real.length !== made)
    notes.push(`1-NNA and coverage compare ${equal} drawn from ${real.length} real and ${made} generated`);
  const hasReference = train.length >= equal;
  if (!hasReference)
    notes.push(`no reference for 1-NNA and coverage: ${train.length} training shapes, ${equal} are needed`);
  if ((extended || spaces !== undefined) && equal > STUDY_CASES)
    notes.push(`the metrics of the study compare ${STUDY_CASES} of each set`);
  const chamfer = Math.min(equal, chamferCases);
  if (chamfer < equal) notes.push(`Chamfer numbers compare ${chamfer} of each set`);
  const judged = verdicts && groups === 1;
  const pool = judged ? poolSize(train.length, equal) : 0;
  if (judged && hasReference && pool === 0)
    notes.push(
      `no draws of real shapes as a floor: ${train.length} training shapes, ${2 * equal} are needed; verdicts rest on shuffled labels alone`,
    );
  const fakes = draw(made, equal, seed, 1);
  return {
    groups,
    verdicts,
    judged,
    made,
    equal,
    chamfer,
    studied: Math.min(equal, STUDY_CASES),
    real: draw(real.length, equal, seed, 0),
    // Of two interleaved sets the same places.
    fake: Uint32Array.from(
      { length: groups * equal },
      (_, i) => groups * fakes[Math.floor(i / groups)] + (i % groups),
    ),
    train: hasReference ? draw(train.length, Math.max(equal, pool), seed, 2) : undefined,
  };
}

/**
 * Puts all metrics of sets that passed the checks into a table. `groups`: generated sets that lie interleaved in `fake`.
 * Returns the distances 1 - Dice to training shapes.
 */
export function fillTable(
  table: MetricTable,
  whole: MaskSets,
  options: EvaluateOptions,
  groups: 1 | 2 = 1,
): { realTrain: DistanceMatrix; fakeTrain: DistanceMatrix } {
  const { seed, points, extended, emdCases, onProgress } = options;
  const { real, train, fake } = whole;
  const plan = planOf(whole, options, groups, table.notes);
  const { equal, chamfer, studied, made, verdicts, judged } = plan;
  const chosen = { real: plan.real.subarray(0, studied), fake: plan.fake.subarray(0, groups * studied) };
  // Half of the training shapes at most take the place of generated ones; the others are fitted on.
  const half = Math.min(poolSize(train.length, studied), Math.floor(train.length / 2));
  const inStead = half >= 2 * studied ? half : studied;
  const study = {
    real: pick(real, chosen.real),
    fake: pick(fake, chosen.fake),
    train,
    trainDraw: plan.train && draw(train.length, inStead, seed, 2),
    groups,
  };
  const spaces = prepareSpaces(options.spaces ?? [], {
    ...chosen,
    train: study.trainDraw,
    counts: { real: real.length, fake: fake.length, train: train.length },
  });
  const total =
    (extended ? studyPairs(study, emdCases, judged) : 0) +
    real.length * fake.length +
    (real.length + fake.length) * train.length +
    triangle(equal) +
    triangle(groups * equal) +
    triangle(plan.train?.length ?? 0) +
    groups * chamfer * chamfer +
    triangle(chamfer) +
    triangle(groups * chamfer);
  let done = 0;
  const onPair = (): void => onProgress?.(++done, total);

  const distances = addDice(table, whole, plan, onPair);
  addChamfer(
    table,
    pick(real, plan.real.subarray(0, chamfer)),
    pick(fake, plan.fake.subarray(0, groups * chamfer)),
    points,
    plan,
    onPair,
  );
  // Without features to compare nothing need be described.
  const most = Math.max(...Object.values(PRDC_DEFAULTS));
  const described =
    extended || equal > most
      ? { real: describeShapes(real), fake: describeShapes(fake), train: describeShapes(train) }
      : undefined;
  if (described !== undefined && equal > most) {
    const instead = Math.max(made, judged ? poolSize(train.length, made) : 0);
    addPrdc(table, 'Features', 'plain shape features', {
      real: described.real.plain,
      fake: described.fake.plain,
      train:
        train.length > made
          ? pickDescriptions(described.train, draw(train.length, instead, seed, 2)).plain
          : undefined,
      size: made,
    });
  } else
    table.notes.push(
      `no precision, recall, density, coverage: they need more than ${most} real and generated shapes`,
    );
  addPlausibility(table, real, fake, verdicts);
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
      { seed, points, emdCases, judged, onPair },
    );
  for (const space of spaces) addSpace(table, space);
  return distances;
}

/** Looks for held-out shapes that were trained on: throws, or notes them where that is allowed. */
export function refuseOverlap(
  { real, train }: MaskSets,
  { seed, names, allowOverlap }: EvaluateOptions,
  notes: string[],
): void {
  const found = findSharedCases(real, train, names, seed);
  if (!allowOverlap) requireNoSharedCases(found, names);
  if (found.shared.length > 0)
    notes.push(
      `${NOT_HELD_OUT}: ${found.shared.length} of ${real.length} held-out shapes were trained on, so all figures flatter (without --allow-overlap they are named)`,
    );
}

/**
 * Compares the sets. Empty generated masks are counted, then left out. Throws before any metric: `NumericsError` for sets
 * below 2 cases (1 for train), `GridError` where grids differ, `VolumeError` for an empty real or training mask,
 * `DatasetError` where held-out shapes were trained on.
 */
export function evaluateSets(sets: MaskSets, options: Partial<EvaluateOptions> = {}): SetEvaluation {
  const settled = { ...EVALUATE_DEFAULTS, ...options };
  const { seed, verdicts, names } = settled;
  const whole = checkSets(sets, names);
  const { real, train, fake } = whole;
  const table = new ReportTable(seed, verdicts);
  const emptyFake = sets.fake.length - fake.length;
  if (emptyFake > 0)
    table.notes.push(
      `${emptyFake} empty generated masks are counted in "emptyShare" and left out of all else`,
    );
  refuseOverlap(whole, settled, table.notes);
  const { realTrain, fakeTrain } = fillTable(table, whole, settled);
  table.addShare(
    'emptyShare',
    sets.fake.map((mask) => !hasBone(mask)),
    {
      better: 'lower',
      ofReal: real.length + train.length,
      meaning: 'share of generated masks without any bone',
    },
  );
  return {
    counts: { real: real.length, train: train.length, fake: sets.fake.length, emptyFake },
    grid: { size: real[0].size, spacing: real[0].spacing },
    seed,
    metrics: table.metrics,
    ...(verdicts && { verdict: overallVerdict(table.metrics) }),
    nearestTraining: nearestTraining(fakeTrain, realTrain, seed),
    notes: [...table.notes, ...(verdicts ? warningNotes(table.metrics) : [])],
  };
}
