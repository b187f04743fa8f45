/**
 * Two methods on the same scans: is one better? Every scan was given to both, so the luck of the case and its pose cancels
 * in the difference (evaluation/paired.ts).
 *
 * Only scans that both answered have a difference; how often each failed is told beside it.
 */
import { z } from 'zod';
import { bySubject, pairedEffect, subjectMeans } from '../../evaluation/paired.ts';
import { mean } from '../../evaluation/statistics.ts';

const differenceSchema = z.strictObject({
  /** First less second: below 0 the first is nearer. */
  value: z.number(),
  low: z.number(),
  high: z.number(),
  p: z.number(),
});

export const pairedSchema = z.strictObject({
  first: z.string(),
  second: z.string(),
  pose: z.string(),
  condition: z.string(),
  /** Scans that both answered, and their subjects. */
  scans: z.int(),
  subjects: z.int(),
  rotationDeg: differenceSchema,
  treMm: differenceSchema,
  /** Share of the scans in which the first turned less wrongly; equal ones count half. */
  firstNearer: z.number(),
});
export type Paired = z.infer<typeof pairedSchema>;
type Difference = z.infer<typeof differenceSchema>;

/** A scan that both methods answered. */
export interface Pair {
  subject: string;
  first: { rotationDeg: number; treMm: number };
  second: { rotationDeg: number; treMm: number };
}

function difference(pairs: readonly Pair[], key: 'rotationDeg' | 'treMm', seed: number): Difference {
  const groups = bySubject(pairs, ({ first, second }) => first[key] - second[key]);
  const { value, low, high, p } = pairedEffect(subjectMeans(groups), seed);
  return { value, low, high, p };
}

/** Compares two methods; undefined where fewer than three subjects have a scan that both answered. */
export function comparePair(
  names: Pick<Paired, 'first' | 'second' | 'pose' | 'condition'>,
  pairs: readonly Pair[],
  seed = 0,
): Paired | undefined {
  const subjects = new Set(pairs.map((p) => p.subject)).size;
  if (subjects < 3) return undefined;
  const { first, second, pose, condition } = names;
  return {
    first,
    second,
    pose,
    condition,
    scans: pairs.length,
    subjects,
    rotationDeg: difference(pairs, 'rotationDeg', seed),
    treMm: difference(pairs, 'treMm', seed),
    firstNearer: mean(
      pairs.map(({ first: a, second: b }) => (1 + Math.sign(b.rotationDeg - a.rotationDeg)) / 2),
    ),
  };
}
