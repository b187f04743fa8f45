/**
 * Exact tails of counts, by sums of their terms: the binomial's, which Clopper and Pearson's interval inverts (1934), and
 * the hypergeometric's: Fisher's exact test, and how many of one kind lie beyond a given one of another.
 */
import { NumericsError } from '../errors.ts';

/** ln k! for k = 0 .. n. */
function logFactorials(n: number): Float64Array {
  const table = new Float64Array(n + 1);
  for (let k = 2; k <= n; k++) table[k] = table[k - 1] + Math.log(k);
  return table;
}

/** P(X >= k) of n trials with probability p. */
function upperTail(k: number, n: number, p: number, log: Float64Array): number {
  if (k <= 0) return 1;
  const [a, b] = [Math.log(p), Math.log1p(-p)];
  let sum = 0;
  for (let i = k; i <= n; i++) sum += Math.exp(log[n] - log[i] - log[n - i] + i * a + (n - i) * b);
  return sum;
}

/**
 * Clopper and Pearson's interval of a share of which `k` of `n` trials were counted: it holds the true share with at least
 * `confidence`, whatever it is. Throws `NumericsError` unless 0 <= k <= n and n >= 1, whole numbers.
 */
export function clopperPearson(k: number, n: number, confidence = 0.95): [low: number, high: number] {
  if (!(Number.isInteger(k) && Number.isInteger(n) && k >= 0 && k <= n && n >= 1))
    throw new NumericsError({
      found: `${k} of ${n} trials`,
      expected: 'whole numbers, at least one trial, and no more counted than there were',
      todo: 'give counts, not shares',
    });
  const half = (1 - confidence) / 2;
  const log = logFactorials(n);
  /** The share at which P(X >= count) reaches `wanted`; it grows with the share. */
  const solve = (count: number, wanted: number): number => {
    let [low, high] = [0, 1];
    for (let step = 0; step < 60; step++) {
      const p = (low + high) / 2;
      if (upperTail(count, n, p, log) < wanted) low = p;
      else high = p;
    }
    return (low + high) / 2;
  };
  return [k === 0 ? 0 : solve(k, half), k === n ? 1 : solve(k + 1, 1 - half)];
}

/** P(X <= k), X the number of marked ones in `draws` without replacement from `total` of which `marked` are. */
export function hypergeometricTail(k: number, total: number, marked: number, draws: number): number {
  const log = logFactorials(total);
  const choose = (n: number, r: number) => (r < 0 || r > n ? -Infinity : log[n] - log[r] - log[n - r]);
  const all = choose(total, draws);
  let sum = 0;
  for (let i = 0; i <= Math.min(k, draws); i++)
    sum += Math.exp(choose(marked, i) + choose(total - marked, draws - i) - all);
  return Math.min(1, sum);
}
