/**
 * Rows of a test that are finished, on disk while it goes on: a test of hours that is stopped goes on where it was. One line
 * of JSON a row, `{ key, row }`; the key is of all that decides a row but its place in the test, so that rows of other
 * settings, data or weights in the same file count for nothing. A last line that was cut short is dropped.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { asDiskError, makeFolder, writeFileAtomic } from '../files/atomic.ts';
import { packageVersion } from '../files/version.ts';

/** SHA-256 over the version, a method with its weights, and what else decides its rows. */
export function rowKey(method: { name: string; words: string; weights?: string }, settings: object): string {
  const { name, words, weights } = method;
  const text = JSON.stringify({ version: packageVersion(), name, words, weights, settings });
  return createHash('sha256').update(text).digest('hex');
}

export class TestRows<Row extends Place, Place extends object> {
  readonly path: string;
  readonly #schema: z.ZodType<Row>;
  readonly #placeOf: (place: Place) => string;
  readonly #rows = new Map<string, Row>();

  /** Reads the rows that `path` holds; none where it is not there. `placeOf` names a row's place. Throws `DiskError`. */
  constructor(path: string, schema: z.ZodType<Row>, placeOf: (place: Place) => string) {
    this.path = path;
    this.#schema = schema;
    this.#placeOf = placeOf;
    if (!existsSync(path)) return;
    const whole: string[] = [];
    const text = this.#do(() => readFileSync(path, 'utf8'));
    for (const line of text.split('\n')) {
      const found = this.#parsed(line);
      if (found === undefined) continue;
      whole.push(`${line}\n`);
      this.#rows.set(this.#at(found.key, found.row), found.row);
    }
    if (whole.join('') !== text) writeFileAtomic(path, ...whole);
  }

  find(key: string, place: Place): Row | undefined {
    return this.#rows.get(this.#at(key, place));
  }

  /** Throws `DiskError`. */
  add(key: string, row: Row): void {
    this.#rows.set(this.#at(key, row), row);
    this.#do(() => {
      makeFolder(dirname(this.path));
      appendFileSync(this.path, `${JSON.stringify({ key, row })}\n`);
    });
  }

  /** The test is at its end and written elsewhere. Throws `DiskError`. */
  remove(): void {
    this.#do(() => rmSync(this.path, { force: true }));
  }

  #at(key: string, place: Place): string {
    return `${key} ${this.#placeOf(place)}`;
  }

  #parsed(line: string): { key: string; row: Row } | undefined {
    let found: { key?: unknown; row?: unknown } | null;
    try {
      found = JSON.parse(line);
    } catch {
      return undefined;
    }
    const row = this.#schema.safeParse(found?.row);
    return row.success && typeof found?.key === 'string' ? { key: found.key, row: row.data } : undefined;
  }

  #do<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asDiskError(error, this.path);
    }
  }
}
