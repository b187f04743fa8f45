/**
 * A move in space that keeps shape: turn, scale, shift. `y = scale . rotation . x + translation`, LPS mm; rigid when the
 * scale is 1. Stored with a case as 16 numbers, the row-major 4x4 matrix from the original space to the canonical frame,
 *
 *   [ s R | t ]
 *   [ 0   | 1 ]
 *
 * the same numbers that 3D Slicer and ITK's tools show for an LPS matrix (their resampling wants the inverse).
 */
import { VolumeError } from '../../errors.ts';
import { apply3, determinant3, multiply3, transpose3 } from '../../volume/geometry.ts';
import { type Grid, IDENTITY, type Mat3, type Vec3 } from '../../volume/volume.ts';

export interface Transform {
  /** Row-major rotation (determinant +1). */
  readonly rotation: Mat3;
  /** mm, in the space arrived at. */
  readonly translation: Vec3;
  /** 1 for a rigid transform. */
  readonly scale: number;
}

export const IDENTITY_TRANSFORM: Transform = { rotation: IDENTITY, translation: [0, 0, 0], scale: 1 };

/** `scale R point + t`, mm. */
export function applyTransform({ rotation, translation: t, scale }: Transform, point: Vec3): Vec3 {
  const v = apply3(rotation, point);
  return [scale * v[0] + t[0], scale * v[1] + t[1], scale * v[2] + t[2]];
}

/** The way back: `R^T (y - t) / scale`. */
export function invertTransform({ rotation, translation, scale }: Transform): Transform {
  const back = transpose3(rotation);
  const v = apply3(back, translation);
  return {
    rotation: back,
    translation: [-v[0] / scale, -v[1] / scale, -v[2] / scale],
    scale: 1 / scale,
  };
}

/** The move from space to a frame's own coordinates, the frame's axes as columns: `y = axes^T (x - centre)`. */
export function frameTransform({ axes, centre }: { axes: Mat3; centre: Vec3 }): Transform {
  const rotation = transpose3(axes);
  const at = apply3(rotation, centre);
  return { rotation, translation: [-at[0], -at[1], -at[2]], scale: 1 };
}

/** First `first`, then `second`. */
export function composeTransforms(second: Transform, first: Transform): Transform {
  return {
    rotation: multiply3(second.rotation, first.rotation),
    translation: applyTransform(second, first.translation),
    scale: second.scale * first.scale,
  };
}

/** The 16 numbers of the file's head, row by row. */
export function transformToMatrix({ rotation: r, translation: t, scale: s }: Transform): number[] {
  return [0, 1, 2]
    .flatMap((i) => [s * r[3 * i], s * r[3 * i + 1], s * r[3 * i + 2], t[i]])
    .concat(0, 0, 0, 1);
}

/** Reads what `transformToMatrix` wrote. Throws `VolumeError` unless it is a turn with one scale and a shift, to 1e-4. */
export function transformFromMatrix(m: readonly number[]): Transform {
  const refuse = (found: string): never => {
    throw new VolumeError({
      found,
      expected:
        '16 numbers, row by row: a rotation times one scale, the shift in mm in the last column, 0 0 0 1',
      todo: 'give the matrix as it was stored with the case, not one that shears or mirrors',
    });
  };
  if (m.length !== 16 || !m.every(Number.isFinite))
    refuse(`a transform of ${m.length} numbers, or one not finite`);
  if (m[12] !== 0 || m[13] !== 0 || m[14] !== 0 || m[15] !== 1)
    refuse('a transform whose last row is not 0 0 0 1');
  const a = [m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]];
  const scale = Math.cbrt(determinant3(a as unknown as Mat3));
  if (!(scale > 0)) refuse('a transform that mirrors or flattens');
  const rotation = a.map((x) => x / scale) as unknown as Mat3;
  const square = multiply3(transpose3(rotation), rotation);
  if (square.some((x, i) => Math.abs(x - IDENTITY[i]) > 1e-4)) refuse('a transform that shears or stretches');
  return { rotation, translation: [m[3], m[7], m[11]], scale: Math.abs(scale - 1) < 1e-9 ? 1 : scale };
}

/** The same voxels, seen where the transform puts them: nothing is resampled, only the header is turned. */
export function transformGrid<T extends Grid>(grid: T, transform: Transform): T {
  const { scale, rotation } = transform;
  const [x, y, z] = grid.spacing;
  return {
    ...grid,
    spacing: [scale * x, scale * y, scale * z],
    origin: applyTransform(transform, grid.origin),
    direction: multiply3(rotation, grid.direction),
  };
}

/** Geodesic angle between two rotations, `2 asin(|A - B|_F / (2 sqrt 2))`, in degrees, 0 .. 180. */
export function rotationAngle(a: Mat3, b: Mat3): number {
  let square = 0;
  for (let i = 0; i < 9; i++) square += (a[i] - b[i]) ** 2;
  return (2 * Math.asin(Math.min(1, Math.sqrt(square / 8))) * 180) / Math.PI;
}
