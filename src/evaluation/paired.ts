/**
 * Two things measured on the same subjects: is one better? What a subject was measured several times at is averaged first,
 * and the luck of the subject cancels in its difference. Then
 *
 *   interval   bootstrap of the subjects' differences (bootstrap.ts), 95 %
 *   p          sign flips (signFlip.ts)
 *
 * One is called better where the interval leaves 0 out **and** p is below 0.05, each comparison for itself.
 */
import { type Difference, pairedDifference } from './bootstrap.ts';
import { leastSignFlipP, signFlipP } from './signFlip.ts';
import { mean } from './statistics.ts';

/** Largest p with which a difference counts. */
const SIGNIFICANT = 0.05;

export interface PairedEffect extends Omit<Difference, 'aboveZero'> {
  p: number;
  subjects: number;
}

/** The values of rows, gathered by subject in the order in which subjects appear; `undefined` is no value. */
export function bySubject<Row extends { subject: string }>(
  rows: readonly Row[],
  value: (row: Row) => number | undefined,
): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const v = value(row);
    if (v === undefined) continue;
    const own = found.get(row.subject);
    if (own === undefined) found.set(row.subject, [v]);
    else own.push(v);
  }
  return found;
}

/** The mean of each subject's values. */
export const subjectMeans = (values: ReadonlyMap<string, readonly number[]>): number[] =>
  [...values.values()].map((own) => mean(own));

/** The mean of the subjects' differences, with interval and p. Throws `NumericsError` for no subjects. */
export function pairedEffect(differences: readonly number[], seed = 0): PairedEffect {
  const { value, low, high } = pairedDifference(differences, new Float64Array(differences.length), { seed });
  return { value, low, high, p: signFlipP(differences, seed), subjects: differences.length };
}

/** Whether the interval and p both say that `value` is not `none`. */
export const isApart = ({ low, high, p }: Pick<PairedEffect, 'low' | 'high' | 'p'>, none = 0): boolean =>
  p < SIGNIFICANT && (low > none || high < none);

/** Whether so few subjects could never tell two things apart, however different they are: 5 or fewer. */
export const tooFewSubjects = (subjects: number): boolean => leastSignFlipP(subjects) >= SIGNIFICANT;

/** Why two things are not called apart. */
export const notApartText = (subjects: number): string =>
  tooFewSubjects(subjects)
    ? `not told: of ${subjects} subjects p is never below ${pText(leastSignFlipP(subjects))}`
    : 'not told apart';

/** `0.021`, `< 0.001`. */
export const pText = (p: number): string => (p < 0.001 ? '< 0.001' : p.toPrecision(2));
