/**
 * How well one list of scores lies above another. With m scores of members and n of others,
 *
 *   AUC = P(member > other) + P(equal) / 2 = U / (m n)
 *
 * DeLong's variance (DeLong et al. 1988) comes from the placements of each score in the other list, here by midranks in
 * O(N log N) (Sun & Xu 2014); the one-sided p-value is Mann and Whitney's, exact where there are no ties and few cases.
 */
import { NumericsError } from '../../errors.ts';
import { normalTail } from '../../evaluation/normal.ts';

/** Most pairs m n for which the exact distribution of U is summed up. */
const EXACT_PAIRS = 2500;

/** Ranks 1 .. n of a list, equal values sharing the mean of theirs. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(n);
  for (let i = 0; i < n; ) {
    let j = i;
    while (j < n && values[order[j]] === values[order[i]]) j++;
    for (let k = i; k < j; k++) ranks[order[k]] = (i + j + 1) / 2;
    i = j;
  }
  return ranks;
}

/** Refuses scores that nothing can be said of: fewer than 2 in a list, or one that is not a finite number. */
export function requireScores(members: ArrayLike<number>, others: ArrayLike<number>): void {
  for (const [values, name] of [
    [members, 'members'],
    [others, 'non-members'],
  ] as const) {
    if (values.length < 2)
      throw new NumericsError({
        found: `${values.length} ${name}`,
        expected: 'at least 2, and 100 non-members for a rate at 1 % false positives',
        todo: 'take more cases: hold more out (ingest --test-share), or make a larger dataset',
      });
    for (let i = 0; i < values.length; i++)
      if (!Number.isFinite(values[i]))
        throw new NumericsError({
          found: `the score ${values[i]} among the ${name}`,
          expected: 'finite scores',
          todo: 'look whether the network gives finite numbers: a training that diverged does not',
        });
  }
}

export interface RankComparison {
  auc: number;
  /** DeLong's variance of it; 0 where the lists do not overlap at all. */
  variance: number;
  /** One-sided: the probability of an AUC as large if membership were of no account. */
  pValue: number;
}

/** Compares the scores of members with those of others. Throws `NumericsError` for lists below 2 or not finite. */
export function compareRanks(members: ArrayLike<number>, others: ArrayLike<number>): RankComparison {
  requireScores(members, others);
  const [m, n] = [members.length, others.length];
  const pooled = new Float64Array(m + n);
  pooled.set(Array.from(members));
  pooled.set(Array.from(others), m);
  const rank = midranks(pooled);
  const own = [midranks(members), midranks(others)];
  const above = Float64Array.from({ length: m }, (_, i) => (rank[i] - own[0][i]) / n);
  const below = Float64Array.from({ length: n }, (_, j) => 1 - (rank[m + j] - own[1][j]) / m);
  const auc = above.reduce((a, b) => a + b, 0) / m;
  const spread = (v: Float64Array) => v.reduce((sum, x) => sum + (x - auc) ** 2, 0) / (v.length - 1);
  return { auc, variance: spread(above) / m + spread(below) / n, pValue: pValueOf(auc * m * n, m, n, rank) };
}

/** The AUC alone, by merging the two sorted lists: for many of them. */
export function aucOf(members: Float64Array, others: Float64Array): number {
  const [a, b] = [members.slice().sort(), others.slice().sort()];
  let [below, equal, pairs] = [0, 0, 0];
  for (const score of a) {
    while (below < b.length && b[below] < score) below++;
    equal = Math.max(equal, below);
    while (equal < b.length && b[equal] === score) equal++;
    pairs += (below + equal) / 2;
  }
  return pairs / (a.length * b.length);
}

/** P(U >= u) under exchangeability. */
function pValueOf(u: number, m: number, n: number, rank: Float64Array): number {
  const ties = tieSum(rank);
  if (ties === 0 && m * n <= EXACT_PAIRS) return exactTail(Math.round(u), m, n);
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance <= 0) return 1;
  return normalTail((u - (m * n) / 2 - 0.5) / Math.sqrt(variance));
}

/** Sum of t^3 - t over groups of t equal values. */
function tieSum(rank: Float64Array): number {
  const sizes = new Map<number, number>();
  for (const r of rank) sizes.set(r, (sizes.get(r) ?? 0) + 1);
  let sum = 0;
  for (const t of sizes.values()) sum += t ** 3 - t;
  return sum;
}

/**
 * P(U >= u) without ties, by the last of the pooled ranks: it is a member's with probability m / (m + n), and then above all
 * n others.
 *
 *   p(m, n, u) = m/(m+n) p(m-1, n, u-n) + n/(m+n) p(m, n-1, u)
 */
function exactTail(u: number, m: number, n: number): number {
  // rows[i] is the distribution for i members and j others, j growing.
  const rows = Array.from({ length: m + 1 }, () => new Float64Array(m * n + 1));
  for (const row of rows) row[0] = 1; // no others: U is 0
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
