/**
 * Means, quantiles and intervals of plain lists of numbers. Quantiles interpolate linearly between order statistics
 * (numpy's default); intervals are percentile bootstraps, drawn from a seeded stream so that a report can be repeated.
 */
import { NumericsError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';

type Numbers = ArrayLike<number>;

function refuseEmpty(what: string): NumericsError {
  return new NumericsError({
    found: `the ${what} of no numbers`,
    expected: 'at least one number',
    todo: 'evaluate at least one case',
  });
}

/** Arithmetic mean. Throws `NumericsError` for an empty list. */
export function mean(values: Numbers): number {
  if (values.length === 0) throw refuseEmpty('mean');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Quantile of an ascending list: position `q (n - 1)`, linear between neighbours. */
export function quantileOfSorted(sorted: Numbers, q: number): number {
  if (sorted.length === 0) throw refuseEmpty('quantile');
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Quantile `q` in [0, 1] of a list in any order. Throws `NumericsError` for an empty list. */
export function quantile(values: Numbers, q: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}

/** A mean with its 95 % interval. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
  /** How many numbers it is the mean of. */
  n: number;
}

/**
 * Mean with its 95 % percentile-bootstrap interval: the 2.5 and 97.5 % quantiles of the means of `resamples` samples of
 * the same size drawn with replacement. The numbers must be independent cases. Throws `NumericsError` for an empty list.
 */
export function bootstrapMean(values: Numbers, seed = 0, resamples = 1000): Interval {
  const n = values.length;
  const random = new RandomStream(seed, 'evaluation/bootstrap');
  const means = new Float64Array(resamples);
  const centre = mean(values);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.integer(n)];
    means[r] = sum / n;
  }
  means.sort();
  return { mean: centre, low: quantileOfSorted(means, 0.025), high: quantileOfSorted(means, 0.975), n };
}

/** 97.5 % points of Student's t of 1 .. 10 degrees of freedom. */
const T = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814];
/** 97.5 % point of the normal distribution. */
export const NORMAL_POINT = 1.959964;

/** 97.5 % point of Student's t: tabled up to 10 degrees of freedom, from there z + (z^3 + z) / 4 df + ... (to 3e-4). */
export function student(df: number): number {
  if (df < 1) return Number.POSITIVE_INFINITY;
  if (df <= T.length) return T[df - 1];
  const z3 = NORMAL_POINT ** 3;
  const z5 = NORMAL_POINT ** 5;
  const third = (3 * NORMAL_POINT ** 7 + 19 * z5 + 17 * z3 - 15 * NORMAL_POINT) / (384 * df ** 3);
  return (
    NORMAL_POINT +
    (z3 + NORMAL_POINT) / (4 * df) +
    (5 * z5 + 16 * z3 + 3 * NORMAL_POINT) / (96 * df * df) +
    third
  );
}
