/**
 * A NIfTI file is looked through before it is decoded, because the decoder fills what is missing with zeros in silence:
 * the stream is unzipped to its end (which checks gzip's checksum), its length held against the header, and the affine
 * checked for shear. The header tells twice where the voxels lie, as spacing and quaternion (pixdim, qform) and as an
 * affine (sform); the decoder takes the spacing of the one and the directions of the other, so both must say the same
 * lengths and the same left and right. Header offsets are those of nifti1.h (nifti.nimh.nih.gov).
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { FileError, VolumeError } from '../../errors.ts';
import { determinant3 } from '../geometry.ts';
import type { Mat3 } from '../volume.ts';

const HEADER_BYTES = 540;

/** Lengths of the two statements may differ by this share, directions by this many degrees. */
const LENGTHS_AGREE = 0.01;
const ANGLES_AGREE_degrees = 2;

/**
 * Throws `FileError` for a cut or damaged NIfTI file and for NIfTI-2, which the decoder does not read, `VolumeError` for a
 * sheared affine, a spacing that is not above zero, and where spacing or qform and sform contradict each other.
 */
export async function checkNifti(path: string): Promise<void> {
  const { head, length } = await measure(path);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const at = (offset: number, size: number) => offset + size <= head.length;
  const little = at(0, 4) && (view.getInt32(0, true) === 348 || view.getInt32(0, true) === 540);
  const headerSize = at(0, 4) ? view.getInt32(0, little) : 0;
  if ((headerSize !== 348 && headerSize !== 540) || head.length < headerSize)
    throw bad(path, 'has no NIfTI header', 'a NIfTI-1 file');
  if (headerSize === 540)
    throw bad(
      path,
      'is a NIfTI-2 file',
      'a NIfTI-1 file, which most programs write',
      undefined,
      'save it as NIfTI-1 or NRRD',
    );
  const int = (o: number) => view.getInt16(o, little);
  const real = (o: number) => view.getFloat32(o, little);
  const magic = String.fromCharCode(...head.subarray(344, 347));
  if (magic[1] === 'i') throw bad(path, 'is one half of a NIfTI pair (.hdr and .img)', 'a single .nii file');

  const rank = int(40);
  let voxels = 1;
  for (let d = 1; d <= rank && d <= 7; d++) voxels *= int(40 + 2 * d);
  const bits = int(72);
  const start = Math.max(352, real(108));
  const needed = start + Math.ceil((voxels * bits) / 8);
  if (!(rank >= 1 && rank <= 7 && voxels > 0 && bits > 0))
    throw bad(
      path,
      `has a header of ${rank} dimensions, ${voxels} voxels, ${bits} bits`,
      'a sensible header',
    );
  if (length < needed)
    throw bad(path, `is cut short: ${length} bytes of content`, `${needed} bytes, as its header says`);

  checkAffines(path, int, real);
}

/** The spacing and the two affines of a NIfTI-1 header, against each other. */
function checkAffines(path: string, int: (at: number) => number, real: (at: number) => number): void {
  const spacing = [80, 84, 88].map(real);
  const mend = (found: string, expected: string): VolumeError =>
    new VolumeError({
      found: `${path} ${found}`,
      expected,
      todo: 'find out which is true, correct the header (or load and save the volume in 3D Slicer), and look at left and right there',
    });
  if (!spacing.every((s) => Number.isFinite(s) && s > 0))
    throw mend(
      `has the spacing ${spacing.join(' x ')}`,
      'three numbers above zero: without them no length can be trusted',
    );
  const [qform, sform] = [int(252), int(254)];
  if (qform <= 0 && sform <= 0)
    throw mend(
      'does not say how its voxels lie (qform and sform are both unset)',
      'a header that tells left from right',
    );
  if (sform <= 0) return;
  const m = [0, 1, 2].map((r) => [0, 1, 2].map((c) => real(280 + 16 * r + 4 * c)));
  const lengths = [0, 1, 2].map((c) => Math.hypot(m[0][c], m[1][c], m[2][c]));
  if (lengths.every((l) => l > 0)) checkPerpendicular(path, m);
  if (!lengths.every((l, c) => Math.abs(l - spacing[c]) <= LENGTHS_AGREE * spacing[c]))
    throw mend(
      `has the spacing ${said(spacing)} in pixdim, but ${said(lengths)} in its sform`,
      'one spacing',
    );
  if (qform <= 0) return;
  const q = qformDirections([256, 260, 264].map(real), real(76));
  const s = m.map((row) => row.map((x, c) => x / lengths[c]));
  const det = (d: number[][]) => determinant3(d.flat() as unknown as Mat3);
  if (det(q) * det(s) < 0)
    throw mend(
      'has a qform and an sform of which one is the mirror image of the other',
      'one left and one right',
    );
  // Statements about two spaces (scanner and atlas) may differ by a turn, and the scanner's counts; those about one may not.
  if (qform !== sform) return;
  const trace = q.flat().reduce((sum, x, p) => sum + x * s.flat()[p], 0);
  const angle = (Math.acos(Math.min(1, Math.max(-1, (trace - 1) / 2))) * 180) / Math.PI;
  if (angle > ANGLES_AGREE_degrees)
    throw mend(`has a qform and an sform that differ by ${angle.toFixed(0)} degrees`, 'one direction');
}

const said = (lengths: readonly number[]): string => lengths.map((x) => Number(x.toPrecision(4))).join(' x ');

/** Rows of the rotation of the unit quaternion (a, b, c, d), a >= 0; the third axis turned round where `handed` is negative. */
function qformDirections([b, c, d]: number[], handed: number): number[][] {
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const f = handed < 0 ? -1 : 1;
  return [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * f * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * f * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), f * (a * a + d * d - b * b - c * c)],
  ];
}

function checkPerpendicular(path: string, m: number[][]): void {
  const column = (c: number) => m.map((row) => row[c]);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ]) {
    const [u, v] = [column(a), column(b)];
    const cosine = u.reduce((sum, x, i) => sum + x * v[i], 0) / (Math.hypot(...u) * Math.hypot(...v));
    if (!(Math.abs(cosine) < 1e-3))
      throw new VolumeError({
        found: `${path} has an affine whose axes ${'ijk'[a]} and ${'ijk'[b]} are not perpendicular (cosine ${cosine.toFixed(4)})`,
        expected: 'three perpendicular axes: no shear, no gantry tilt',
        todo: 'resample the volume onto a rectangular grid first (3D Slicer: "Resample Scalar/Vector/DWI Volume")',
      });
  }
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

function bad(
  path: string,
  what: string,
  expected: string,
  cause?: unknown,
  todo = 'copy or export the file again',
): FileError {
  return new FileError({ found: `${path} ${what}`, expected, todo }, { cause });
}
