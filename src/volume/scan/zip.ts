/**
 * Zip archives, read in place: the directory at the end of the file says where each entry lies, and an entry is
 * unpacked into memory when it is asked for, checked against its CRC. Nothing is written to disk, so a name such as
 * `../../x` can lead nowhere. Bombs are stopped twice: by what the directory declares, before anything is unpacked, and
 * by unpacking no byte more than was declared. (node:zlib rather than fflate: it can stop at a length, unpack the start
 * of an entry alone, which is all a header needs, and it is native.)
 *
 * Layout: PKWARE APPNOTE 4.3.7 (local header), 4.3.12 (directory), 4.3.14-16 (ends), 4.5.3 (64-bit sizes).
 */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { type Item, readRange } from './item.ts';

export interface ZipLimits {
  /** Entries in one archive. Default 100,000. */
  entries: number;
  /** Bytes of one unpacked entry. Default 1 GiB. */
  entryBytes: number;
  /** Bytes of all entries together, unpacked. Default 16 GiB. */
  totalBytes: number;
}

export const ZIP_LIMITS: ZipLimits = { entries: 100_000, entryBytes: 2 ** 30, totalBytes: 2 ** 34 };

/** Deflate cannot pack tighter than 1032 to 1: an entry that claims more is forged. */
const MAX_RATIO = 1032;
const END_SEARCH = 22 + 0xffff;

/** Why an archive is not read: a fault in words without any name of an entry. */
export class ZipFault extends Error {}

/** True when bytes begin like a zip archive (also an empty one). */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5) && head[3] === head[2] + 1;
}

/**
 * The entries of an archive on disk, folders left out, in the order of the directory. Throws `ZipFault` for what is cut
 * short, encrypted, packed by another method than deflate, split over volumes, or larger than the limits.
 */
export function zipItems(path: string, size: number, limits: Partial<ZipLimits> = {}): Item[] {
  const { entries, entryBytes, totalBytes } = { ...ZIP_LIMITS, ...limits };
  const { count, start, length } = findDirectory(path, size);
  if (count > entries) throw new ZipFault(`a zip of ${count} entries, above the limit of ${entries}`);
  if (length > 2 ** 28 || start + length > size) throw new ZipFault('a zip whose directory is damaged');
  const bytes = readRange(path, start, start + length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const items: Item[] = [];
  let total = 0;
  for (let at = 0, n = 0; n < count; n++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50)
      throw new ZipFault('a zip whose directory is damaged');
    const entry = readEntry(view, at);
    at = entry.next;
    if (entry.name.endsWith('/')) continue;
    if (entry.flags & 1) throw new ZipFault('an encrypted zip');
    if (entry.method !== 0 && entry.method !== 8)
      throw new ZipFault(`a zip with entries packed by method ${entry.method}`);
    total += entry.size;
    if (entry.size > entryBytes)
      throw new ZipFault(`a zip with an entry of ${entry.size} bytes, above the limit of ${entryBytes}`);
    if (total > totalBytes) throw new ZipFault(`a zip of more than ${totalBytes} bytes unpacked`);
    if (entry.size > MAX_RATIO * entry.packed + 64)
      throw new ZipFault('a zip with an entry that claims to unpack beyond what packing can do');
    items.push(entryItem(path, entry));
  }
  return items;
}

/** Where the directory lies, by the end record (the 64-bit one where it exists). */
function findDirectory(path: string, size: number): { count: number; start: number; length: number } {
  const from = Math.max(0, size - END_SEARCH);
  const tail = readRange(path, from, size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    let count = view.getUint16(at + 10, true);
    let length = view.getUint32(at + 12, true);
    let start = view.getUint32(at + 16, true);
    if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
      if (at < 20 || view.getUint32(at - 20, true) !== 0x07064b50)
        throw new ZipFault('a zip whose directory is damaged');
      const where = Number(view.getBigUint64(at - 12, true));
      const end = readRange(path, where, where + 56);
      const big = new DataView(end.buffer, end.byteOffset, end.length);
      if (end.length < 56 || big.getUint32(0, true) !== 0x06064b50)
        throw new ZipFault('a zip whose directory is damaged');
      count = Number(big.getBigUint64(32, true));
      length = Number(big.getBigUint64(40, true));
      start = Number(big.getBigUint64(48, true));
    }
    return { count, start, length };
  }
  throw new ZipFault('a zip that is cut short');
}

interface Entry {
  name: string;
  flags: number;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
  next: number;
}

function readEntry(view: DataView, at: number): Entry {
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  if (next > view.byteLength) throw new ZipFault('a zip whose directory is damaged');
  const name = Buffer.from(view.buffer, view.byteOffset + at + 46, nameLength).toString('utf8');
  const entry = {
    name: name.replaceAll('\\', '/'),
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
    next,
  };
  const extraEnd = at + 46 + nameLength + extraLength;
  for (let e = at + 46 + nameLength; e + 4 <= extraEnd; e += 4 + view.getUint16(e + 2, true)) {
    if (view.getUint16(e, true) !== 1) continue;
    let p = e + 4;
    for (const key of ['size', 'packed', 'offset'] as const)
      if (entry[key] === 0xffffffff && p + 8 <= extraEnd) {
        entry[key] = Number(view.getBigUint64(p, true));
        p += 8;
      }
  }
  return entry;
}

function entryItem(path: string, entry: Entry): Item {
  const { packed, size, method, crc } = entry;
  const dataStart = (): number => {
    const local = readRange(path, entry.offset, entry.offset + 30);
    const view = new DataView(local.buffer, local.byteOffset, local.length);
    if (local.length < 30 || view.getUint32(0, true) !== 0x04034b50)
      throw new ZipFault('a zip whose directory is damaged');
    return entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  };
  const whole = (): Uint8Array => {
    const start = dataStart();
    const raw = readRange(path, start, start + packed);
    if (raw.length < packed) throw new ZipFault('a zip that is cut short');
    let bytes: Uint8Array = raw;
    // An entry may hold less than it declared, never more: unpacking stops there.
    if (method === 8)
      try {
        bytes = inflateRawSync(raw, { maxOutputLength: Math.max(1, size) });
      } catch {
        throw new ZipFault('a zip with a damaged entry');
      }
    if (bytes.length !== size || crc32(bytes) !== crc) throw new ZipFault('a zip with a damaged entry');
    return bytes;
  };
  const head = (count: number): Uint8Array => {
    if (count >= size) return whole();
    const start = dataStart();
    if (method === 0) return readRange(path, start, start + Math.min(packed, count));
    // A prefix of the packed bytes unpacks to a prefix; `finishFlush` lets it end there. Where packing gained little,
    // or opens with a table of codes, a longer prefix is needed.
    for (let take = count + 1024; ; take *= 4) {
      const raw = readRange(path, start, start + Math.min(packed, take));
      const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_RATIO * take + 64 };
      let bytes: Uint8Array;
      try {
        bytes = inflateRawSync(raw, options);
      } catch {
        throw new ZipFault('a zip with a damaged entry');
      }
      if (bytes.length >= count) return bytes.subarray(0, size);
      if (take >= packed) throw new ZipFault('a zip with a damaged entry');
    }
  };
  return {
    name: `${path}\0${entry.name}`,
    size,
    head,
    range: (start, end) => whole().subarray(start, end),
  };
}
