/** A folder that a command fills belongs to it: what else lies there is somebody's, and is refused before any work. */
import { existsSync, readdirSync } from 'node:fs';
import { DiskError, FileError } from '../errors.ts';

/** What a kill or another process may have left; nobody's work. */
const LEFT = /\.(tmp|lock)$/;

export const refusedFolder = (found: string): FileError =>
  new FileError({
    found,
    expected: 'a new or empty folder, or one that this same command made',
    todo: 'choose another --out',
  });

/**
 * The names in a folder, none where it is absent; all of them match `own`, or are temporary. Throws `FileError` where another is
 * there, `DiskError` where the folder cannot be read.
 */
export function requireOwnFolder(path: string, own: RegExp): string[] {
  if (!existsSync(path)) return [];
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (cause) {
    const refused = {
      found: `${path} is no folder that can be read`,
      expected: 'a folder, or a new name',
      todo: 'choose another --out',
    };
    throw new DiskError(refused, { cause });
  }
  const kept = names.filter((name) => !LEFT.test(name));
  const other = kept.find((name) => !own.test(name));
  if (other !== undefined) throw refusedFolder(`${path} already holds ${other}`);
  return kept;
}
