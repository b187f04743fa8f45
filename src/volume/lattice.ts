/** Directions between voxels of a grid. */
import type { Vec3 } from './volume.ts';

/** The 13 ways from a voxel to its 26 neighbours and back; the first entry that is not 0 is 1; the axes come first. */
export const LATTICE_DIRECTIONS: readonly Vec3[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 0],
  [1, -1, 0],
  [1, 0, 1],
  [1, 0, -1],
  [0, 1, 1],
  [0, 1, -1],
  [1, 1, 1],
  [1, 1, -1],
  [1, -1, 1],
  [1, -1, -1],
];
