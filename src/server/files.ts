/**
 * Files below the folder that is viewed. A name is only followed where it truly lies there: a symbolic link that leads out
 * of the folder is as good as absent. What is read from a file is kept until the file changes.
 */
import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { FileError } from '../errors.ts';
import { cannotNow, notThere, ServerError } from './errors.ts';

/** The real path of `path` where it lies in `root`, itself real; undefined where it does not, or is not there. */
export function inside(root: string, path: string): string | undefined {
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return undefined;
  }
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep) ? real : undefined;
}

/** What a person decided of the cases of a dataset: decisions.ts. */
export const DECISIONS = 'decisions.csv';

/** A folder within the one that is viewed. */
export interface Place {
  /** Real path of the folder that is viewed. */
  root: string;
  dir: string;
}

/** A file of a folder by its name; undefined where there is none within the folder that is viewed. */
export function fileOf({ root, dir }: Place, name: string): string | undefined {
  const path = inside(root, join(dir, name));
  return path !== undefined && statSync(path, { throwIfNoEntry: false })?.isFile() ? path : undefined;
}

/**
 * Makes sure that a name, if it is there at all, is a file within the folder that is viewed, before it is read by other hands: a
 * link may lead out, or to a device that never ends. Throws `ServerError`.
 */
export function requireInside(place: Place, name: string): void {
  const path = join(place.dir, name);
  if (fileOf(place, name) !== undefined || lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw new ServerError(500, {
    found: `${path} is no file, or a link that leads out of the folder that is viewed`,
    expected: 'a file in that folder',
    todo: 'put the file in the place of the link, or view the folder that it leads to',
  });
}

/** Texts that people write are small: what is larger is no such text. */
const TEXT_MOST = 16 * 2 ** 20;

/** The text of a file. Throws `ServerError` where it is not there, `FileError` where it is too large to be what it is called. */
export function textOf(place: Place, name: string): string {
  const path = fileOf(place, name);
  if (path === undefined) throw notThere(name);
  const { size } = statSync(path);
  if (size > TEXT_MOST)
    throw new FileError({
      found: `${path} has ${size} bytes`,
      expected: `at most ${TEXT_MOST}`,
      todo: 'look whether it is what its name says',
    });
  return readFileSync(path, 'utf8');
}

/** What tells one state of a file from another; undefined where it is not there. */
export function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

/** Values made from files, each kept as long as its files are as they were. */
export class Kept<T> {
  readonly #known = new Map<string, { stamp: string; value: T }>();

  /** The value of `key`, made anew where one of `files` has changed; what `make` throws is not kept. */
  get(key: string, files: readonly string[], make: () => T): T {
    const stamp = files.map(stampOf).join();
    const known = this.#known.get(key);
    if (known?.stamp === stamp) return known.value;
    const value = make();
    this.#known.set(key, { stamp, value });
    return value;
  }
}

const BLOCK_BYTES = 256 * 1024;

/**
 * A file as the body of an answer: opened when it is read, closed when it is read or no longer wanted. Where another file has come
 * to its place since its length was told, the stream breaks off.
 */
export function streamOf(path: string): { body: ReadableStream<Uint8Array>; bytes: number } {
  const { size, ino, dev } = statSync(path);
  async function* blocks(): AsyncGenerator<Uint8Array> {
    const file = await open(path);
    try {
      const now = await file.stat();
      if (now.size !== size || now.ino !== ino || now.dev !== dev) throw changed();
      for (let left = size; left > 0; ) {
        const block = new Uint8Array(Math.min(BLOCK_BYTES, left));
        const { bytesRead } = await file.read(block, 0, block.length, null);
        if (bytesRead === 0) throw changed();
        left -= bytesRead;
        yield block.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
  const changed = () => cannotNow(`${path} changed while it was sent`, 'one state of it', 'reload the page');
  const source = blocks();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      // Waits for a block that is being read, and closes the file.
      cancel: async () => void (await source.return(undefined)),
    },
    { highWaterMark: 0 },
  );
  return { body, bytes: size };
}
