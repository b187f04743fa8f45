/**
 * Intervals for numbers that belong to whole sets, for differences of two arms, and for figures over training seeds.
 *
 * **Sets: half-sampling.** A resample with replacement holds copies, and a copy is its own nearest neighbour at distance
 * 0: 1-NNA, coverage, precision and KID all change their meaning. So half of each set is drawn *without* replacement
 * (Politis and Romano 1994). For a statistic whose variance falls as 1/n, that of a half about the whole is
 * s^2 (1/b - 1/n) = s^2 / n at b = n/2: exactly that of the whole about the truth, no rescaling. (For odd n, deviations
 * are multiplied by sqrt(b / (n - b)).) Nearest-neighbour numbers drift with the size of a set, so deviations are taken
 * from the mean of the halves, not from the whole:
 *
 *   interval = value + quantiles of (half - mean of halves)
 *
 * and a share that stands at 0 or 1 in every half still gets Wilson's interval. This is the interval of the statistic at
 * this size of sets; it does not see the drift itself, so compare arms at equal sizes. For KID and FID of equal
 * distributions, whose deviation falls as 1/n, it is too wide (up to sqrt 3). Measured coverage of the "95 %" with 20 + 20
 * and 40 + 40 points, alike and apart by one deviation, 200 runs each: 1-NNA .98, COV .995-1, PRDC precision .94-.98 and
 * coverage .94 (.53-.90 without Wilson), KID .90 apart and .995 alike, FID .92-.94 apart and .99 alike.
 *
 * **Differences of arms** are one statistic of shared indices: draw once, compute both arms, subtract. Where real cases
 * (and seeds of generated ones) are shared, their luck cancels.
 *
 * **Seeds, then cases.** Figures averaged over few training seeds vary by seed and by case. Seeds are resampled with
 * replacement, one less than there are (Rao and Wu 1988: else the variance between seeds comes out too small by
 * (S - 1)/S), then cases within: own cases of each seed, or, where all seeds are scored on the same cases, one draw of
 * cases for all of them. So few seeds need Student's t: deviations between seeds are multiplied by t(S - 1) / z, after
 * taking out of them what the finite number of cases explains. Measured coverage, 400 runs a setting, 20 cases a seed:
 * .89-.975 with 3 seeds, .925-.96 with 5, .92-.95 with 10 (without the t: .82 with 3 seeds that differ).
 */
import { NumericsError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { mean, NORMAL_POINT, quantileOfSorted, student } from './statistics.ts';

/** A value with its 95 % interval. */
export interface SetInterval {
  value: number;
  low: number;
  high: number;
}

export interface HalfSampleOptions {
  seed: number;
  resamples: number;
  /** Least and largest possible value; the interval is cut there. */
  range: readonly [number, number];
  /** Where the statistic is a share of so many members: the interval holds Wilson's of that share too. */
  trials?: number;
}

export const HALF_SAMPLE_DEFAULTS: HalfSampleOptions = {
  seed: 0,
  resamples: 200,
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
};

/** Least members of a set for half-sampling. */
export const HALF_SAMPLE_LEAST = 4;

function requireCount(count: number, least: number, what: string): void {
  if (!Number.isInteger(count) || count < least)
    throw new NumericsError({
      found: `${count} ${what}`,
      expected: `a whole number of at least ${least}`,
      todo: 'take more cases, seeds or resamples',
    });
}

/**
 * 95 % interval of `statistic(indices)`, a function of which members of each set it may look at; it is called with all
 * members for the value and with halves of each set for the interval. For a difference of two arms let it compute both
 * from the same indices. Throws `NumericsError` for sets below 4 members, fewer than 2 resamples, or a statistic that is
 * not finite.
 */
export function halfSampleInterval(
  sizes: readonly number[],
  statistic: (indices: Uint32Array[]) => number,
  options: Partial<HalfSampleOptions> = {},
): SetInterval {
  const { seed, resamples, range, trials } = { ...HALF_SAMPLE_DEFAULTS, ...options };
  for (const n of sizes) requireCount(n, HALF_SAMPLE_LEAST, 'members of a set');
  requireCount(resamples, 2, 'resamples');
  const random = new RandomStream(seed, 'evaluation/half-sample');
  const value = statistic(sizes.map((n) => Uint32Array.from({ length: n }, (_, i) => i)));
  const halves = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++)
    halves[r] = statistic(sizes.map((n) => random.permutation(n).slice(0, Math.floor(n / 2))));
  if (!Number.isFinite(value) || !halves.every(Number.isFinite))
    throw new NumericsError({
      found: 'a statistic that is not finite',
      expected: 'a finite number for all members and for every half',
      todo: 'take more cases: half of each set must still define it',
    });
  // Sets may be odd by different amounts; the smallest share drawn widens most.
  const share = Math.min(...sizes.map((n) => Math.floor(n / 2) / n));
  const scale = Math.sqrt(share / (1 - share));
  const centre = mean(halves);
  halves.sort();
  const at = (q: number): number =>
    Math.min(range[1], Math.max(range[0], value + scale * (quantileOfSorted(halves, q) - centre)));
  // Of a statistic with few values the quantiles may pass it by.
  const [low, high] = [Math.min(value, at(0.025)), Math.max(value, at(0.975))];
  if (trials === undefined) return { value, low, high };
  const wilson = wilsonInterval(value, trials);
  return { value, low: Math.min(low, wilson[0]), high: Math.max(high, wilson[1]) };
}

