/**
 * The rank sum of Mann and Whitney: does one list of numbers lie above another? Of m and n numbers, N = m + n,
 *
 *   U = pairs in which the first list's number is larger, equal ones half
 *   Z = (U - m n / 2) / sqrt(V),        V = m n / 12 (N + 1 - sum (t^3 - t) / (N (N - 1))),  t numbers in each tie
 *
 * U / (m n) is the AUC; Z is a standard normal where both are of one distribution.
 */
import { NumericsError } from '../errors.ts';
import { normalTail } from './normal.ts';

/** Most pairs m n for which the exact distribution of U is summed up. */
const EXACT_PAIRS = 2500;

/** Ranks 1 .. n of a list, equal values sharing the mean of theirs. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(n);
  for (let i = 0; i < n; ) {
    let j = i + 1;
    while (j < n && values[order[j]] === values[order[i]]) j++;
    for (let k = i; k < j; k++) ranks[order[k]] = (i + j + 1) / 2;
    i = j;
  }
  return ranks;
}

export interface RankSum {
  /** Pairs in which the first list's number is larger, equal ones half. */
  u: number;
  /** Negative where the first list lies lower; 0 where all numbers are equal. */
  z: number;
  /** One-sided: P(U >= u) if both are of one distribution. */
  above(): number;
  /** Midranks among all numbers: those of the first list, then those of the second. */
  ranks: Float64Array;
}

/**
 * Compares two lists. `above` is exact where no number comes twice and pairs are few, else by Z with a correction for
 * continuity. Throws `NumericsError` for an empty list.
 */
export function rankSum(first: ArrayLike<number>, second: ArrayLike<number>): RankSum {
  const [m, n] = [first.length, second.length];
  if (m === 0 || n === 0)
    throw new NumericsError({
      found: `sets of ${m} and ${n} numbers`,
      expected: 'at least one of each',
      todo: 'take in more cases',
    });
  const pooled = new Float64Array(m + n);
  pooled.set(first);
  pooled.set(second, m);
  const ranks = midranks(pooled);
  const ties = tieSum(ranks);
  const u = ranks.subarray(0, m).reduce((sum, r) => sum + r, 0) - (m * (m + 1)) / 2;
  const excess = u - (m * n) / 2;
  const deviation = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
  const above = (): number => {
    if (ties === 0 && m * n <= EXACT_PAIRS) return exactTail(u, m, n);
    return deviation > 0 ? normalTail((excess - 0.5) / deviation) : 1;
  };
  return { u, z: deviation > 0 ? excess / deviation : 0, above, ranks };
}

/** Sum of t^3 - t over groups of t equal values. */
function tieSum(ranks: Float64Array): number {
  const sizes = new Map<number, number>();
  for (const r of ranks) sizes.set(r, (sizes.get(r) ?? 0) + 1);
  let sum = 0;
  for (const t of sizes.values()) sum += t ** 3 - t;
  return sum;
}

/**
 * P(U >= u) without ties, by the last of the pooled ranks: it is the first list's with probability m / (m + n), and then above
 * all n of the second.
 *
 *   p(m, n, u) = m/(m+n) p(m-1, n, u-n) + n/(m+n) p(m, n-1, u)
 */
function exactTail(u: number, m: number, n: number): number {
  // rows[i] is the distribution for i of the first and j of the second, j growing.
  const rows = Array.from({ length: m + 1 }, () => new Float64Array(m * n + 1));
  for (const row of rows) row[0] = 1; // none of the second: U is 0
  for (let j = 1; j <= n; j++)
    for (let i = 1; i <= m; i++) {
      const [row, fewer] = [rows[i], rows[i - 1]];
      for (let v = i * j; v >= 0; v--) {
        const last = v >= j ? fewer[v - j] : 0;
        row[v] = (i * last + j * row[v]) / (i + j);
      }
    }
  let tail = 0;
  for (let v = m * n; v >= u; v--) tail += rows[m][v];
  return Math.min(1, tail);
}
