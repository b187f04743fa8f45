/**
 * An item is a run of bytes that can be read in parts: a file on disk, or an entry of a zip. Nothing is kept open and
 * nothing is kept in memory between two reads, so a source of thousands of slices costs a few hundred bytes each.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

export interface Item {
  /** Path on disk, or `zip path` + '\0' + entry name: sorts and tells apart, never shown. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The first `count` bytes or more; all of them when there are fewer. */
  head(count: number): Uint8Array;
  /** Bytes [start, end), cut at the item's end. Throws when they cannot be read. */
  range(start: number, end: number): Uint8Array;
}

/** A file as an item. Throws the system's error when it does not exist. */
export function fileItem(path: string): Item {
  const size = statSync(path).size;
  return {
    name: path,
    size,
    head: (count) => readRange(path, 0, Math.min(size, count)),
    range: (start, end) => readRange(path, start, Math.min(size, end)),
  };
}

/** Bytes [start, end) of a file; fewer when it ends before. */
export function readRange(path: string, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, end - start));
  const file = openSync(path, 'r');
  try {
    let done = 0;
    while (done < bytes.length) {
      const got = readSync(file, bytes, done, bytes.length - done, start + done);
      if (got === 0) return bytes.subarray(0, done);
      done += got;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