/** Wilson's 95 % score interval of a share of `n` trials; never empty, also at shares of 0 and 1. */
export function wilsonInterval(share: number, n: number): [number, number] {
  const z2 = (NORMAL_POINT * NORMAL_POINT) / n;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (NORMAL_POINT * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n))) / (1 + z2);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** An interval of a difference, and how surely it is above 0. */
export interface Difference extends SetInterval {
  /** Share of resamples in which the difference is above 0 (those at 0 count half). */
  aboveZero: number;
}

/** Quantiles of resampled values as an interval about `value`. */
function percentiles(value: number, resampled: Float64Array): Difference {
  let above = 0;
  for (const v of resampled) above += v > 0 ? 1 : v === 0 ? 0.5 : 0;
  resampled.sort();
  return {
    value,
    low: quantileOfSorted(resampled, 0.025),
    high: quantileOfSorted(resampled, 0.975),
    aboveZero: above / resampled.length,
  };
}

/**
 * Mean difference a - b over cases scored by both arms, with a percentile bootstrap of the pairs. Throws `NumericsError`
 * for lists of unequal length, none, or numbers that are not finite.
 */
export function pairedDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { seed = 0, resamples = 1000 }: { seed?: number; resamples?: number } = {},
): Difference {
  if (a.length !== b.length)
    throw new NumericsError({
      found: `${a.length} cases of one arm, ${b.length} of the other`,
      expected: 'the same cases of both, in one order',
      todo: 'pair the cases by name first',
    });
  const difference = Float64Array.from({ length: a.length }, (_, i) => a[i] - b[i]);
  // Two equal seeds: no variation between them, one draw of cases for both.
  return seedsThenCases([difference, difference], { cases: 'shared', seed, resamples });
}

export interface SeedOptions {
  /** Has each seed cases of its own (generated shapes), or are all scored on the same ones (held-out shapes, in order)? */
  cases: 'own' | 'shared';
  seed: number;
  resamples: number;
}

export const SEED_DEFAULTS: SeedOptions = { cases: 'own', seed: 0, resamples: 1000 };

/**
 * Two-level bootstrap: `values[s]` holds one number a case of training seed s; the value is the mean over seeds of each
 * seed's mean. For a paired difference of two arms give the differences, seed by seed and case by case. Throws
 * `NumericsError` for fewer than 2 seeds, a seed without cases, shared cases that differ in number, or numbers that are
 * not finite.
 */
export function seedsThenCases(
  values: readonly ArrayLike<number>[],
  options: Partial<SeedOptions> = {},
): Difference {
  const { cases, seed, resamples } = { ...SEED_DEFAULTS, ...options };
  requireCount(values.length, 2, 'training seeds');
  requireCount(resamples, 2, 'resamples');
  for (const row of values) {
    requireCount(row.length, 1, 'cases of a seed');
    if (cases === 'shared' && row.length !== values[0].length)
      throw new NumericsError({
        found: `seeds with ${values[0].length} and ${row.length} cases`,
        expected: 'the same cases of every seed, in one order',
        todo: "pair them by name first, or resample each seed's own cases",
      });
    for (let i = 0; i < row.length; i++)
      if (!Number.isFinite(row[i]))
        throw new NumericsError({
          found: `the value ${row[i]} of case ${i}`,
          expected: 'finite numbers',
          todo: 'leave failed cases out and count them',
        });
  }
  const random = new RandomStream(seed, 'evaluation/seeds-then-cases');
  const count = values.length;
  const means = values.map((v) => mean(v));
  const value = mean(means);
  const betweenScale = seedScale(values, means, value, cases);
  // Own cases: S - 1 draws of S make their part too large by S / (S - 1).
  const withinScale = cases === 'own' ? Math.sqrt((count - 1) / count) : 1;
  const out = new Float64Array(resamples);
  const indices = new Uint32Array(Math.max(...values.map((v) => v.length)));
  for (let r = 0; r < resamples; r++) {
    let [between, within] = [0, 0];
    for (let d = 0; d < count - 1; d++) {
      const s = random.integer(count);
      const row = values[s];
      const n = row.length;
      if (d === 0 || cases === 'own') for (let i = 0; i < n; i++) indices[i] = random.integer(n);
      let inner = 0;
      for (let i = 0; i < n; i++) inner += row[indices[i]];
      between += means[s] - value;
      within += inner / n - means[s];
    }
    out[r] = value + (betweenScale * between + withinScale * within) / (count - 1);
  }
  return percentiles(value, out);
}

/**
 * What deviations between seeds are multiplied by: t over z for so few seeds, and less where the means of seeds differ no
 * more than their finite cases explain (that part is counted by resampling the cases).
 */
function seedScale(
  values: readonly ArrayLike<number>[],
  means: readonly number[],
  value: number,
  cases: SeedOptions['cases'],
): number {
  const count = values.length;
  const observed = means.reduce((sum, m) => sum + (m - value) ** 2, 0) / (count - 1);
  if (observed === 0) return 0;
  let explained = 0; // variance of a seed's mean by its cases, averaged over seeds
  for (let s = 0; s < count; s++) {
    const n = values[s].length;
    if (n < 2) continue;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      let own = values[s][i] - means[s];
      // What all seeds say of a shared case is no difference between seeds.
      if (cases === 'shared') {
        let shared = 0;
        for (let q = 0; q < count; q++) shared += values[q][i] - means[q];
        own -= shared / count;
      }
      squares += own * own;
    }
    const degrees = cases === 'shared' ? ((n - 1) * (count - 1)) / count : n - 1;
    explained += squares / (degrees * n * count);
  }
  const net = Math.max(0, observed - explained) / observed;
  return (student(count - 1) / NORMAL_POINT) * Math.sqrt(net);
}
