/**
 * A NIfTI-2 header said again as NIfTI-1, which the decoder (ITK) reads: the same statements in shorter numbers, so lengths
 * and directions are rounded to 24 bits (a position of 1 m to 0.1 um). Offsets are those of nifti1.h and nifti2.h
 * (nifti.nimh.nih.gov).
 */
import { FileError } from '../../errors.ts';

/** Of a NIfTI-1 header with the four bytes after it. */
const LENGTH = 352;
/** Of a side, in 16 bits. */
const LONGEST = 32767;

/** Doubles that become floats: where they lie in NIfTI-2, how many, where in NIfTI-1. */
const REALS: readonly [number, number, number][] = [
  [104, 8, 76], // pixdim
  [176, 2, 112], // slope and intercept
  [352, 6, 256], // quaternion and offset
  [400, 12, 280], // affine
];

/**
 * The first 352 bytes of a NIfTI-1 file that says what the NIfTI-2 header `head` says, in the same order of bytes, of a
 * volume of `size`. Throws `FileError` for a side above 32,767.
 */
export function asNifti1(
  path: string,
  head: Uint8Array,
  little: boolean,
  size: readonly number[],
): Uint8Array {
  if (size.some((n) => n > LONGEST))
    throw new FileError({
      found: `${path} is NIfTI-2 of ${size.join('x')} voxels`,
      expected: `at most ${LONGEST} voxels a side`,
      todo: 'crop the volume',
    });
  const from = new DataView(head.buffer, head.byteOffset, head.length);
  const out = new Uint8Array(LENGTH);
  const to = new DataView(out.buffer);
  const short = (at: number, v: number) => to.setInt16(at, v, little);
  to.setInt32(0, 348, little);
  for (let d = 0; d < 8; d++) short(40 + 2 * d, d === 0 ? size.length : (size[d - 1] ?? 1));
  short(70, from.getInt16(12, little)); // type
  short(72, from.getInt16(14, little)); // bits
  for (const [at, count, target] of REALS)
    for (let i = 0; i < count; i++)
      to.setFloat32(target + 4 * i, from.getFloat64(at + 8 * i, little), little);
  to.setFloat32(108, LENGTH, little);
  out[123] = from.getInt32(500, little); // units
  short(252, from.getInt32(344, little)); // qform
  short(254, from.getInt32(348, little)); // sform
  out.set([0x6e, 0x2b, 0x31], 344); // "n+1"
  return out;
}
