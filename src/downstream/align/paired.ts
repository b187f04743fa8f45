/**
 * Two methods on the same scans: is one better? Every scan was given to both, so the luck of the case and its pose cancels
 * in the difference. Differences of one subject are averaged first; then
 *
 *   interval   bootstrap of the subjects' mean differences (evaluation/bootstrap.ts)
 *   p          sign flips: were the two alike, each subject's difference might as well have the other sign. All 2^n ways up to
 *              12 subjects, else 9,999 drawn ones with the one at hand counted in.
 *
 * Only scans that both answered have a difference; how often each failed is told beside it.
 */
import { z } from 'zod';
import { pairedDifference } from '../../evaluation/bootstrap.ts';
import { signFlipP } from '../../evaluation/signFlip.ts';
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
  const groups = new Map<string, number[]>();
  for (const { subject, first, second } of pairs) {
    const group = groups.get(subject) ?? [];
    groups.set(subject, group);
    group.push(first[key] - second[key]);
  }
  const means = [...groups.values()].map((g) => mean(g));
  const { value, low, high } = pairedDifference(
    means,
    means.map(() => 0),
    { seed },
  );
  return { value, low, high, p: signFlipP(means, seed) };
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
