/**
 * Compressed pixels out of one DICOM file and into a slim one that holds nothing else: the shape of the pixels, an
 * invented place, and the stream as it was. The decoder sees no identity and applies no rescaling, so what it gives are
 * stored values for every transfer syntax alike.
 *
 * Encapsulated pixels (PS3.5 A.4) are items: first a table of frame offsets, which may be empty, then fragments. The
 * frames of a file are its fragments one by one, unless the table says where each begins; a single frame is all of them.
 */
import { CT_IMAGE } from './dicomTables.ts';
import type { Slice } from './header.ts';

const ITEM = 0xe000fffe;
const END = 0xe0ddfffe;

/** The stream of frame `frame` of `frames`; undefined when the items end early or do not match the frames. */
export function frameStream(content: Uint8Array, frame: number, frames: number): Uint8Array | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const parts: { at: number; bytes: Uint8Array }[] = [];
  let at = 0;
  for (;;) {
    if (at + 8 > content.length) return undefined;
    const tag = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (tag === END) break;
    if (tag !== ITEM || at + 8 + length > content.length) return undefined;
    parts.push({ at, bytes: content.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  const [table, ...fragments] = parts;
  if (fragments.length === 0) return undefined;
  if (frames === 1) return concat(fragments.map((f) => f.bytes));
  if (table.bytes.length === 4 * frames) {
    const offsets = new DataView(content.buffer, table.bytes.byteOffset, table.bytes.length);
    const origin = fragments[0].at;
    const from = origin + offsets.getUint32(4 * frame, true);
    const to =
      frame + 1 < frames ? origin + offsets.getUint32(4 * frame + 4, true) : Number.POSITIVE_INFINITY;
    const own = fragments.filter((f) => f.at >= from && f.at < to);
    return own.length > 0 ? concat(own.map((f) => f.bytes)) : undefined;
  }
  return fragments.length === frames ? fragments[frame].bytes : undefined;
}

/** A DICOM file of one compressed frame, at z = `index` mm. */
export function slimDicom(slice: Slice, stream: Uint8Array, index: number): Uint8Array {
  const uid = `2.25.${index + 1}`;
  const meta = [element(0x00020002, 'UI', CT_IMAGE), element(0x00020003, 'UI', uid)];
  meta.push(element(0x00020010, 'UI', slice.transferSyntax));
  const body = [
    element(0x00080016, 'UI', CT_IMAGE),
    element(0x00080018, 'UI', uid),
    element(0x00080060, 'CS', 'CT'),
    element(0x0020000d, 'UI', '2.25.0'),
    element(0x0020000e, 'UI', '2.25.0'),
    element(0x00200032, 'DS', `0\\0\\${index}`),
    element(0x00200037, 'DS', '1\\0\\0\\0\\1\\0'),
    element(0x00280002, 'US', 1),
    element(0x00280004, 'CS', 'MONOCHROME2'),
    element(0x00280010, 'US', slice.rows),
    element(0x00280011, 'US', slice.columns),
    element(0x00280030, 'DS', '1\\1'),
    element(0x00280100, 'US', slice.bitsAllocated),
    element(0x00280101, 'US', slice.bitsStored),
    element(0x00280102, 'US', slice.highBit),
    element(0x00280103, 'US', slice.signed ? 1 : 0),
  ];
  const metaLength = meta.reduce((sum, part) => sum + part.length, 0);
  const even = stream.length + (stream.length % 2);
  // Pixels of undefined length: an empty table, one fragment, the end.
  const pixels = new Uint8Array(12 + 8 + 8 + even + 8);
  const view = new DataView(pixels.buffer);
  view.setUint32(0, 0x00107fe0, true);
  pixels.set([0x4f, 0x42], 4);
  view.setUint32(8, 0xffffffff, true);
  view.setUint32(12, ITEM, true);
  view.setUint32(20, ITEM, true);
  view.setUint32(24, even, true);
  pixels.set(stream, 28);
  view.setUint32(28 + even, END, true);
  const magic = new Uint8Array(132);
  magic.set([0x44, 0x49, 0x43, 0x4d], 128);
  const group = new Uint8Array(12);
  new DataView(group.buffer).setUint32(0, 2, true);
  group.set([0x55, 0x4c, 4, 0], 4);
  new DataView(group.buffer).setUint32(8, metaLength, true);
  return concat([magic, group, ...meta, ...body, pixels]);
}

/** An explicit little-endian element with a short length. */
function element(tag: number, vr: string, value: string | number): Uint8Array {
  const pad = vr === 'UI' ? '\0' : ' ';
  const text = typeof value === 'string' ? value + (value.length % 2 ? pad : '') : undefined;
  const bytes = new Uint8Array(8 + (text?.length ?? 2));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tag >>> 16, true);
  view.setUint16(2, tag & 0xffff, true);
  bytes.set(Buffer.from(vr, 'latin1'), 4);
  view.setUint16(6, bytes.length - 8, true);
  if (text !== undefined) bytes.set(Buffer.from(text, 'latin1'), 8);
  else view.setUint16(8, value as number, true);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
