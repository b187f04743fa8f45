/**
 * The folder of a test: `NAME.html`, `NAME.json`, `NAME.md`, and while it runs the finished rows and a lock. One test at a
 * time, and nothing of anybody else's.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileError } from '../errors.ts';
import { requireWritableFolder } from '../files/atomic.ts';
import { acquireLock } from '../files/lock.ts';
import { requireOwnFolder } from '../files/ownFolder.ts';

export const rowsOf = (out: string, name: string): string => join(out, `${name}.rows.jsonl`);

/**
 * Takes the folder for a test called `name`; the function returned gives it back. Throws `FileError` where it holds other
 * things or a finished test, which may be of other settings, `RunFolderError` where another process works in it, `DiskError` where it cannot be written.
 */
export function takeTestFolder(out: string, name: string, notice: (text: string) => void): () => void {
  requireOwnFolder(out, new RegExp(`^${name}\\.(html|json|md|rows\\.jsonl)$`));
  requireWritableFolder(out);
  const release = acquireLock(join(out, 'test.lock'), notice);
  if (!existsSync(join(out, `${name}.json`))) return release;
  release();
  throw new FileError({
    found: `${out} holds a finished test (${name}.json)`,
    expected: 'a new or empty folder, or that of a test that was stopped',
    todo: 'look at it there, choose another --out, or delete it to test again',
  });
}
