/**
 * The words of a text file of numbers, one after another, straight from its bytes: a mesh as text may be longer than the
 * longest string, and a word is looked at once.
 */

const SPACE = 0x20;
const isGap = (byte: number): boolean => byte === SPACE || (byte >= 0x09 && byte <= 0x0d);

/** A file of zeros is one word; no string of that length is made. */
const LONGEST = 1024;

/** Bytes `start` to `end` as text, a letter each; for a few thousand of them. Files of meshes are read in browsers too. */
export const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end));

/** A cursor over the words of `bytes`, which are parted by blanks, tabs and line ends. */
export class Words {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** The next word; empty at the end of the file. One of more than 1024 bytes ends in two dots, as no number does. */
  next(): string {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && isGap(bytes[at])) at++;
    const start = at;
    while (at < bytes.length && !isGap(bytes[at])) at++;
    this.#at = at;
    if (at - start > LONGEST) return `${latin1(bytes, start, start + LONGEST)}..`;
    return latin1(bytes, start, at);
  }

  /** The next word as a number: NaN when it is none, or at the end of the file. */
  number(): number {
    const word = this.next();
    return word === '' ? Number.NaN : Number(word);
  }

  /** The rest of the line, its first 1024 bytes. */
  line(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
    this.#at = at;
    return latin1(bytes, start, Math.min(at, start + LONGEST));
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }
}
