/**
 * The folder of a test: `NAME.html`, `NAME.json`, `NAME.md`, and while it runs the finished rows and a lock. One test at a
 * time, and nothing of anybody else's.
 */
import { join } from 'node:path';
import { requireWritableFolder } from '../files/atomic.ts';
import { acquireLock } from '../files/lock.ts';
import { requireOwnFolder } from '../files/ownFolder.ts';

export const rowsOf = (out: string, name: string): string => join(out, `${name}.rows.jsonl`);

/**
 * Takes the folder for a test called `name`; the function returned gives it back. Throws `FileError` where it holds other
 * things, `RunFolderError` where another process works in it, `DiskError` where it cannot be written.
 */
export function takeTestFolder(out: string, name: string, notice: (text: string) => void): () => void {
  requireOwnFolder(out, new RegExp(`^${name}\\.(html|json|md|rows\\.jsonl)$`));
  requireWritableFolder(out);
  return acquireLock(join(out, 'test.lock'), notice);
}
