/**
 * How well one list of scores lies above another. With m scores of members and n of others,
 *
 *   AUC = P(member > other) + P(equal) / 2 = U / (m n)
 *
 * DeLong's variance (DeLong et al. 1988) comes from the placements of each score in the other list, here by midranks in
 * O(N log N) (Sun & Xu 2014); the one-sided p-value is that of the rank sum U.
 */
import { NumericsError } from '../../errors.ts';
import { midranks, rankSum } from '../../evaluation/rankSum.ts';

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
  const { u, ranks, above } = rankSum(members, others);
  const own = [midranks(members), midranks(others)];
  const inOthers = own[0].map((r, i) => (ranks[i] - r) / n);
  const inMembers = own[1].map((r, j) => 1 - (ranks[m + j] - r) / m);
  const auc = u / (m * n);
  const spread = (v: Float64Array) => v.reduce((sum, x) => sum + (x - auc) ** 2, 0) / (v.length - 1);
  return { auc, variance: spread(inOthers) / m + spread(inMembers) / n, pValue: above() };
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
