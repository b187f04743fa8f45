/** The first bytes of a file. */
import { closeSync, openSync, readSync } from 'node:fs';

/** `count` bytes from the start of a file, or all where there are fewer. */
export function readStart(path: string, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
