/**
 * Stored values of slices. Uncompressed pixels are decoded here: 8 or 16 bits, either byte order, signed or not, with
 * fewer bits used than stored (the others may hold overlays and are masked away; PS3.5 8.1.1). Compressed ones go, a
 * batch at a time, as slim copies without any identity (slimDicom.ts) to a private folder and through GDCM.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeDicomFiles } from '../io/itkDicom.ts';
import type { VoxelArray } from '../volume.ts';
import { SYNTAXES } from './dicomTables.ts';
import { contentRange, type Slice } from './header.ts';
import type { Item } from './item.ts';
import { damaged } from './refuse.ts';
import { frameStream, slimDicom } from './slimDicom.ts';

/** Frames that GDCM decodes in one call: 64 slices of 512x512 are 32 MB. */
const BATCH = 64;

/** Gives the stored values of each slice in turn to `take`. Throws `ScanError` for pixels cut short or undecodable. */
export async function eachFrame(
  label: string,
  slices: readonly Slice[],
  take: (values: VoxelArray, index: number) => void,
): Promise<void> {
  const compressed = SYNTAXES[slices[0].transferSyntax].compressed === true;
  const read = reader();
  for (let start = 0; start < slices.length; start += BATCH) {
    const batch = slices.slice(start, start + BATCH);
    if (!compressed) batch.forEach((slice, i) => void take(plainFrame(label, slice, read), start + i));
    else await compressedFrames(label, batch, read, (values, i) => take(values, start + i));
  }
}

type Reader = (slice: Slice, start: number, end: number) => Uint8Array;

/** Reads bytes of slices; a file of many frames is read (and unpacked) once for all that follow each other. */
function reader(): Reader {
  let held: { item: Item; bytes: Uint8Array } | undefined;
  return (slice, start, end) => {
    if (slice.frames === 1) return contentRange(slice, start, end);
    if (held?.item !== slice.item)
      held = { item: slice.item, bytes: contentRange(slice, 0, Number.POSITIVE_INFINITY) };
    return held.bytes.subarray(start, end);
  };
}

function plainFrame(label: string, slice: Slice, read: Reader): VoxelArray {
  const { rows, columns, bitsAllocated, signed } = slice;
  const width = bitsAllocated / 8;
  const length = rows * columns * width;
  const start = slice.pixelOffset! + slice.frame * length;
  let bytes: Uint8Array;
  try {
    bytes = read(slice, start, start + length);
  } catch {
    throw damaged(label, 'a slice that cannot be read');
  }
  if (slice.pixelLength! < (slice.frame + 1) * length || bytes.length < length)
    throw damaged(label, 'a slice that is cut short');
  if (width === 1) {
    const own = new Uint8Array(bytes);
    return narrow(signed ? new Int8Array(own.buffer) : own, slice);
  }
  // Bytes of their own are aligned, and may be changed. (`slice` of a Buffer would be no copy.)
  const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  const big = SYNTAXES[slice.transferSyntax].bigEndian === true;
  if (big !== (endianness() === 'BE')) Buffer.from(own.buffer, own.byteOffset, own.length).swap16();
  const values = signed
    ? new Int16Array(own.buffer, own.byteOffset, rows * columns)
    : new Uint16Array(own.buffer, own.byteOffset, rows * columns);
  return narrow(values, slice);
}

/** Keeps the bits highBit - bitsStored + 1 .. highBit of each value, sign-extended where signed. */
function narrow(values: VoxelArray, { bitsStored, bitsAllocated, highBit, signed }: Slice): VoxelArray {
  if (bitsStored === bitsAllocated) return values;
  const up = 31 - highBit;
  const down = 32 - bitsStored;
  if (signed) for (let i = 0; i < values.length; i++) values[i] = (values[i] << up) >> down;
  else for (let i = 0; i < values.length; i++) values[i] = (values[i] << up) >>> down;
  return values;
}

async function compressedFrames(
  label: string,
  slices: readonly Slice[],
  read: Reader,
  take: (values: VoxelArray, index: number) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cranioflow-dicom-'));
  try {
    const paths = slices.map((slice, i) => {
      const stream = streamOf(slice, read);
      if (stream === undefined) throw damaged(label, 'a slice whose compressed pixels are cut short');
      const path = join(folder, `${String(i).padStart(4, '0')}.dcm`);
      writeFileSync(path, slimDicom(slice, stream, i));
      return path;
    });
    const { rows, columns } = slices[0];
    const values = await decodeDicomFiles(paths).catch(() => undefined);
    if (values === undefined || values.length !== rows * columns * slices.length)
      throw damaged(
        label,
        `pixels packed as ${SYNTAXES[slices[0].transferSyntax].name} that cannot be decoded`,
      );
    const frame = rows * columns;
    slices.forEach((_, i) => void take(values.subarray(i * frame, (i + 1) * frame), i));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compressed stream of a slice's frame; undefined when it cannot be had. */
function streamOf(slice: Slice, read: Reader): Uint8Array | undefined {
  try {
    const content = read(slice, slice.pixelOffset!, Number.POSITIVE_INFINITY);
    return frameStream(content, slice.frame, slice.frames);
  } catch {
    return undefined;
  }
}
