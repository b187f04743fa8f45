/**
 * A new command over a folder that holds cases: what it says of finished ones is carried out or refused, never passed over.
 *
 *   names        one folder calls its cases by their files or by secret ids; under two names a bone would be there twice
 *   files        a case whose files changed since is made again
 *   pairs        a file that is now part of a case of two, or no longer, leaves as what it was
 *   subjects     a table or pattern that puts a finished case under another subject is refused
 *   quality      a class that is given replaces a measured one; what a person gave by name stays
 *   attribution  and licence are replaced where they are given
 */
import { DatasetError } from '../errors.ts';
import type { QualityScore } from '../skull/quality.ts';
import { reviseRecord } from './decide.ts';
import { lookOf } from './fingerprint.ts';
import { regraded } from './grade.ts';
import type { Memory } from './memory.ts';
import type { DatasetWriter, NewCase } from './writer.ts';

/** A finished case as the command has it. */
export interface Finished {
  id: string;
  /** Hash of its files as they are now. */
  files: string | undefined;
  /** Where a table or pattern gives it. */
  subject?: string;
  /** What the command gives it, where the quality file does not name it. */
  quality?: number;
}

export interface RerunOptions {
  attribution?: string;
  licence?: string;
  landmarks?: string;
}

export interface Revised {
  /** Ids of cases that are to be made again: their files changed. */
  changed: Set<string>;
  regraded: string[];
  /** Ids of cases whose attribution or licence changed. */
  attributed: string[];
  /** Ids of cases that keep a person's quality, though the command gives another. */
  keptQuality: string[];
}

const SECRET_ID = /^c-[0-9a-f]{10}$/;

/** Throws `DatasetError` when the folder's cases are called otherwise than this command would call them. */
export function checkNames(writer: DatasetWriter, memory: Memory, keepNames = false): void {
  const wanted = keepNames ? 'files' : 'secret';
  const ids = [...writer.ids, ...memory.dropped];
  const there = memory.names ?? (ids.every((id) => SECRET_ID.test(id)) ? 'secret' : 'files');
  if (ids.length > 0 && there !== wanted)
    throw new DatasetError({
      found: `${writer.dir} already holds a dataset whose cases ${NAMES[there]}`,
      expected: `cases that ${NAMES[wanted]}, as this command asks for: under two names one bone would be there twice`,
      todo: `${keepNames ? 'leave --keep-names out' : 'give --keep-names'}, or choose another --out`,
    });
  memory.call(wanted);
}

const NAMES = { files: 'are called by their files (--keep-names)', secret: 'have secret ids' };

/** Carries out what the command says of finished cases. Throws `DatasetError` for another subject, `DiskError`. */
export function rerun(
  finished: readonly Finished[],
  { writer, memory }: { writer: DatasetWriter; memory: Memory },
  options: RerunOptions,
): Revised {
  checkSubjects(finished, writer);
  const result: Revised = { changed: new Set(), regraded: [], attributed: [], keptQuality: [] };
  const landmarks = options.landmarks === undefined ? undefined : lookOf([options.landmarks]);
  const changes: (Partial<NewCase> & { id: string })[] = [];
  for (const { id, files, quality } of finished) {
    const made = memory.made(id);
    // Of a case made by an earlier version it is not known how its files looked; from now on it is.
    if (made?.files === undefined) memory.make(id, { ...made, files, landmarks });
    else if (made.files !== files || (landmarks !== undefined && made.landmarks !== landmarks)) {
      result.changed.add(id);
      continue;
    }
    const row = writer.case(id)!;
    const { attribution = row.attribution, licence = row.licence } = options;
    if (attribution !== row.attribution || licence !== row.licence) {
      changes.push({ id, attribution, licence });
      result.attributed.push(id);
    }
    if (quality === undefined || quality === row.quality) continue;
    if (row.provenance?.measured !== undefined) {
      result.keptQuality.push(id);
      continue;
    }
    const now = regraded(row, quality as QualityScore);
    changes.push({ id, quality, provenance: now.provenance });
    reviseRecord(writer.dir, id, { quality: now.quality });
    result.regraded.push(id);
  }
  if (changes.length > 0) writer.revise([], changes);
  return result;
}

function checkSubjects(finished: readonly Finished[], writer: DatasetWriter): void {
  const other = finished.filter(
    ({ id, subject }) => subject !== undefined && subject !== writer.case(id)!.subject,
  );
  if (other.length === 0) return;
  const ids = other.map((c) => c.id);
  throw new DatasetError({
    found: `${ids.length} finished cases in ${writer.dir} would get another subject (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', ..' : ''})`,
    expected: 'the subjects that they were split by into train and test',
    todo: 'give the same --subject-table or --subject-pattern as before, or choose another --out',
  });
}
