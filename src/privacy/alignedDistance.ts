/**
 * How far apart two shapes are, one moved onto the other by a pose T:
 *
 *   distance     1 - 2 sum_p min(a(p), b(T p)) / (sum a + sum b)       a, b the blurred masks: 1 - Dice of soft sets, 0 .. 1
 *   surface_mm   mean over both surfaces' voxels of |signed distance to the other surface|, mm
 *
 * The minimum is 0 wherever `a` is, so only the voxels of one shape are looked at; a rigid motion leaves the sums as they
 * are. The surface distance is read off the blurred, clipped field: a little less than that of surfaceDistance.ts.
 */
import { apply3 } from '../volume/geometry.ts';
import type { Vec3 } from '../volume/volume.ts';
import { FieldSampler } from './fieldSampler.ts';
import { invertPose, type Pose } from './pose.ts';
import type { FieldGrid, ShapeField } from './shapeField.ts';

/** The map p -> q of a pose as 12 numbers, rows of `[R | offset]`. */
export function poseMap(
  { rotation: r, translation: t }: Pose,
  { size }: Pick<FieldGrid, 'size'>,
): Float64Array {
  const c = size.map((n) => (n - 1) / 2) as unknown as Vec3;
  const turned = apply3(r, c);
  const map = new Float64Array(12);
  for (let a = 0; a < 3; a++) {
    map.set([r[3 * a], r[3 * a + 1], r[3 * a + 2]], 4 * a);
    map[4 * a + 3] = c[a] + t[a] - turned[a];
  }
  return map;
}

/** 1 - Dice of the blurred shapes `a` and `b`, `a` moved by `pose`; exactly 0 for equal shapes left in place. */
export function alignedDistance(a: ShapeField, b: ShapeField, pose: Pose, grid: FieldGrid): number {
  const [nx, ny, nz] = grid.size;
  const m = poseMap(pose, grid);
  const other = new FieldSampler(grid, b.soft);
  let shared = 0;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const x = m[1] * j + m[2] * k + m[3];
      const y = m[5] * j + m[6] * k + m[7];
      const z = m[9] * j + m[10] * k + m[11];
      for (let i = 0; i < nx; i++, p++) {
        const own = a.soft[p];
        if (own === 0) continue;
        const u = x + m[0] * i;
        const v = y + m[4] * i;
        const w = z + m[8] * i;
        // Half a voxel beyond the border there is nothing.
        if (u < -0.5 || v < -0.5 || w < -0.5 || u > nx - 0.5 || v > ny - 0.5 || w > nz - 0.5) continue;
        const found = other.value(u, v, w);
        shared += Math.min(found, own);
      }
    }
  return 1 - (2 * shared) / (a.total + b.total);
}

/** Mean over `a`'s bone voxels that touch background of how far `b`'s surface lies, mm; and how many there are. */
function oneWay(a: ShapeField, b: ShapeField, pose: Pose, grid: FieldGrid): [sum: number, count: number] {
  const [nx, ny, nz] = grid.size;
  const m = poseMap(pose, grid);
  const other = new FieldSampler(grid, b.signed);
  let sum = 0;
  let count = 0;
  const { signed } = a;
  // The surface: where the signed field changes its sign along x, y or z; the point between, by linear interpolation.
  const step = [1, nx, nx * ny];
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++)
        for (let axis = 0; axis < 3; axis++) {
          if ((axis === 0 ? i + 1 >= nx : axis === 1 ? j + 1 >= ny : k + 1 >= nz) === true) continue;
          const [here, next] = [signed[p], signed[p + step[axis]]];
          if (here < 0 === next < 0) continue;
          const f = here / (here - next);
          const x = i + (axis === 0 ? f : 0);
          const y = j + (axis === 1 ? f : 0);
          const z = k + (axis === 2 ? f : 0);
          sum += Math.abs(
            other.value(
              m[0] * x + m[1] * y + m[2] * z + m[3],
              m[4] * x + m[5] * y + m[6] * z + m[7],
              m[8] * x + m[9] * y + m[10] * z + m[11],
            ),
          );
          count++;
        }
  return [(sum * grid.clip) / 127, count];
}

/** Mean distance of the surfaces of `a`, moved by `pose`, and `b`, both ways together, mm. */
export function alignedSurfaceDistance(a: ShapeField, b: ShapeField, pose: Pose, grid: FieldGrid): number {
  const [s1, n1] = oneWay(a, b, pose, grid);
  const [s2, n2] = oneWay(b, a, invertPose(pose), grid);
  return n1 + n2 === 0 ? 0 : (s1 + s2) / (n1 + n2);
}
