/**
 * What an attack came to, from the scores that it gave to members and to others (higher: more like a member): AUC, the rate
 * at 1 % false positives, the advantage, a p-value; and whether there is enough to judge by.
 *
 * **Enough evidence** is either a leak that is shown (the AUC's interval lies above 0.5 and p < 0.01: no more cases are
 * needed to know that), or cases and precision enough to have shown one: `least` of either kind and an interval of the AUC
 * no wider than `widest`. An attack that found nothing among few cases proves nothing.
 */
import { aucInterval, type Share } from './aucInterval.ts';
import { compareRanks } from './rank.ts';
import { type TruePositives, truePositives } from './truePositives.ts';

export interface EvidenceLimits {
  /** Least members, and least non-members. */
  least: number;
  /** Widest 95 % interval of the AUC, upper end minus lower. */
  widest: number;
}

export const EVIDENCE_DEFAULTS: EvidenceLimits = { least: 30, widest: 0.25 };

/** One-sided p-value below which a leak counts as shown. */
export const SHOWN = 0.01;

export interface AttackFigures {
  /** Scored units: persons, or cases where each is of its own. */
  members: number;
  nonMembers: number;
  /** 0.5: no better than guessing; 1: every member is told. With a 95 % interval. */
  auc: Share;
  /** Share of members found at 1 % false positives, with a 95 % interval. */
  tprAtFpr1: TruePositives;
  /** Largest TPR - FPR over all thresholds, and its mean were there no leak: it is never below 0. */
  advantage: { value: number; chance: number };
  /** One-sided, of the AUC (Mann-Whitney). */
  pValue: number;
  evidence: 'enough' | 'not enough';
  notes: string[];
}

/** Figures of an attack. Throws `NumericsError` for fewer than 2 members or others, or scores that are not finite. */
export function attackFigures(
  members: ArrayLike<number>,
  others: ArrayLike<number>,
  limits: Partial<EvidenceLimits> = {},
): AttackFigures {
  const { least, widest } = { ...EVIDENCE_DEFAULTS, ...limits };
  const [m, n] = [members.length, others.length];
  const { auc: value, variance, pValue } = compareRanks(members, others);
  const auc = aucInterval(value, variance, m, n);
  const tprAtFpr1 = truePositives(members, others);
  const notes: string[] = [];
  const width = auc.high - auc.low;
  const shown = auc.low > 0.5 && pValue < SHOWN;
  const few = Math.min(m, n) < least;
  if (few && !shown)
    notes.push(
      `${m} members and ${n} non-members: below ${least} of either, an attack that finds nothing proves nothing`,
    );
  if (width > widest && !shown)
    notes.push(`the AUC is known to within ${width.toFixed(2)} only; ${widest} is asked for`);
  if (n < 100)
    notes.push(
      `with ${n} non-members the rate is that at no false positive (100 are needed for 1 %); the true false-positive rate there is below ${percent(tprAtFpr1.fprHigh)}`,
    );
  if (auc.high < 0.5)
    notes.push(
      'members score below non-members: the two are of different kinds, or the attack has no bearing on this model',
    );
  return {
    members: m,
    nonMembers: n,
    auc,
    tprAtFpr1,
    advantage: { value: advantage(members, others), chance: Math.sqrt((Math.PI * (m + n)) / (8 * m * n)) },
    pValue,
    evidence: shown || (!few && width <= widest) ? 'enough' : 'not enough',
    notes,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Largest TPR - FPR: Smirnov's one-sided statistic. */
function advantage(members: ArrayLike<number>, others: ArrayLike<number>): number {
  const a = Float64Array.from(Array.from(members)).sort().reverse();
  const b = Float64Array.from(Array.from(others)).sort().reverse();
  let most = 0;
  for (let i = 0, j = 0; i < a.length; ) {
    const threshold = a[i];
    while (i < a.length && a[i] >= threshold) i++;
    while (j < b.length && b[j] >= threshold) j++;
    most = Math.max(most, i / a.length - j / b.length);
  }
  return most;
}
