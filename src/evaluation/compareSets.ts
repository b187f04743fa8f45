/**
 * Two generated sets beside each other, A and B, against the same held-out shapes: every figure of both, and by how much A
 * is better,
 *
 *   advantage = badness(B) - badness(A)        badness: the value, less of it, or its distance from the ideal
 *
 * with a 95 % interval and a permutation p-value. Half-samples draw the same real shapes for both sets, so their luck
 * cancels; shuffles exchange A and B, exact where both come from one distribution. As many of each are compared.
 *
 * The two sets go through `fillTable` as one, interleaved (even members A, odd members B), into a table that takes every
 * statistic of both: so each figure here is the same as in the evaluation of one set of this size.
 */
import { GridError, NumericsError, ShapeError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Mask } from '../volume/volume.ts';
import { wilsonInterval } from './bootstrap.ts';
import { type DistanceMatrix, rowMinima, subMatrix } from './distanceMatrix.ts';
import { draw, EVALUATE_DEFAULTS, type EvaluateOptions, fillTable, refuseOverlap } from './evaluateSets.ts';
import { type Features, pickRows } from './featureSet.ts';
import { metricDoc } from './metricDocs.ts';
import { meansTest, PERMUTATION_DEFAULTS, permutationTest } from './permutation.ts';
import { checkSets, hasBone, type MaskSets, type SetNames } from './setChecks.ts';
import {
  type Explained,
  everyMember,
  type HalvesOptions,
  type MetricTable,
  type SetMetric,
} from './setReport.ts';
import type { DescribedSpace } from './spaces/describedSpace.ts';
import { mean, quantileOfSorted } from './statistics.ts';
import { WORSE_P } from './verdict.ts';

/** One figure of both sets. */
export interface ComparedMetric {
  a: { value: number; low?: number; high?: number };
  b: { value: number; low?: number; high?: number };
  /** Above 0 where A is better. */
  advantage: { value: number; low?: number; high?: number };
  noInterval?: string;
  /** Chance of an advantage as large, either way, were A and B of one distribution. */
  p: number;
  permutations: number;
  /** By p <= 0.05 and at least as many cases as the figure needs. */
  better: 'A' | 'B' | 'cannot tell';
  /** Cases of each set. */
  n: number;
  unit: SetMetric['unit'];
  good: SetMetric['better'];
  reference?: number;
  meaning: string;
}

export interface SetComparison {
  counts: {
    real: number;
    train: number;
    a: number;
    b: number;
    compared: number;
    emptyA: number;
    emptyB: number;
  };
  seed: number;
  metrics: Record<string, ComparedMetric>;
  notes: string[];
}

/** How bad a value is: less is better, for every figure. */
export function badness(value: number, good: SetMetric['better'], reference = 0): number {
  if (good === 'lower') return value;
  if (good === 'higher') return -value;
  return Math.abs(value - (good === 'near 0.5' ? 0.5 : good === 'near 1' ? 1 : reference));
}

const HALVES = 200;
/** Shuffles of a mean cost nothing; those of whole sets the whole statistic. */
const FEW_SHUFFLES = 199;

