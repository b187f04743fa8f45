/**
 * A NIfTI file is looked through before it is decoded, because the decoder fills what is missing with zeros in silence: its
 * header is held against the bound of volumes and its affines against each other before a voxel is read; then its
 * content, unzipped to the end (which checks gzip's checksum), must be as long as the header says. Header offsets are those
 * of nifti1.h and nifti2.h (nifti.nimh.nih.gov).
 */
import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { FileError } from '../../errors.ts';
import { checkBound } from './bound.ts';
import { checkNiftiAffines } from './nifti-affines.ts';
import { readStart } from './start.ts';

/** The longer of both headers, and the four bytes after it. */
const HEADER_BYTES = 544;
/** Bytes of a file that hold its header, packed or not. */
const HEAD_BYTES = 1 << 16;
/** Bytes behind the voxels that are let pass. */
const SLACK = 1 << 20;

export interface NiftiHeader {
  /** The first bytes of the content. */
  head: Uint8Array;
  gzip: boolean;
  /** NIfTI-2. */
  two: boolean;
  little: boolean;
  /** Sides, as many as the header has dimensions. */
  size: number[];
  /** NIfTI's code of the voxels' type. */
  datatype: number;
  /** Where the voxels start, and where they end. */
  start: number;
  end: number;
  /** Stored values are `slope . v + intercept`, where slope is not 0. */
  slope: number;
  intercept: number;
}

/** Reads a header. Throws `FileError` for one that is none, `VolumeError` above 2^29 voxels and for a sheared affine. */
export function readNiftiHeader(path: string): NiftiHeader {
  const { head, gzip } = readHead(path);
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
  const size = Array.from({ length: Math.max(0, Math.min(7, rank)) }, (_, d) => int(dims + (d + 1) * step));
  const voxels = size.reduce((product, n) => product * n, 1);
  const bits = view.getInt16(two ? 14 : 72, little);
  if (!(rank >= 1 && rank <= 7 && size.every((n) => n > 0) && bits > 0))
    throw bad(
      path,
      `has a header of ${rank} dimensions, ${voxels} voxels, ${bits} bits`,
      'a sensible header',
    );
  checkBound(path, size);
  const start = two ? int(168) : Math.max(352, real(108));
  checkNiftiAffines(path, view, little, two);
  return {
    head,
    gzip,
    two,
    little,
    size,
    datatype: view.getInt16(two ? 12 : 70, little),
    start,
    end: start + Math.ceil((voxels * bits) / 8),
    slope: real(two ? 176 : 112),
    intercept: real(two ? 184 : 116),
  };
}

/** The whole content, unzipped: at least to the end of the voxels. Throws `FileError` for a cut or damaged file. */
export function readNiftiContent(path: string, { gzip, end }: NiftiHeader): Uint8Array {
  let content: Uint8Array = readFileSync(path);
  if (gzip)
    try {
      // One piece, as large as the header says: no pieces to be joined, and no more than that from a file that lies.
      content = gunzipSync(content, { chunkSize: end + 64, maxOutputLength: end + SLACK });
    } catch (cause) {
      throw bad(path, `is damaged or cut short: ${(cause as Error).message}`, 'a whole file', cause);
    }
  if (content.length < end)
    throw bad(path, `is cut short: ${content.length} bytes of content`, `${end} bytes, as its header says`);
  return content;
}

/** The first bytes of a file's content, unzipped if it is gzip (whatever its name). */
function readHead(path: string): { head: Uint8Array; gzip: boolean } {
  const bytes = readStart(path, HEAD_BYTES);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { head: bytes.slice(0, HEADER_BYTES), gzip: false };
  try {
    // The file goes on behind these bytes: no end is asked for.
    const head = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    return { head: Uint8Array.from(head.subarray(0, HEADER_BYTES)), gzip: true };
  } catch (cause) {
    throw bad(path, `is damaged: ${(cause as Error).message}`, 'a whole file', cause);
  }
}

function bad(path: string, what: string, expected: string, cause?: unknown): FileError {
  return new FileError(
    { found: `${path} ${what}`, expected, todo: 'copy or export the file again' },
    { cause },
  );
}
