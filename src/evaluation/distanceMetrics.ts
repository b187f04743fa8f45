/**
 * Metrics from distances of all pairs: nearest distances, 1-NNA, coverage and energy distance by 1 - Dice; 1-NNA, coverage
 * and MMD by the Chamfer distance of surface points. Each with floor or permutation test, where they are judged.
 */
import type { Mask } from '../volume/volume.ts';
import { chamferDistance, pointCloud } from './chamfer.ts';
import {
  crossDistances,
  type DistanceMatrix,
  rowMinima,
  selfDistances,
  subMatrix,
  transposed,
} from './distanceMatrix.ts';
import { inPlace } from './distributionMetrics.ts';
import { energyDistance } from './energy.ts';
import { poolSize } from './floor.ts';
import { diceDistance, packMask } from './overlap.ts';
import { kernelTest, nearestTest, permutationTest, unionTable } from './permutation.ts';
import type { MaskSets } from './setChecks.ts';
import {
  coverageShare,
  minimumMatchingDistance,
  nearestNeighbourAccuracy,
  twoSidedAccuracy,
} from './setMetrics.ts';
import { everyMember, type MetricTable } from './setReport.ts';
import { mean } from './statistics.ts';
import { surfaceSample } from './surfaceSample.ts';

const TOLD_APART =
  'share of shapes whose nearest other is of their own set: 0.5 cannot be told apart, 1 told apart, below 0.5 copying';
const TOLD_APART_SIDED =
  'the same, each set by itself: 0.5 + the mean distance of both shares from 0.5; scattered fragments, which 1-NNA takes for real, score 1';
const REACHED =
  'share of held-out real shapes that are the nearest real one of some generated shape; low: kinds are missing';

const pick = <T>(items: readonly T[], indices: Uint32Array): T[] => Array.from(indices, (i) => items[i]);

/** How sets are drawn for one evaluation; `groups` generated sets lie interleaved in `fake` (compareSets.ts). */
export interface Plan {
  groups: 1 | 2;
  /** With the metrics that come with verdicts. */
  verdicts: boolean;
  /** With draws of real shapes and shuffled labels: of one generated set only. */
  judged: boolean;
  /** Generated shapes of a group. */
  made: number;
  /** Cases of each set that are compared at equal sizes. */
  equal: number;
  chamfer: number;
  studied: number;
  real: Uint32Array;
  fake: Uint32Array;
  /** Training shapes in the place of generated ones: the first `equal` are the reference, all of them the pool. */
  train: Uint32Array | undefined;
}

type Tables = Record<'realReal' | 'realFake' | 'fakeFake', DistanceMatrix>;

/** 1-NNA, coverage and energy distance of two sets by one kind of distance; `placed`: with training shapes for generated. */
function addSetDistances(
  table: MetricTable,
  kind: 'Dice' | 'Chamfer',
  tables: Tables,
  { size, verdicts, judged, placed }: { size: number; verdicts: boolean; judged: boolean; placed?: Tables },
): void {
  const sizes = [tables.realFake.rows, tables.realFake.columns] as const;
  const reals = everyMember(sizes[0]);
  const nna =
    (accuracy = nearestNeighbourAccuracy) =>
    (t: Tables) =>
    (a: Uint32Array, b: Uint32Array) =>
      accuracy(subMatrix(t.realReal, a, a), subMatrix(t.realFake, a, b), subMatrix(t.fakeFake, b, b));
  const energy = (t: Tables) => (a: Uint32Array, b: Uint32Array) =>
    energyDistance(subMatrix(t.realReal, a, a), subMatrix(t.realFake, a, b), subMatrix(t.fakeFake, b, b));
  const coverage = (t: Tables) => (a: Uint32Array, b: Uint32Array) =>
    coverageShare(subMatrix(t.realFake, a, b));
  /** The same with training shapes in the place of generated ones. */
  const instead = (of: (t: Tables) => (a: Uint32Array, b: Uint32Array) => number, range?: [number, number]) =>
    placed && inPlace(placed.realFake.columns, size, (b) => of(placed)(reals, b), range);
  const union = judged
    ? unionTable(tables.realReal, tables.realFake, tables.fakeFake)
    : { rows: 0, columns: 0, values: new Float64Array(0) };
  table.addHalves(
    `oneNna${kind}`,
    sizes,
    nna()(tables),
    { trials: 2 * sizes[0], range: [0, 1] },
    {
      better: 'near 0.5',
      meaning: TOLD_APART,
      ...instead(nna(), [0, 1]),
      test: (options) => nearestTest(union, sizes[0], options),
    },
  );
  const sided = nna(twoSidedAccuracy);
  table.addHalves(
    `oneNnaSided${kind}`,
    sizes,
    sided(tables),
    { trials: 2 * sizes[0], range: [0.5, 1] },
    {
      better: 'near 0.5',
      meaning: TOLD_APART_SIDED,
      ...instead(sided, [0.5, 1]),
      test: (options) =>
        permutationTest(
          ...sizes,
          (a, b) => twoSidedAccuracy(subMatrix(union, a, a), subMatrix(union, a, b), subMatrix(union, b, b)),
          { ...options, permutations: FEW_SHUFFLES },
        ),
    },
  );
  table.addHalves(
    `coverage${kind}`,
    sizes,
    coverage(tables),
    { trials: sizes[0], range: [0, 1] },
    {
      better: 'higher',
      meaning: REACHED,
      ...instead(coverage, [0, 1]),
      // Of equal sizes, so that a shuffle asks the same question.
      test: (options) =>
        permutationTest(...sizes, (a, b) => coverageShare(subMatrix(union, a, b)), {
          ...options,
          permutations: FEW_SHUFFLES,
        }),
    },
  );
  if (kind !== 'Dice' || !verdicts) return;
  table.addHalves(
    'energyDice',
    sizes,
    energy(tables),
    {},
    {
      better: 'lower',
      meaning:
        'energy distance: how much farther shapes lie from those of the other set than from those of their own, by 1 - Dice; 0 on average for equal distributions',
      ...instead(energy),
      test: (options) => kernelTest({ ...union, values: union.values.map((d) => -d) }, sizes[0], options),
    },
  );
}

