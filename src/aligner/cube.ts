/**
 * What the network sees: a cube of `side`^3 voxels, filled from a soft bone by trilinear look-up. A cube voxel u (mm from the
 * cube's centre) shows the bone at `A u + b`, in voxels of the soft bone. Rows of the cube are cut to the part that meets the
 * soft bone's grid before anything is looked up, for a bone fills a small part of the cube around it: 0.4 ms for 32^3.
 */
import { apply3, multiply3 } from '../volume/geometry.ts';
import type { Mat3, Vec3 } from '../volume/volume.ts';
import { type SoftBone, voxelMap } from './softBone.ts';

/** An affine map into voxels of a soft bone. */
export interface CubeMap {
  /** Row-major. */
  a: Mat3;
  b: Vec3;
}

export interface CubeGrid {
  /** Voxels along each side. */
  side: number;
  /** mm along each side. */
  cubeMm: number;
}

/** The map of a cube centred on the LPS point `centre`, whose axes are the columns of `axes` (LPS). */
export function cubeMap(bone: SoftBone, centre: Vec3, axes: Mat3): CubeMap {
  const { a, b } = voxelMap(bone);
  const at = apply3(a, centre);
  return { a: multiply3(a, axes), b: [at[0] + b[0], at[1] + b[1], at[2] + b[2]] };
}

/** Writes the cube, 0 .. 1, x fastest, to `out[at ..]`; outside the soft bone is 0. */
export function fillCube(
  { data, size: [nx, ny, nz] }: Pick<SoftBone, 'data' | 'size'>,
  { side, cubeMm }: CubeGrid,
  { a, b }: CubeMap,
  out: Float32Array,
  at: number,
): void {
  const step = cubeMm / side;
  const half = (side - 1) / 2;
  const plane = nx * ny;
  const [dx, dy, dz] = [a[0] * step, a[3] * step, a[6] * step];
  const most = [nx - 1 - 1e-6, ny - 1 - 1e-6, nz - 1 - 1e-6];
  const d = [dx, dy, dz];
  out.fill(0, at, at + side ** 3);
  for (let k = 0; k < side; k++)
    for (let j = 0; j < side; j++) {
      const v = (j - half) * step;
      const w = (k - half) * step;
      const x0 = a[1] * v + a[2] * w + b[0] - half * dx;
      const y0 = a[4] * v + a[5] * w + b[1] - half * dy;
      const z0 = a[7] * v + a[8] * w + b[2] - half * dz;
      let first = 0;
      let last = side - 1;
      for (let c = 0; c < 3; c++) {
        const p = c === 0 ? x0 : c === 1 ? y0 : z0;
        if (Math.abs(d[c]) < 1e-9) {
          if (p < 0 || p > most[c]) last = -1;
          continue;
        }
        const t0 = -p / d[c];
        const t1 = (most[c] - p) / d[c];
        first = Math.max(first, Math.ceil(Math.min(t0, t1)));
        last = Math.min(last, Math.floor(Math.max(t0, t1)));
      }
      const row = at + side * (j + side * k);
      for (let i = first; i <= last; i++) {
        const x = x0 + i * dx;
        const y = y0 + i * dy;
        const z = z0 + i * dz;
        // Rounding may leave an end of the row a hair outside.
        const ix = Math.min(Math.max(x | 0, 0), nx - 2);
        const iy = Math.min(Math.max(y | 0, 0), ny - 2);
        const iz = Math.min(Math.max(z | 0, 0), nz - 2);
        const fx = x - ix;
        const fy = y - iy;
        const fz = z - iz;
        const p = ix + nx * iy + plane * iz;
        const c00 = data[p] + fx * (data[p + 1] - data[p]);
        const c10 = data[p + nx] + fx * (data[p + nx + 1] - data[p + nx]);
        const q = p + plane;
        const c01 = data[q] + fx * (data[q + 1] - data[q]);
        const c11 = data[q + nx] + fx * (data[q + nx + 1] - data[q + nx]);
        const c0 = c00 + fy * (c10 - c00);
        const c1 = c01 + fy * (c11 - c01);
        out[row + i] = (c0 + fz * (c1 - c0)) * (1 / 255);
      }
    }
}
