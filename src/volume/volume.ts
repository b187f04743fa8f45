/**
 * A volume: voxels on a regular grid in the patient's space. Coordinates are LPS (x to the patient's left, y to the
 * back, z to the head) in mm; `data` has x fastest: voxel (i, j, k) lies at `data[i + size[0] * (j + size[1] * k)]` and
 * its centre at `origin + direction . (spacing * (i, j, k))`. The same memory is a tensor [D, H, W] = [z, y, x].
 */

export type Vec3 = readonly [number, number, number];

/** Row-major 3x3: column c is the unit vector, in LPS, of grid axis c. */
export type Mat3 = readonly [number, number, number, number, number, number, number, number, number];

export const IDENTITY: Mat3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

export type VoxelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** The grid of a volume: where its voxels are, without their values. */
export interface Grid {
  /** Voxels along x, y, z. */
  size: Vec3;
  /** mm between voxel centres along each grid axis. */
  spacing: Vec3;
  /** LPS mm of the centre of voxel (0, 0, 0). */
  origin: Vec3;
  direction: Mat3;
}

export interface Volume<T extends VoxelArray = VoxelArray> extends Grid {
  data: T;
}

/** A bone mask: 1 bone, 0 background. */
export type Mask = Volume<Uint8Array>;

/** Number of voxels of a grid. */
export function voxelCount(size: Vec3): number {
  return size[0] * size[1] * size[2];
}

/** LPS mm of the (possibly fractional) voxel index (i, j, k): `origin + direction . (spacing * index)`. */
export function voxelToWorld(grid: Grid, i: number, j: number, k: number): [number, number, number] {
  const { direction: d, spacing: s, origin: o } = grid;
  const x = i * s[0];
  const y = j * s[1];
  const z = k * s[2];
  return [
    o[0] + d[0] * x + d[1] * y + d[2] * z,
    o[1] + d[3] * x + d[4] * y + d[5] * z,
    o[2] + d[6] * x + d[7] * y + d[8] * z,
  ];
}

/** An axis-aligned grid of `size` voxels of `spacing` mm whose centre is the LPS origin. */
export function centredGrid(size: Vec3, spacing: Vec3): Grid {
  const origin: Vec3 = [
    (-spacing[0] * (size[0] - 1)) / 2,
    (-spacing[1] * (size[1] - 1)) / 2,
    (-spacing[2] * (size[2] - 1)) / 2,
  ];
  return { size, spacing, origin, direction: IDENTITY };
}