/** Shuffles where each costs the whole statistic. */
const FEW_SHUFFLES = 199;

/** 1 - Dice: nearest neighbours over whole sets, the rest on the draws. Returns the distances to training. */
export function addDice(
  table: MetricTable,
  { real, train, fake }: MaskSets,
  plan: Plan,
  onPair: () => void,
): { realTrain: DistanceMatrix; fakeTrain: DistanceMatrix } {
  const [reals, trains, fakes] = [real, train, fake].map((masks) => masks.map((m) => packMask(m.data)));
  const realFake = crossDistances(reals, fakes, diceDistance, onPair);
  const realTrain = crossDistances(reals, trains, diceDistance, onPair);
  const fakeTrain = crossDistances(fakes, trains, diceDistance, onPair);
  table.addMean('fakeToTrainDice', rowMinima(fakeTrain), {
    better: 'near reference',
    against: rowMinima(realTrain),
    meaning:
      '1 - Dice of each generated shape to its nearest training shape; far below the held-out real ones: copying',
  });
  table.addMean('fakeToRealDice', rowMinima(transposed(realFake)), {
    better: 'lower',
    against: rowMinima(transposed(realTrain)),
    meaning:
      '1 - Dice of each generated shape to its nearest held-out real one (reference: of each training shape)',
  });
  const every = everyMember(real.length);
  const pool = plan.judged ? poolSize(train.length, plan.made) : 0;
  table.addNearest('realToFakeDice', realFake, {
    better: 'lower',
    reference: mean(rowMinima(realTrain)),
    ...(pool > 0 && inPlace(pool, plan.made, (b) => mean(rowMinima(subMatrix(realTrain, every, b))), [0, 1])),
    meaning:
      '1 - Dice of each held-out real shape to its nearest generated one (reference: nearest of as many training shapes)',
  });

  const realReal = selfDistances(pick(reals, plan.real), diceDistance, onPair);
  const tables = {
    realReal,
    realFake: subMatrix(realFake, plan.real, plan.fake),
    fakeFake: selfDistances(pick(fakes, plan.fake), diceDistance, onPair),
  };
  const placed = plan.train && {
    realReal,
    realFake: subMatrix(realTrain, plan.real, plan.train),
    fakeFake: selfDistances(pick(trains, plan.train), diceDistance, onPair),
  };
  addSetDistances(table, 'Dice', tables, { ...plan, size: plan.equal, placed });
  return { realTrain, fakeTrain };
}

/** The same by squared distances between surface points, on equally many cases. */
export function addChamfer(
  table: MetricTable,
  real: Mask[],
  fake: Mask[],
  points: number,
  plan: Plan,
  onPair: () => void,
): void {
  const [reals, fakes] = [real, fake].map((masks) => masks.map((m) => pointCloud(surfaceSample(m, points))));
  const realFake = crossDistances(reals, fakes, chamferDistance, onPair);
  const realReal = selfDistances(reals, chamferDistance, onPair);
  const fakeFake = selfDistances(fakes, chamferDistance, onPair);
  const tables = { realReal, realFake, fakeFake };
  addSetDistances(table, 'Chamfer', tables, { ...plan, size: real.length });
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
      test: (options) => {
        const union = unionTable(realReal, realFake, fakeFake);
        return permutationTest(
          real.length,
          fake.length,
          (a, b) => minimumMatchingDistance(subMatrix(union, a, b)),
          { ...options, permutations: FEW_SHUFFLES },
        );
      },
    },
  );
}
