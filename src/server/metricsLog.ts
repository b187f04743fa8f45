/**
 * metrics.jsonl as it grows: what is new since the last look, by its length; file events are unreliable on network and
 * container file systems. A file that was replaced or became shorter (a resumed run rolls its log back) is read from the start.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FileError } from '../errors.ts';
import type { MetricsEvent } from './api.ts';

type Line = MetricsEvent['lines'][number];

/** A log of a million steps; more is no log of ours. */
const MOST_BYTES = 256 * 2 ** 20;
/** The longest end in which the last line is looked for. */
const END_BYTES = 16 * 1024;

/** The numbers of a line; undefined where it is none of a log. */
function lineOf(text: string): Line | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const step = (json as { step?: unknown } | null)?.step;
  if (typeof step !== 'number') return undefined;
  const numbers = Object.entries(json as object).filter(([, v]) => typeof v === 'number');
  return Object.fromEntries(numbers) as Line;
}

/** Opens the log for `work`; undefined where it is not there. */
function withLog<T>(path: string, work: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

function bytesFrom(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let done = 0;
  for (let got = 1; got > 0 && done < bytes.length; done += got)
    got = readSync(fd, bytes, done, bytes.length - done, from + done);
  return bytes.subarray(0, done);
}

/** The step of the last whole line; undefined where there is none. */
export function lastStep(path: string): number | undefined {
  return withLog(path, (fd) => {
    const { size } = fstatSync(fd);
    const lines = bytesFrom(fd, Math.max(0, size - END_BYTES), size)
      .toString('utf8')
      .split('\n');
    // What follows the last line's end is a line that is being written.
    for (const text of lines.slice(0, -1).reverse()) {
      const line = lineOf(text);
      if (line !== undefined) return line.step;
    }
    return undefined;
  });
}

export class MetricsTail {
  readonly #path: string;
  #file = '';
  #read = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The lines since the last call. `first`: these are all there are, and what came before is to be forgotten. Throws
   * `FileError` for a file too large to be a log.
   */
  next(): MetricsEvent {
    const found = withLog(this.#path, (fd) => {
      const { ino, dev, size } = fstatSync(fd);
      const first = this.#file !== `${dev} ${ino}` || size < this.#read;
      if (first) {
        this.#file = `${dev} ${ino}`;
        this.#read = 0;
        this.#rest = Buffer.alloc(0);
      }
      if (size - this.#read > MOST_BYTES) throw tooLarge(this.#path, size);
      const fresh = Buffer.concat([this.#rest, bytesFrom(fd, this.#read, size)]);
      this.#read += fresh.length - this.#rest.length;
      const end = fresh.lastIndexOf('\n') + 1;
      this.#rest = Buffer.from(fresh.subarray(end));
      const texts = fresh.toString('utf8', 0, end).split('\n');
      return { first, lines: texts.flatMap((text) => lineOf(text) ?? []) };
    });
    return found ?? this.none();
  }

  /** As `next` where there is no log: nothing yet, or no longer what was told. */
  none(): MetricsEvent {
    const first = this.#file !== 'none';
    this.#file = 'none';
    return { first, lines: [] };
  }
}

const tooLarge = (path: string, size: number): FileError =>
  new FileError({
    found: `${path} has ${size} bytes`,
    expected: `a log of at most ${MOST_BYTES}`,
    todo: 'look whether it is the log of a training',
  });

/** More lines than this no page needs at once. */
export const LINES_MOST = 4000;

/**
 * At most about `most` lines: of those with the usual keys every k-th and the last; lines with others (a measurement on
 * held-out cases) stay.
 */
export function thinned(lines: readonly Line[], most = LINES_MOST): Line[] {
  if (lines.length <= most) return [...lines];
  const keys = lines.map((line) => Object.keys(line).sort().join());
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const [usual, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  const every = Math.ceil(count / Math.max(1, most - (lines.length - count)));
  let seen = 0;
  return lines.filter((_, i) => keys[i] !== usual || seen++ % every === 0 || i === lines.length - 1);
}
