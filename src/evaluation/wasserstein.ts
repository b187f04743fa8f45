/**
 * Distance of two samples of one number a case (Vallender 1974): how far values must be moved, on average, to turn one
 * distribution into the other,
 *
 *   W1 = integral |F_a(v) - F_b(v)| dv,
 *
 * in the unit of the values; |mean(a) - mean(b)| at least. Two samples of one distribution are at about s / sqrt(n) from
 * each other, not 0: read it with a permutation test.
 */
import { NumericsError } from '../errors.ts';

/** W1 of two samples of any sizes. Throws `NumericsError` for an empty sample or a value that is not finite. */
export function wasserstein(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [a, b].map((values) => Float64Array.from(values).sort());
  if (x.length === 0 || y.length === 0 || !x.every(Number.isFinite) || !y.every(Number.isFinite))
    throw new NumericsError({
      found: `samples of ${x.length} and ${y.length} values, not all finite or none`,
      expected: 'finite values, one or more each',
      todo: 'look for NaN in what was measured',
    });
  let [i, j, sum] = [0, 0, 0];
  let at = Math.min(x[0], y[0]);
  while (i < x.length || j < y.length) {
    const next = Math.min(i < x.length ? x[i] : Infinity, j < y.length ? y[j] : Infinity);
    sum += (next - at) * Math.abs(i / x.length - j / y.length);
    at = next;
    while (i < x.length && x[i] === at) i++;
    while (j < y.length && y[j] === at) j++;
  }
  return sum;
}
