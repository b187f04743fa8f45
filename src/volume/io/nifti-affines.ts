/**
 * A NIfTI header tells twice where the voxels lie: as spacing and quaternion (pixdim, qform) and as an affine (sform). The
 * decoder takes the spacing of the one and the directions of the other, other programs choose otherwise: so both must say
 * the same lengths and the same left and right. Offsets are those of nifti1.h and nifti2.h (nifti.nimh.nih.gov).
 */
import { VolumeError } from '../../errors.ts';
import { determinant3 } from '../geometry.ts';
import type { Mat3 } from '../volume.ts';

/** Lengths of the two statements may differ by this share, directions by this many degrees. */
const LENGTHS_AGREE = 0.01;
const ANGLES_AGREE_degrees = 2;

/** Byte offsets, and the types of codes and numbers. */
const NIFTI_1 = { pixdim: 76, codes: [252, 254], quaternion: 256, rows: 280, step: 4 };
const NIFTI_2 = { pixdim: 104, codes: [344, 348], quaternion: 352, rows: 400, step: 8 };

/**
 * Holds the spacing and the two affines of a header (NIfTI-2: `two`) against each other. Throws `VolumeError` for a spacing
 * that is not above zero, a sheared affine, no orientation at all, and where spacing, qform and sform contradict each other.
 */
export function checkNiftiAffines(path: string, view: DataView, little: boolean, two: boolean): void {
  const at = two ? NIFTI_2 : NIFTI_1;
  const real = (o: number) => (two ? view.getFloat64(o, little) : view.getFloat32(o, little));
  const reals = (o: number, count: number) => Array.from({ length: count }, (_, i) => real(o + i * at.step));
  const [handed, ...spacing] = reals(at.pixdim, 4);
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
  const [qform, sform] = at.codes.map((o) => (two ? view.getInt32(o, little) : view.getInt16(o, little)));
  if (qform <= 0 && sform <= 0)
    throw mend(
      'does not say how its voxels lie (qform and sform are both unset)',
      'a header that tells left from right',
    );
  if (sform <= 0) return;
  const m = [0, 1, 2].map((r) => reals(at.rows + 4 * r * at.step, 3));
  const lengths = [0, 1, 2].map((c) => Math.hypot(m[0][c], m[1][c], m[2][c]));
  if (lengths.every((l) => l > 0)) checkPerpendicular(path, m);
  if (!lengths.every((l, c) => Math.abs(l - spacing[c]) <= LENGTHS_AGREE * spacing[c]))
    throw mend(
      `has the spacing ${said(spacing)} in pixdim, but ${said(lengths)} in its sform`,
      'one spacing',
    );
  if (qform <= 0) return;
  const q = qformDirections(reals(at.quaternion, 3), handed);
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
