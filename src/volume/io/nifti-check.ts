/**
 * A NIfTI file is looked through before it is decoded, because the decoder fills what is missing with zeros in silence:
 * the stream is unzipped to its end (which checks gzip's checksum), its length held against the header, and the
 * affines against each other. Header offsets are those of nifti1.h and nifti2.h (nifti.nimh.nih.gov).
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { FileError } from '../../errors.ts';
import { checkNiftiAffines } from './nifti-affines.ts';

const HEADER_BYTES = 540;

/** Throws `FileError` for a cut or damaged NIfTI file, `VolumeError` for one whose affines cannot be (nifti-affines.ts). */
export async function checkNifti(path: string): Promise<void> {
  const { head, length } = await measure(path);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const at = (offset: number, size: number) => offset + size <= head.length;
  const little = at(0, 4) && (view.getInt32(0, true) === 348 || view.getInt32(0, true) === 540);
  const headerSize = at(0, 4) ? view.getInt32(0, little) : 0;
  if ((headerSize !== 348 && headerSize !== 540) || head.length < headerSize)
    throw bad(path, 'has no NIfTI header', 'a NIfTI-1 or NIfTI-2 file');
  const two = headerSize === 540;
  const int = (o: number) => (two ? Number(view.getBigInt64(o, little)) : view.getInt16(o, little));
  const real = (o: number) => (two ? view.getFloat64(o, little) : view.getFloat32(o, little));
  const magic = String.fromCharCode(...head.subarray(two ? 4 : 344, two ? 7 : 347));
  if (magic[1] === 'i') throw bad(path, 'is one half of a NIfTI pair (.hdr and .img)', 'a single .nii file');

  const dims = two ? 16 : 40;
  const step = two ? 8 : 2;
  const rank = int(dims);
  let voxels = 1;
  for (let d = 1; d <= rank && d <= 7; d++) voxels *= int(dims + d * step);
  const bits = view.getInt16(two ? 14 : 72, little);
  const start = two ? int(168) : Math.max(352, real(108));
  const needed = start + Math.ceil((voxels * bits) / 8);
  if (!(rank >= 1 && rank <= 7 && voxels > 0 && bits > 0))
    throw bad(
      path,
      `has a header of ${rank} dimensions, ${voxels} voxels, ${bits} bits`,
      'a sensible header',
    );
  if (length < needed)
    throw bad(path, `is cut short: ${length} bytes of content`, `${needed} bytes, as its header says`);

  checkNiftiAffines(path, view, little, two);
}

/** The first bytes and the length of a file, unzipped if it is gzip (whatever its name). */
async function measure(path: string): Promise<{ head: Uint8Array; length: number }> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of await openStream(path)) {
      if (length < HEADER_BYTES) parts.push(chunk as Buffer);
      length += (chunk as Buffer).length;
    }
  } catch (cause) {
    throw bad(
      path,
      `is damaged: ${(cause as Error).message} after ${length} bytes of content`,
      'a whole file',
      cause,
    );
  }
  return { head: Buffer.concat(parts).subarray(0, HEADER_BYTES), length };
}

async function openStream(path: string): Promise<AsyncIterable<unknown>> {
  let first = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { end: 1 }))
    first = Buffer.concat([first, chunk as Buffer]);
  const raw = createReadStream(path, { highWaterMark: 1 << 20 });
  if (first[0] !== 0x1f || first[1] !== 0x8b) return raw;
  const gunzip = createGunzip({ chunkSize: 1 << 20 });
  raw.on('error', (error) => gunzip.destroy(error));
  return raw.pipe(gunzip);
}

function bad(path: string, what: string, expected: string, cause?: unknown): FileError {
  return new FileError(
    { found: `${path} ${what}`, expected, todo: 'copy or export the file again' },
    { cause },
  );
}
