/** Analytic fields and masks for the mesh tests: positive inside, in world mm. */
import {
  centredGrid,
  type Grid,
  type Mask,
  type Vec3,
  type Volume,
  voxelToWorld,
} from '../../src/volume/volume.ts';

/** Samples `field(x, y, z)` (LPS mm) on a grid. */
export function sampled(
  grid: Grid,
  field: (x: number, y: number, z: number) => number,
): Volume<Float32Array> {
  const [nx, ny, nz] = grid.size;
  const data = new Float32Array(nx * ny * nz);
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) data[p] = field(...voxelToWorld(grid, i, j, k));
  return { ...grid, data };
}

/** The mask of a field: 1 where positive. */
export const masked = (grid: Grid, field: (x: number, y: number, z: number) => number): Mask => ({
  ...grid,
  data: Uint8Array.from(sampled(grid, field).data, (v) => (v > 0 ? 1 : 0)),
});

export const ball =
  (radius: number, [cx, cy, cz]: Vec3 = [0, 0, 0]) =>
  (x: number, y: number, z: number): number =>
    radius - Math.hypot(x - cx, y - cy, z - cz);

/** A ring of radius R about z with a round section of radius r. */
export const torus =
  (R: number, r: number) =>
  (x: number, y: number, z: number): number =>
    r - Math.hypot(Math.hypot(x, y) - R, z);

export const shell =
  (outer: number, inner: number) =>
  (x: number, y: number, z: number): number =>
    Math.min(outer - Math.hypot(x, y, z), Math.hypot(x, y, z) - inner);

export const cube = (n: number, spacing = 1): Grid => centredGrid([n, n, n], [spacing, spacing, spacing]);

/** A mask with 1 at the voxels listed. */
export function maskWith(grid: Grid, voxels: readonly Vec3[]): Mask {
  const data = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  for (const [i, j, k] of voxels) data[i + grid.size[0] * (j + grid.size[1] * k)] = 1;
  return { ...grid, data };
}
