/**
 * Carries the decisions on a dataset out, in a thread: every volume is looked at on the way. Dropped cases leave the dataset
 * and are remembered in ingest.json, as with `cranioflow ingest --quality-file`; `ingest` alone brings one back, with a
 * number in the place of `drop`.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decide } from '../dataset/decide.ts';
import { readManifest } from '../dataset/manifest.ts';
import { Memory } from '../dataset/memory.ts';
import { Scores } from '../dataset/scores.ts';
import { DATASET_LOCK, DatasetWriter, JOURNAL } from '../dataset/writer.ts';
import { acquireLock } from '../files/lock.ts';
import { cannotNow } from './errors.ts';
import { DECISIONS, type Place, requireInside } from './files.ts';

/**
 * Throws `ServerError` (409) where there is nothing to carry out, no case would be left, or one to be dropped is damaged, and then
 * changes nothing; `RunFolderError` where a command writes the dataset, `FileError` for a damaged table, `DiskError`.
 */
export function applyDecisions(place: Place): undefined {
  const { dir } = place;
  const release = acquireLock(join(dir, DATASET_LOCK), () => undefined);
  const journal = join(dir, JOURNAL);
  // That of an interrupted ingest stays, for ingest goes on with it.
  const began = existsSync(journal);
  try {
    const { cases, ...header } = readManifest(dir);
    for (const name of [DECISIONS, 'ingest.json', ...cases.map((c) => c.volume)]) requireInside(place, name);
    const path = join(dir, DECISIONS);
    const table = existsSync(path) ? Scores.read(path) : undefined;
    const scores = table?.of(cases.map(({ id }) => ({ id, paths: [] }))).scores;
    if (table === undefined || scores === undefined || scores.size === 0)
      throw cannotNow('no case is decided', 'decisions to carry out', 'accept or drop a case first');
    const dropped = cases.filter((c) => scores.get(c.id) === 'drop');
    if (dropped.length === cases.length)
      throw cannotNow(
        `all ${cases.length} cases are to be dropped`,
        'at least one that stays',
        'keep one, or delete the dataset yourself',
      );
    const writer = new DatasetWriter(dir, header);
    const damaged = dropped.filter((c) => !writer.has(c.id));
    if (damaged.length > 0)
      throw cannotNow(
        `the volume of ${damaged.map((c) => c.id).join(', ')} is missing or damaged`,
        'whole volumes of the cases to be dropped',
        `run the command that made the dataset again; ingest takes --quality-file ${path}`,
      );
    decide([], { writer, memory: Memory.open(dir), table });
  } finally {
    if (!began) rmSync(journal, { force: true });
    release();
  }
  return undefined;
}
