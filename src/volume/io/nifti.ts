/**
 * NIfTI-1 writer (.nii, .nii.gz): a header of 348 bytes, 4 bytes of 'no extension', voxels (nifti1.h). NIfTI is RAS, so
 * x and y change sign on the way. The grid is written twice, as an affine (sform) and as a quaternion (qform), because
 * programs differ in which they read.
 */
import { gzipSync } from 'node:zlib';
import { determinant3 } from '../geometry.ts';
import type { Mat3, Volume } from '../volume.ts';
import { voxelBytes, voxelType } from './types.ts';

const OFFSET = 352;

/** The bytes of a `.nii` file, gzipped when `gzip`. */
export function encodeNifti(volume: Volume, gzip: boolean): Uint8Array {
  const { size, spacing, origin, direction, data } = volume;
  const voxels = voxelBytes(data);
  const out = new Uint8Array(OFFSET + voxels.length);
  const view = new DataView(out.buffer);
  const short = (at: number, ...v: number[]) => {
    for (const [i, x] of v.entries()) view.setInt16(at + 2 * i, x, true);
  };
  const float = (at: number, ...v: number[]) => {
    for (const [i, x] of v.entries()) view.setFloat32(at + 4 * i, x, true);
  };
  const ras = direction.map((x, i) => (i < 6 ? -x : x)) as unknown as Mat3;
  const { handed, quaternion } = quaternionOf(ras);
  view.setInt32(0, 348, true);
  short(40, 3, ...size, 1, 1, 1, 1);
  short(70, voxelType(data).nifti, 8 * data.BYTES_PER_ELEMENT);
  float(76, handed, ...spacing);
  float(108, OFFSET);
  float(112, 1, 0); // values are stored as they are
  out[123] = 2; // mm
  short(252, 1, 1); // qform and sform: scanner coordinates
  float(256, ...quaternion);
  const shift = [-origin[0], -origin[1], origin[2]];
  float(268, ...shift);
  for (let r = 0; r < 3; r++)
    float(280 + 16 * r, ...[0, 1, 2].map((c) => ras[3 * r + c] * spacing[c]), shift[r]);
  out.set([0x6e, 0x2b, 0x31], 344); // "n+1"
  out.set(voxels, OFFSET);
  return gzip ? gzipSync(out) : out;
}

/**
 * The parts (b, c, d) of the unit quaternion of a rotation, a >= 0. NIfTI keeps a left-handed grid as a rotation and
 * `handed` -1, which turns the third axis round.
 */
function quaternionOf(direction: Mat3): { handed: 1 | -1; quaternion: [number, number, number] } {
  const handed = determinant3(direction) < 0 ? -1 : 1;
  const [m00, m01, m02h, m10, m11, m12h, m20, m21, m22h] = direction;
  const [m02, m12, m22] = [m02h * handed, m12h * handed, m22h * handed];
  // The largest of the four squares is safe to divide by.
  const squares = [1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22];
  const largest = squares.indexOf(Math.max(...squares));
  const s = 2 * Math.sqrt(squares[largest]);
  const [a, b, c, d] = [
    [s / 4, (m21 - m12) / s, (m02 - m20) / s, (m10 - m01) / s],
    [(m21 - m12) / s, s / 4, (m01 + m10) / s, (m02 + m20) / s],
    [(m02 - m20) / s, (m01 + m10) / s, s / 4, (m12 + m21) / s],
    [(m10 - m01) / s, (m02 + m20) / s, (m12 + m21) / s, s / 4],
  ][largest];
  const sign = a < 0 ? -1 : 1;
  return { handed, quaternion: [sign * b, sign * c, sign * d] };
}
