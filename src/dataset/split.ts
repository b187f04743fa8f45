/**
 * Train and test by subject: all scans and annotations of one patient fall on the same side, or the test set would
 * leak. Subjects are stratified by quality, shuffled by keys that depend on the seed and the subject's own name only,
 * and the test quota is shared out among the strata by largest remainder, so that the shares hold overall and nearly
 * within each class. Subjects that already have a side keep it when a dataset grows.
 */
import { createHash } from 'node:crypto';
import { RandomStream } from '../random/stream.ts';

export type Split = 'train' | 'test';

export interface SplitOptions {
  seed: number;
  /** Share of subjects in the test set, 0 to 1. */
  testShare: number;
}

export const SPLIT_DEFAULTS: SplitOptions = { seed: 0, testShare: 0.2 };

/** One row to be split: a subject's id and a quality class; a subject may come up several times. */
export interface SplitRow {
  subject: string;
  quality: number;
}

/**
 * Side of each subject: `round(testShare . subjects)` go to 'test' (at least one of two or more subjects when
 * testShare > 0, and never all). A pure function of the set of rows, the seed and `known`; the order of rows is of no
 * account. A subject of several qualities counts as its lowest.
 */
export function splitSubjects(
  rows: readonly SplitRow[],
  options: Partial<SplitOptions> = {},
  known: ReadonlyMap<string, Split> = new Map(),
): Map<string, Split> {
  const { seed = SPLIT_DEFAULTS.seed, testShare = SPLIT_DEFAULTS.testShare } = options;
  const quality = new Map<string, number>();
  for (const row of rows)
    quality.set(row.subject, Math.min(row.quality, quality.get(row.subject) ?? Infinity));
  const subjects = [...quality.keys()].sort();
  const n = subjects.length;
  let quota = Math.round(n * testShare);
  if (n >= 2 && testShare > 0) quota = Math.max(1, Math.min(n - 1, quota));

  const strata = new Map<number, string[]>();
  for (const s of subjects) {
    const q = quality.get(s)!;
    strata.set(q, [...(strata.get(q) ?? []), s]);
  }
  const shares = [...strata.entries()]
    .sort(([a], [b]) => a - b)
    .map(([q, members]) => {
      const exact = (members.length * quota) / Math.max(1, n);
      return { q, members, take: Math.floor(exact), rest: exact - Math.floor(exact) };
    });
  let left = quota - shares.reduce((sum, s) => sum + s.take, 0);
  for (const s of [...shares].sort((a, b) => b.rest - a.rest || a.q - b.q)) if (left-- > 0) s.take++;

  const side = new Map<string, Split>();
  for (const { members, take } of shares) {
    const fresh = members.filter((s) => !known.has(s));
    for (const s of members) if (known.has(s)) side.set(s, known.get(s)!);
    const already = members.length - fresh.length - members.filter((s) => known.get(s) === 'train').length;
    const order = fresh
      .map((s) => ({ s, key: subjectKey(seed, s) }))
      .sort((a, b) => a.key - b.key || (a.s < b.s ? -1 : 1));
    order.forEach(({ s }, i) => {
      side.set(s, i < take - already ? 'test' : 'train');
    });
  }
  return side;
}

/** A random number of a subject that does not depend on which other subjects there are. */
function subjectKey(seed: number, subject: string): number {
  const index = createHash('sha256').update(subject).digest().readUIntBE(0, 6);
  return new RandomStream(seed, 'dataset/split', index).uniform();
}
