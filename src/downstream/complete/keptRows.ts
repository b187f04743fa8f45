/**
 * Rows of a test that are finished, on disk while it goes on: a test of hours that is stopped goes on where it was. One line
 * of JSON a row, `{ key, row }`; the key is of all that decides a row but its case and defect, so that rows of other
 * settings, data or weights in the same file count for nothing. A last line that was cut short is dropped.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { asDiskError, makeFolder, writeFileAtomic } from '../../files/atomic.ts';
import { packageVersion } from '../../files/version.ts';
import type { CompletionMethod } from './method.ts';
import { type CompletionRow, completionRowSchema } from './record.ts';

export const ROWS = 'complete.rows.jsonl';

/** SHA-256 over the version, a method with its weights, and what else decides its rows. */
export function rowKey({ name, words, learnt }: CompletionMethod, settings: object): string {
  const text = JSON.stringify({ version: packageVersion(), name, words, weights: learnt?.weights, settings });
  return createHash('sha256').update(text).digest('hex');
}

const placeOf = (key: string, { case: id, defect }: Pick<CompletionRow, 'case' | 'defect'>): string =>
  `${key} ${defect} ${id}`;

export class KeptRows {
  readonly path: string;
  readonly #rows = new Map<string, CompletionRow>();

  /** Reads the rows that `path` holds; none where it is not there. Throws `DiskError`. */
  constructor(path: string) {
    this.path = path;
    if (!existsSync(path)) return;
    const whole: string[] = [];
    const text = this.#do(() => readFileSync(path, 'utf8'));
    for (const line of text.split('\n')) {
      const found = parsed(line);
      if (found === undefined) continue;
      whole.push(`${line}\n`);
      this.#rows.set(placeOf(found.key, found.row), found.row);
    }
    if (whole.join('') !== text) writeFileAtomic(path, ...whole);
  }

  find(key: string, place: Pick<CompletionRow, 'case' | 'defect'>): CompletionRow | undefined {
    return this.#rows.get(placeOf(key, place));
  }

  /** Throws `DiskError`. */
  add(key: string, row: CompletionRow): void {
    this.#rows.set(placeOf(key, row), row);
    this.#do(() => {
      makeFolder(dirname(this.path));
      appendFileSync(this.path, `${JSON.stringify({ key, row })}\n`);
    });
  }

  /** The test is at its end and written elsewhere. */
  remove(): void {
    this.#do(() => rmSync(this.path, { force: true }));
  }

  #do<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asDiskError(error, this.path);
    }
  }
}

function parsed(line: string): { key: string; row: CompletionRow } | undefined {
  let found: { key?: unknown; row?: unknown } | null;
  try {
    found = JSON.parse(line);
  } catch {
    return undefined;
  }
  const row = completionRowSchema.safeParse(found?.row);
  return row.success && typeof found?.key === 'string' ? { key: found.key, row: row.data } : undefined;
}
