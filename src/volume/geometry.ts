/**
 * The small linear algebra of grids: 3x3 matrices, the map from one grid's voxel indices to another's, and the checks
 * that make a geometry usable. An index map is a 3x4 matrix A in row-major order, `source = A . (i, j, k, 1)`, in
 * voxels; it is all that resampling needs to know of two grids.
 */
import { VolumeError } from '../errors.ts';
import type { Grid, Mat3, Vec3 } from './volume.ts';

/** Row-major 3x4: `source index = A . (i, j, k, 1)`. */
export type IndexMap = Float64Array;

export function determinant3(m: Mat3): number {
  return (
    m[0] * (m[4] * m[8] - m[5] * m[7]) -
    m[1] * (m[3] * m[8] - m[5] * m[6]) +
    m[2] * (m[3] * m[7] - m[4] * m[6])
  );
}

/** Row-major product `a b`. */
export function multiply3(a: Mat3, b: Mat3): Mat3 {
  const out = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++)
      out[3 * r + c] = a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c];
  return out as unknown as Mat3;
}

/** The transpose, which for a direction (orthonormal) is the inverse. */
export function transpose3(m: Mat3): Mat3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/** `m v`. */
export function apply3(m: Mat3, v: Vec3): [number, number, number] {
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** Voxel index (fractional) of an LPS point in mm: `(direction^T . (point - origin)) / spacing`. */
export function worldToVoxel(grid: Grid, point: Vec3): [number, number, number] {
  const { origin: o, spacing: s } = grid;
  const v = apply3(transpose3(grid.direction), [point[0] - o[0], point[1] - o[1], point[2] - o[2]]);
  return [v[0] / s[0], v[1] / s[1], v[2] / s[2]];
}

/**
 * The map from voxel indices of `target` to voxel indices of `source`:
 * `S_s^-1 D_s^T (D_t S_t index + o_t - o_s)`.
 */
export function indexMap(target: Grid, source: Grid): IndexMap {
  const rotation = multiply3(transpose3(source.direction), target.direction);
  const offset = worldToVoxel(source, target.origin);
  const map = new Float64Array(12);
  for (let r = 0; r < 3; r++) {
    for (let c = 0; c < 3; c++)
      map[4 * r + c] = (rotation[3 * r + c] * target.spacing[c]) / source.spacing[r];
    map[4 * r + 3] = offset[r];
  }
  return map;
}

/**
 * Throws `VolumeError` unless sizes are whole and positive, spacings positive and the direction orthonormal to 1e-3 (a
 * gantry tilt or a shear would be silently straightened by anything that treats the axes as perpendicular).
 */
export function checkGrid(grid: Grid, name: string): void {
  const { size, spacing, origin, direction: d } = grid;
  if (!size.every((n) => Number.isInteger(n) && n > 0))
    throw new VolumeError({
      found: `${name} has the size ${size.join('x')}`,
      expected: 'three whole numbers of voxels, each at least 1',
      todo: 'export the volume again from the program that made it',
    });
  if (!spacing.every((s) => Number.isFinite(s) && s > 0) || !origin.every(Number.isFinite))
    throw new VolumeError({
      found: `${name} has the spacing ${spacing.join(' x ')} mm and the origin (${origin.join(', ')}) mm`,
      expected: 'positive spacings and a finite origin, in mm',
      todo: 'correct the header of the file: without it no length can be trusted',
    });
  let worst = 0;
  for (let a = 0; a < 3; a++)
    for (let b = a; b < 3; b++) {
      const dot = d[a] * d[b] + d[3 + a] * d[3 + b] + d[6 + a] * d[6 + b];
      worst = Math.max(worst, Math.abs(dot - (a === b ? 1 : 0)));
    }
  if (!(worst < 1e-3))
    throw new VolumeError({
      found: `${name} has axes that are not perpendicular (direction ${Array.from(d, (x) => x.toFixed(4)).join(' ')})`,
      expected: 'three perpendicular axes: no shear, no gantry tilt',
      todo: 'resample the volume onto a rectangular grid first (3D Slicer: "Resample Scalar/Vector/DWI Volume")',
    });
}

/** Right-handed rotation by `angle` radians about axis 0 (x), 1 (y) or 2 (z). */
export function rotationAbout(axis: number, angle: number): Mat3 {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  if (axis === 0) return [1, 0, 0, 0, c, -s, 0, s, c];
  if (axis === 1) return [c, 0, s, 0, 1, 0, -s, 0, c];
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}