/** The table that takes every statistic of both sets: even members A, odd members B. */
export class ComparisonTable implements MetricTable {
  readonly metrics: Record<string, ComparedMetric> = {};
  readonly notes: string[] = [];
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  addMean(
    name: string,
    values: ArrayLike<number>,
    { against, ...explained }: Explained & { against?: ArrayLike<number> },
  ): void {
    this.#add(
      name,
      [1, values.length],
      (_, members) => {
        let sum = 0;
        for (let i = 0; i < members.length; i++) sum += values[members[i]];
        return sum / members.length;
      },
      {},
      { ...(against !== undefined && { reference: mean(against) }), ...explained },
      PERMUTATION_DEFAULTS.permutations,
    );
  }

  addShare(): void {
    // Empty masks are of no one place in both sets: compareSets adds their shares itself.
  }

  /** Shares of two sets of any sizes, each with Wilson's interval, the difference with Newcombe's. */
  addShares(name: string, a: readonly boolean[], b: readonly boolean[], explained: Explained): void {
    const [x, y] = [a, b].map((hits) => Float64Array.from(hits, Number));
    const [p, q] = [mean(x), mean(y)];
    const [wp, wq] = [wilsonInterval(p, x.length), wilsonInterval(q, y.length)];
    const test = meansTest(x, y, { seed: this.#seed, tail: 'both' });
    this.metrics[name] = {
      a: { value: p, low: wp[0], high: wp[1] },
      b: { value: q, low: wq[0], high: wq[1] },
      advantage: {
        value: q - p,
        low: q - p - Math.hypot(q - wq[0], wp[1] - p),
        high: q - p + Math.hypot(wq[1] - q, p - wp[0]),
      },
      p: test.p,
      permutations: test.permutations,
      better: test.p > WORSE_P || p === q ? 'cannot tell' : p < q ? 'A' : 'B',
      n: Math.min(a.length, b.length),
      unit: '',
      good: explained.better,
      meaning: explained.meaning,
    };
  }

  addNearest(name: string, realFake: DistanceMatrix, explained: Explained): void {
    this.#add(
      name,
      [realFake.rows, realFake.columns],
      (reals, members) => mean(rowMinima(subMatrix(realFake, reals, members))),
      { range: [0, Number.POSITIVE_INFINITY] },
      explained,
    );
  }

  addHalves(
    name: string,
    sizes: readonly [number, number],
    statistic: (reals: Uint32Array, fakes: Uint32Array) => number,
    options: HalvesOptions,
    explained: Explained,
  ): void {
    this.#add(name, sizes, statistic, options, explained);
  }

  #add(
    name: string,
    [n, both]: readonly [number, number],
    statistic: (reals: Uint32Array, members: Uint32Array) => number,
    { least = 2, noInterval, range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] }: HalvesOptions,
    { unit = '', better: good, reference, meaning }: Explained,
    permutations = FEW_SHUFFLES,
  ): void {
    const m = both / 2;
    const of = (parity: 0 | 1) => (i: number) => 2 * i + parity;
    const every = everyMember(n);
    const bad = (value: number) => badness(value, good, reference);
    const [a, b] = ([0, 1] as const).map((g) => statistic(every, everyMember(m).map(of(g))));
    // Values that differ by rounding alone are equal.
    const gap = bad(b) - bad(a);
    const value = Math.abs(gap) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b)) ? 0 : gap;

    const half = Math.floor(Math.min(m, n === 1 ? m : n) / 2);
    const why =
      noInterval ??
      (half < least
        ? `half of the cases, ${half}, is too few for this number: it needs ${least}`
        : undefined);
    let intervals: [number, number][] = [];
    if (why === undefined) {
      const random = new RandomStream(this.#seed, 'evaluation/half-sample');
      const share = Math.floor(m / 2) / m;
      const scale = Math.sqrt(share / (1 - share));
      const drawn = [new Float64Array(HALVES), new Float64Array(HALVES), new Float64Array(HALVES)];
      for (let r = 0; r < HALVES; r++) {
        const reals = n === 1 ? every : random.permutation(n).slice(0, Math.floor(n / 2));
        for (const g of [0, 1] as const)
          drawn[g][r] = statistic(
            reals,
            random
              .permutation(m)
              .slice(0, Math.floor(m / 2))
              .map(of(g)),
          );
      }
      // An ideal bends differences: deviations of the badness are taken where the values are, not where halves drift.
      const centres = drawn.map((values) => mean(values));
      for (let r = 0; r < HALVES; r++) {
        const [atA, atB] = [a + scale * (drawn[0][r] - centres[0]), b + scale * (drawn[1][r] - centres[1])];
        drawn[0][r] = Math.min(range[1], Math.max(range[0], atA));
        drawn[1][r] = Math.min(range[1], Math.max(range[0], atB));
        drawn[2][r] = bad(drawn[1][r]) - bad(drawn[0][r]);
      }
      intervals = drawn.map((values) => {
        values.sort();
        return [quantileOfSorted(values, 0.025), quantileOfSorted(values, 0.975)];
      });
    }
    const within = (g: number, v: number) =>
      intervals.length === 0
        ? { value: v }
        : { value: v, low: Math.min(v, intervals[g][0]), high: Math.max(v, intervals[g][1]) };
    const test = permutationTest(
      m,
      m,
      (first, second) =>
        bad(statistic(every, second.map(interleaved(m)))) - bad(statistic(every, first.map(interleaved(m)))),
      { seed: this.#seed, permutations, tail: 'both' },
    );
    const { least: needed } = metricDoc(name) ?? { least: 0 };
    const told = test.p <= WORSE_P && m >= needed && value !== 0;
    this.metrics[name] = {
      a: within(0, a),
      b: within(1, b),
      advantage: within(2, value),
      ...(why !== undefined && { noInterval: why }),
      p: test.p,
      permutations,
      better: !told ? 'cannot tell' : value > 0 ? 'A' : 'B',
      n: m,
      unit,
      good,
      ...(reference !== undefined && { reference }),
      meaning,
    };
  }
}

