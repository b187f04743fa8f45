/**
 * What a person decides of cases in the viewer: `decisions.csv` in the dataset, with the columns case,quality that
 * `cranioflow ingest --quality-file` takes. Accepted is the quality that the case has, dropped is `drop`; rows of cases
 * that are gone stay, so that the table tells of every decision.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetCase } from '../dataset/manifest.ts';
import { Scores } from '../dataset/scores.ts';
import { readTable } from '../dataset/table.ts';
import { DATASET_LOCK } from '../dataset/writer.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { acquireLock } from '../files/lock.ts';
import type { Decision } from './api.ts';
import { cannotNow } from './errors.ts';
import { DECISIONS, type Place, requireInside } from './files.ts';

const EXPECTED = 'a table with the columns case,quality: a case id, and 2 to 6, or drop';

/** The decisions on cases that are there. Throws `FileError` naming the line where a person made the table unreadable. */
export function decisionsOn(
  place: Place,
  cases: readonly Pick<DatasetCase, 'id'>[],
): ReadonlyMap<string, 'accept' | 'drop'> {
  requireInside(place, DECISIONS);
  const path = join(place.dir, DECISIONS);
  if (!existsSync(path)) return new Map();
  const { scores } = Scores.read(path).of(cases.map(({ id }) => ({ id, paths: [] })));
  return new Map([...scores].map(([id, score]) => [id, score === 'drop' ? 'drop' : 'accept']));
}

/**
 * Notes a decision. Throws `ServerError` (409) where decisions.csv is another table, `RunFolderError` where a command writes the
 * dataset, `FileError` where the table cannot be read, `DiskError`.
 */
export function noteDecision(
  place: Place,
  { id, quality }: Pick<DatasetCase, 'id' | 'quality'>,
  decision: Decision['decision'],
): void {
  requireInside(place, DECISIONS);
  const release = acquireLock(join(place.dir, DATASET_LOCK), () => undefined);
  try {
    const path = join(place.dir, DECISIONS);
    const rows = existsSync(path) ? rowsOf(path) : new Map<string, string>();
    rows.delete(id);
    if (decision !== 'undecided') rows.set(id, decision === 'drop' ? 'drop' : String(quality));
    const lines = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, q]) => `${name},${q}\n`);
    writeFileAtomic(path, 'case,quality\n', ...lines);
  } finally {
    release();
  }
}

function rowsOf(path: string): Map<string, string> {
  // Faults are told by line.
  Scores.read(path);
  const { columns, rows } = readTable(path, EXPECTED);
  if (columns.join() !== 'case,quality')
    throw cannotNow(
      `${path} has the columns ${columns.join()}: it is not a table of the viewer`,
      EXPECTED,
      'give it another name; `cranioflow ingest --quality-file` takes it as it is',
    );
  return new Map(rows.map(({ cells }) => [cells.get('case')!, cells.get('quality')!]));
}
