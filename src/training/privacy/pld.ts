/**
 * Accounting by the distribution of the privacy loss ("PLD"): what many steps lose together is the convolution of what each
 * loses, taken by the Fourier transform (Koskela, Jalko & Honkela 2020; Gopi, Lee & Wutschitz 2021), and
 *
 *   delta(epsilon) = E [ max(0, 1 - exp(epsilon - L)) ] + P(L infinite).
 *
 * The discretised losses dominate the true ones (lossDistribution.ts), what falls outside the window of the transform is
 * bounded by Chernoff and added to delta, so the figure is an upper bound up to rounding of about 1e-13 in delta, and nearly
 * the truth: where Renyi accounting says 8, it says 7.3 or so.
 */
import { fft } from './fft.ts';
import {
  DIRECTIONS,
  type Direction,
  type LossDistribution,
  logMomentAt,
  lossDistribution,
  lossRange,
} from './lossDistribution.ts';
import type { Mechanism } from './rdp.ts';

/** Powers of two that the transform's length is chosen from. */
const SIZE = { least: 2 ** 13, most: 2 ** 20 };
/** Grid points of the first look at a step, which finds the window. */
const COARSE = 2000;
const EXPONENTS = Array.from({ length: 40 }, (_, i) => 0.02 * 1.28 ** i);

export interface PldOptions {
  directions?: readonly Direction[];
  /** What the grid may add to the mean of the summed loss; epsilon rises by up to some 20 times that. Default 1e-5. */
  excess?: number;
}

/** The least epsilon for a delta (1e-10 or more), of both directions; infinite where there is no noise. */
export function pldEpsilon(
  mechanisms: readonly Mechanism[],
  delta: number,
  { directions = DIRECTIONS, excess = 1e-5 }: PldOptions = {},
): number {
  const used = mechanisms.filter((m) => m.count > 0 && m.rate > 0);
  if (used.length === 0) return 0;
  if (used.some((m) => m.noise === 0)) return Number.POSITIVE_INFINITY;
  return Math.max(...directions.map((direction) => epsilonOf(used, direction, delta, excess)));
}

/** Where a sum of losses lies, and the exponents of Chernoff's bound that say so best. */
interface Reach {
  low: number;
  high: number;
  down: number;
  up: number;
}

/** `sum_m count_m log E exp(t L_m)`. */
function logMomentOfSum(losses: readonly LossDistribution[], counts: readonly number[], t: number): number {
  return losses.reduce((sum, loss, i) => sum + counts[i] * logMomentAt(loss, t), 0);
}

/** Least and largest sum of losses, but for a probability `tail` at each end, by Chernoff's bound. */
function reachOfSum(losses: readonly LossDistribution[], counts: readonly number[], tail: number): Reach {
  const reach = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, down: 1, up: 1 };
  for (const t of EXPONENTS) {
    const high = (logMomentOfSum(losses, counts, t) - Math.log(tail)) / t;
    const low = -(logMomentOfSum(losses, counts, -t) - Math.log(tail)) / t;
    if (high < reach.high) Object.assign(reach, { high, up: t });
    if (low > reach.low) Object.assign(reach, { low, down: t });
  }
  return reach;
}

function epsilonOf(
  mechanisms: readonly Mechanism[],
  direction: Direction,
  delta: number,
  excess: number,
): number {
  const counts = mechanisms.map((m) => m.count);
  const steps = counts.reduce((a, b) => a + b, 0);
  const tail = delta * 1e-5;
  const ranges = mechanisms.map((m) => lossRange(m, direction, tail / steps));
  const coarse = mechanisms.map((m, i) =>
    lossDistribution(m, direction, ranges[i], (ranges[i][1] - ranges[i][0]) / COARSE),
  );
  const { low, high, down, up } = reachOfSum(coarse, counts, tail);
  // The grid adds about h^2 / 12 to the mean of a step.
  const wanted = (high - low) / Math.sqrt((12 * excess) / steps);
  let size = SIZE.least;
  while (size < wanted && size < SIZE.most) size *= 2;
  const step = (1.02 * (high - low)) / size;
  const first = Math.floor(low / step - 0.005 * size);

  const losses = mechanisms.map((m, i) => {
    // A single loss beyond the window sends the sum out of it: it counts as failure, which is never too little.
    const most = Math.min(ranges[i][1], Math.max(high, 0) + (high - low));
    return lossDistribution(m, direction, [ranges[i][0], most], step);
  });
  const sums = convolve(losses, counts, first, size);
  // What the transform wrapped around, and single losses above their grid.
  let lost =
    Math.exp(logMomentOfSum(losses, counts, up) - up * (first + size - 1) * step) +
    Math.exp(logMomentOfSum(losses, counts, -down) + down * first * step);
  for (const [i, loss] of losses.entries()) lost -= Math.expm1(counts[i] * Math.log1p(-loss.infinite));
  return epsilonWithin(sums, first, step, delta, lost);
}

/** Masses of the sums `first .. first + size - 1` (in grid steps), what lies outside wrapped around. */
function convolve(
  losses: readonly LossDistribution[],
  counts: readonly number[],
  first: number,
  size: number,
): Float64Array {
  // A real distribution: the second half of its spectrum is the first one mirrored.
  const logAbs = new Float64Array(size / 2 + 1);
  const phase = new Float64Array(size / 2 + 1);
  for (const [i, { first: start, mass }] of losses.entries()) {
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    for (let k = 0; k < mass.length; k++) re[modulo(start + k, size)] += mass[k];
    fft(re, im);
    for (let k = 0; k <= size / 2; k++) {
      logAbs[k] += (counts[i] / 2) * Math.log(re[k] * re[k] + im[k] * im[k]);
      phase[k] += counts[i] * Math.atan2(im[k], re[k]);
    }
  }
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let k = 0; k <= size / 2; k++) {
    const abs = Math.exp(logAbs[k]);
    const mirror = (size - k) % size;
    re[k] = abs * Math.cos(phase[k]);
    im[k] = abs * Math.sin(phase[k]);
    re[mirror] = re[k];
    if (mirror !== k) im[mirror] = -im[k];
  }
  fft(re, im, true);
  return Float64Array.from({ length: size }, (_, k) => Math.max(0, re[modulo(first + k, size)]));
}

const modulo = (i: number, n: number): number => ((i % n) + n) % n;

/** The epsilon where `lost + sum_{loss > epsilon} (1 - exp(epsilon - loss)) mass` is `delta`; at least 0. */
function epsilonWithin(mass: Float64Array, first: number, step: number, delta: number, lost: number): number {
  const total = mass.reduce((a, b) => a + b, lost);
  // A distribution that does not add up is none: better no figure than a wrong one. (NaN fails the test too.)
  if (!(Math.abs(total - 1) < 1e-4)) return Number.POSITIVE_INFINITY;
  if (lost >= delta) return Number.POSITIVE_INFINITY;
  // With losses down to e_i included: delta(epsilon) = lost + S - exp(epsilon) T. T is kept relative to exp(-e_i).
  let s = 0;
  let t = 0;
  for (let i = mass.length - 1; i >= 0; i--) {
    const loss = (first + i) * step;
    if (loss <= 0) break;
    t = t * Math.exp(-step) + mass[i];
    s += mass[i];
    if (lost + s - Math.exp(-step) * t >= delta) return Math.max(0, loss + Math.log((lost + s - delta) / t));
  }
  return 0;
}