/** Members 0 .. m - 1 are A, the rest B; in the table they lie interleaved. */
const interleaved =
  (m: number) =>
  (i: number): number =>
    i < m ? 2 * i : 2 * (i - m) + 1;

/** Features of both sets, A's before B's, in the order of the table. Throws `ShapeError` where there are more or fewer. */
function interleavedRows({ name, fake }: DescribedSpace, count: number, order: Uint32Array): Features {
  if (fake.count === count) return pickRows(fake, order);
  throw new ShapeError({
    found: `space ${name}: ${fake.count} rows for ${count} generated shapes`,
    expected: 'one row for each generated shape that has bone, of A and then of B',
    todo: 'describe the same sets that are compared (describeSets)',
  });
}

/** The sets of a comparison. */
export interface TwoSets extends Omit<MaskSets, 'fake'> {
  a: readonly Mask[];
  b: readonly Mask[];
}

/**
 * Compares two generated sets on the same real shapes. Empty masks are counted, then left out; of the larger set as many
 * are drawn as the smaller has. Throws as `evaluateSets`.
 */
export function compareSets(
  { real, train, a, b }: TwoSets,
  options: Partial<Omit<EvaluateOptions, 'names'>> & {
    names?: Omit<SetNames, 'fake'> & { a?: SetNames['fake']; b?: SetNames['fake'] };
  } = {},
): SetComparison {
  const { names: given = {}, ...rest } = options;
  const names = { real: given.real, train: given.train };
  const settled: EvaluateOptions = { ...EVALUATE_DEFAULTS, ...rest, names };
  const { seed } = settled;
  const [setsA, setsB] = (
    [
      [a, given.a, 'A'],
      [b, given.b, 'B'],
    ] as const
  ).map(([fake, named, letter]) => {
    try {
      return checkSets({ real, train, fake }, { ...names, fake: named });
    } catch (error) {
      // Which of the two it is must be said.
      if (error instanceof NumericsError || error instanceof GridError)
        throw new (error.constructor as typeof NumericsError)(
          { ...error.explanation, found: `set ${letter}: ${error.explanation.found}` },
          { cause: error },
        );
      throw error;
    }
  });
  requireSameGrid(setsA.fake[0], setsB.fake[0], 'set A', 'set B');
  const table = new ComparisonTable(seed);
  const compared = Math.min(setsA.fake.length, setsB.fake.length);
  for (const [letter, all, whole] of [
    ['A', a, setsA.fake],
    ['B', b, setsB.fake],
  ] as const) {
    if (whole.length < all.length)
      table.notes.push(
        `${all.length - whole.length} empty masks of ${letter} are counted in "emptyShare" and left out of all else`,
      );
    if (whole.length > compared)
      table.notes.push(`${compared} of the ${whole.length} of ${letter} are compared`);
  }
  refuseOverlap(setsA, settled, table.notes);
  const both = [...setsA.fake, ...setsB.fake];
  const chosen = [setsA.fake, setsB.fake].map((fake, g) =>
    fake.length === compared ? everyMember(compared) : draw(fake.length, compared, seed, 3 + g),
  );
  const order = Uint32Array.from(
    { length: 2 * compared },
    (_, i) => (i % 2) * setsA.fake.length + chosen[i % 2][i >> 1],
  );
  const spaces = settled.spaces?.map((space) => ({
    ...space,
    fake: interleavedRows(space, both.length, order),
  }));
  const fake = Array.from(order, (i) => both[i]);
  fillTable(table, { real, train, fake }, { ...settled, spaces }, 2);
  const isEmpty = (mask: Mask) => !hasBone(mask);
  table.addShares('emptyShare', a.map(isEmpty), b.map(isEmpty), {
    better: 'lower',
    meaning: 'share of generated masks without any bone',
  });
  return {
    counts: {
      real: real.length,
      train: train.length,
      a: a.length,
      b: b.length,
      compared,
      emptyA: a.length - setsA.fake.length,
      emptyB: b.length - setsB.fake.length,
    },
    seed,
    metrics: table.metrics,
    notes: table.notes,
  };
}
