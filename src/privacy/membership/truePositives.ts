/**
 * How many members an attacker names who may accuse almost no one wrongly: the true-positive rate at 1 % false positives
 * (Carlini et al. 2022), the figure that an average hides. Of n non-members at most floor(n / 100) may lie at or above the
 * threshold; below 100 none may, and the rate is that at no false positive, whose true false-positive rate is known only to
 * lie below `fprHigh`.
 *
 * If membership were of no account, the number of members above the threshold would follow from the order alone: t or more are
 * above exactly when among the highest t + f of all scores at most f are of non-members, a hypergeometric tail. This
 * p-value sees a few members that stick out, which the AUC cannot.
 */
import { clopperPearson, hypergeometricTail } from '../../evaluation/binomial.ts';
import type { Share } from './aucInterval.ts';
import { requireScores } from './rank.ts';

export interface TruePositives extends Share {
  /** Members above the threshold. */
  found: number;
  /** Non-members that were allowed above it. */
  allowed: number;
  /** Upper end of the 95 % interval of the false-positive rate, `allowed` of n. */
  fprHigh: number;
  /** One-sided: the probability of as many members above it if membership were of no account. */
  pValue: number;
}

/** The share of members above all but `fpr` of the others, with Clopper and Pearson's interval. Throws `NumericsError`. */
export function truePositives(
  members: ArrayLike<number>,
  others: ArrayLike<number>,
  fpr = 0.01,
): TruePositives {
  requireScores(members, others);
  const [m, n] = [members.length, others.length];
  const allowed = Math.floor(fpr * n + 1e-9);
  const descending = Float64Array.from(Array.from(others)).sort().reverse();
  // A member that only equals the first forbidden score would take it along: it does not count.
  const threshold = descending[allowed];
  let found = 0;
  for (let i = 0; i < m; i++) if (members[i] > threshold) found++;
  const [low, high] = clopperPearson(found, m);
  return {
    value: found / m,
    low,
    high,
    found,
    allowed,
    fprHigh: clopperPearson(allowed, n)[1],
    pValue: found === 0 ? 1 : hypergeometricTail(allowed, m + n, n, found + allowed),
  };
}
