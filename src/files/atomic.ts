/**
 * Files appear whole or not at all: content goes to a temporary name beside the target, is flushed, then renamed.
 * A killed process leaves at most a `*.tmp` file, never a half-written output under its final name.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DiskError } from '../errors.ts';

const FULL_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const REFUSED_CODES = new Set([
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ENAMETOOLONG',
  'EBUSY',
]);

/** Turns a Node file-system error into a `DiskError` that names the path; other errors pass through. */
export function asDiskError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined || !(FULL_CODES.has(code) || REFUSED_CODES.has(code))) return error;
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === 'EISDIR')
    return new DiskError(
      {
        found: `cannot write ${path}: ${code}, a file is where a folder should be, or a folder where a file should be`,
        expected: 'a path whose folders are folders',
        todo: 'choose another --out, or move what is in the way',
      },
      { cause: error },
    );
  return new DiskError(
    {
      found: `cannot write ${path}: ${code}`,
      expected: 'a writable folder with enough free space',
      todo: `${FULL_CODES.has(code) ? 'free some space' : 'make the folder writable'} or choose another --out, then run the same command again: finished work is kept`,
    },
    { cause: error },
  );
}

/**
 * Makes a folder and those above it, one by one from the nearest that is there. (Node's own recursive mkdir runs for ever
 * under /proc, and calls a read-only file system a folder that is missing.) Throws `DiskError`.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  let above = resolve(path);
  while (!existsSync(above) && dirname(above) !== above) {
    missing.push(above);
    above = dirname(above);
  }
  for (const folder of missing.reverse())
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have made it since.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(folder).isDirectory()) continue;
      throw refusedFolder(error, folder);
    }
  if (!statSync(resolve(path)).isDirectory())
    throw asDiskError(Object.assign(new Error(path), { code: 'ENOTDIR' }), path);
}

function refusedFolder(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'EINVAL') return asDiskError(error, path);
  return new DiskError(
    {
      found: `cannot make the folder ${path}: ${code}`,
      expected: 'a file system where folders can be made',
      todo: 'choose another --out',
    },
    { cause: error },
  );
}

/** Removes a temporary file or folder after a failure, without a second error on top of the first. */
export function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The disk that refused the write may refuse this too.
  }
}

/**
 * Writes `chunks` (bytes or text, in order) to `path` atomically, making its folder if needed. Throws `DiskError` when
 * the disk is full or refuses, and then leaves nothing behind.
 */
export function writeFileAtomic(path: string, ...chunks: (Uint8Array | string)[]): void {
  write(path, chunks, 0o666);
}

/**
 * Refuses a folder that cannot be written to, or made, before hours of work rather than after; makes nothing. Throws
 * `DiskError`.
 */
export function requireWritableFolder(path: string): void {
  let there = resolve(path);
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const probe = join(there, `.${process.pid}.tmp`);
  try {
    writeFileAtomic(probe, '');
  } catch (error) {
    throw refusedFolder((error as Error).cause ?? error, path);
  }
  discard(probe);
}

/** The same for a secret: the file can be read by its owner alone, from its first byte on. */
export function writePrivateFile(path: string, text: string): void {
  write(path, [text], 0o600);
}

function write(path: string, chunks: readonly (Uint8Array | string)[], mode: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  let fd: number | undefined;
  try {
    makeFolder(dirname(path));
    fd = openSync(temporary, 'w', mode);
    for (const chunk of chunks) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
    }
    fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    discard(temporary);
    throw asDiskError(error, path);
  }
}

/** Flushes a folder's list of names, so that a rename in it survives a power cut; a no-op where the system cannot. */
export function syncFolder(path: string): void {
  try {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Windows and some network file systems refuse to open or flush a folder; the rename itself is still atomic.
  }
}
