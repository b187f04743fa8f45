/**
 * Finished cases under a new command: what a person decided of them is carried out without reading anything again, and what
 * was let in under wider limits than those of now is made again.
 */
import { type CaseRecord, readCaseRecord, writeCaseRecord } from '../report/cases.ts';
import type { QualityScore } from '../skull/quality.ts';
import { regraded } from './grade.ts';
import { asWide, limitsOf, type ScanLimits } from './limits.ts';
import type { Memory } from './memory.ts';
import type { Scores } from './scores.ts';
import type { DatasetWriter, NewCase } from './writer.ts';

export interface Decided {
  /** Qualities that the table gives, by case id. */
  scores: Map<string, QualityScore>;
  /** Ids of finished cases whose quality changed. */
  regraded: string[];
  /** Lines of the table that name no case. */
  unknown: number[];
}

/**
 * Carries out the table: cases are dropped or taken back, finished ones get their quality. `cases` are those of the command;
 * cases of earlier commands can be named by their ids. Throws `FileError` for a table that contradicts itself, `DiskError`.
 */
export function decide(
  cases: readonly { id: string; paths: readonly string[] }[],
  { writer, memory, table }: { writer: DatasetWriter; memory: Memory; table?: Scores },
): Decided {
  const named = new Map(cases.map((c) => [c.id, c]));
  for (const id of [...writer.ids, ...memory.dropped]) if (!named.has(id)) named.set(id, { id, paths: [] });
  const decided = table?.of([...named.values()]);
  const scores = new Map<string, QualityScore>();
  const changed: Pick<NewCase, 'id' | 'quality' | 'provenance'>[] = [];
  for (const [id, score] of decided?.scores ?? []) {
    if (score === 'drop') {
      memory.drop(id);
      reviseRecord(writer.dir, id, { status: 'refused', reason: DROPPED });
      continue;
    }
    scores.set(id, score);
    memory.takeBack(id);
    const row = writer.case(id);
    if (row === undefined || (row.quality === score && row.provenance?.measured !== undefined)) continue;
    const { quality, provenance } = regraded(row, score);
    changed.push({ id, quality: score, provenance });
    reviseRecord(writer.dir, id, { quality });
  }
  if (decided !== undefined) memory.save();
  const gone = writer.ids.filter((id) => memory.dropped.has(id));
  if (gone.length + changed.length > 0) writer.revise(gone, changed);
  return { scores, regraded: changed.map((c) => c.id), unknown: decided?.unknown ?? [] };
}

const DROPPED = 'dropped by a person; a number in the quality file takes it back';

/** Changes the record of a case, where it has one. */
export function reviseRecord(dir: string, id: string, change: Partial<CaseRecord>): void {
  const record = readCaseRecord(dir, id);
  if (record !== undefined) writeCaseRecord(dir, { ...record, ...change });
}

/** Takes finished scans of `cases` out that the limits of now might refuse: they are made again. */
export function remakeNarrower(
  writer: DatasetWriter,
  cases: readonly { id: string }[],
  options: ScanLimits,
): void {
  const now = limitsOf(options);
  const narrower = cases.filter(({ id }) => {
    const provenance = writer.case(id)?.provenance;
    return provenance?.kind === 'ct' && !asWide(now, provenance.limits);
  });
  if (narrower.length > 0) writer.revise(narrower.map((c) => c.id));
}
