/**
 * Tests that tell copying from chance, as functions of plain numbers. One-sided throughout: only "too near" is of interest.
 *
 *   belowQuantileTail    do too many fakes lie below a quantile of the held-out reals? exact for any distribution
 *   fisherGreater        is a share of fakes larger than the share of reals? exact
 *   fitTail, tailP       how unlikely is one ratio among real ones? an exponential tail beyond the last order statistics
 *   benjaminiHochberg    which of many p-values stand, at a rate of false discoveries
 */

import { NumericsError } from '../errors.ts';
import { hypergeometricTail } from '../evaluation/binomial.ts';
import { quantileOfSorted } from '../evaluation/statistics.ts';

/**
 * P(at least `count` of `m` new values lie below the `rank`-th smallest of `n` old ones), all `n + m` alike and without ties:
 * that of at most `rank - 1` old ones among the lowest `count + rank - 1`. Unlike a binomial test with the quantile taken as
 * known, it counts that the threshold itself was estimated from few cases.
 */
export function belowQuantileTail(count: number, m: number, rank: number, n: number): number {
  if (rank < 1 || rank > n)
    throw new NumericsError({
      found: `order statistic ${rank} of ${n}`,
      expected: `one from 1 to ${n}`,
      todo: 'take in more held-out cases',
    });
  return hypergeometricTail(rank - 1, m + n, n, count + rank - 1);
}

/** Fisher's exact test: P(at least `a` of the hits are among the first `m`), hits `a + b` of `m + n`. */
export function fisherGreater(a: number, m: number, b: number, n: number): number {
  return hypergeometricTail(b, m + n, n, a + b);
}

/** Share of the real ratios that lie beyond the tail's start. */
const TAIL_SHARE = 0.2;
/** Fewest real ratios for a tail: 10 beyond its start. */
export const TAIL_LEAST = 50;

/** An exponential tail of -ln ratio. */
export interface Tail {
  /** -ln ratio at which it begins, ascending values before it. */
  start: number;
  /** Mean of what lies beyond it. */
  scale: number;
  /** Values beyond, and all. */
  beyond: number;
  values: number;
  /** All, ascending. */
  sorted: readonly number[];
  /** The scale is the median's. */
  robust: boolean;
}

/**
 * The tail of `-ln ratio` over real shapes. Where the real shapes near a point are spread evenly over `D` dimensions, the
 * ratio of first to second neighbour has P(ratio < r) = r^D whatever their density (Facco et al. 2017, TwoNN), so that -ln
 * ratio is exponential with mean 1 / D; only that form, beyond the upper fifth, is taken from there, its scale is measured.
 * `robust` measures it by the median: copies among the reals then hardly change it. Throws `NumericsError` for fewer than
 * 50 ratios.
 */
export function fitTail(ratios: readonly number[], robust = false): Tail {
  if (ratios.length < TAIL_LEAST)
    throw new NumericsError({
      found: `${ratios.length} real shapes`,
      expected: `at least ${TAIL_LEAST} (held-out and training together), to tell how near two people come by chance`,
      todo: 'take in more cases',
    });
  const sorted = ratios.map((r) => -Math.log(Math.max(r, 1e-12))).sort((a, b) => a - b);
  const beyond = Math.floor(TAIL_SHARE * sorted.length);
  const start = sorted[sorted.length - beyond - 1];
  const excess = sorted.slice(-beyond).map((x) => x - start);
  const scale = robust
    ? quantileOfSorted(excess, 0.5) / Math.LN2
    : excess.reduce((sum, x) => sum + x, 0) / beyond;
  return { start, scale, beyond, values: sorted.length, sorted, robust };
}

/**
 * How likely a new real shape has a ratio as small as this one: the share of reals above the tail's start, and beyond it
 *
 *   k/n (1 + (x - start) / (k scale))^-k        x = -ln ratio, k values beyond of n
 *
 * which is what an exponential tail comes to once its scale is known from k values only: exp(-x/scale) itself would give
 * twice as many false alarms with k = 38 as promised. (A robust scale is taken as known.)
 */
export function tailP({ start, scale, beyond, values, sorted, robust }: Tail, ratio: number): number {
  const x = -Math.log(Math.max(ratio, 1e-12));
  if (x <= start) return sorted.filter((v) => v >= x).length / values;
  if (robust) return (beyond / values) * Math.exp(-(x - start) / Math.max(scale, 1e-9));
  return (beyond / values) * (1 + (x - start) / (beyond * Math.max(scale, 1e-9))) ** -beyond;
}

/**
 * Which p-values stand at a false-discovery rate of `rate`: all up to the largest p_(k) <= rate k / m. Where nothing is true
 * of any, one stands with a probability of at most `rate`.
 */
export function benjaminiHochberg(p: readonly number[], rate: number): boolean[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b]);
  let last = -1;
  order.forEach((i, k) => {
    if (p[i] <= (rate * (k + 1)) / p.length) last = k;
  });
  const out = p.map(() => false);
  for (let k = 0; k <= last; k++) out[order[k]] = true;
  return out;
}
