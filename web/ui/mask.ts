/** Masks as they travel: packed bits and a grid (dataset/pack.ts), unpacked where they are used. */
import { unpackBits } from '../../src/dataset/pack.ts';
import { centredGrid, type Mask, type Vec3, voxelCount } from '../../src/volume/volume.ts';

export interface PackedMask {
  bits: Uint8Array;
  size: Vec3;
  /** mm */
  spacing: number;
}

/** The mask of packed bits. Throws `DatasetError` where the bits are not those of the grid. */
export function unpack({ bits, size, spacing }: PackedMask): Mask {
  return { ...centredGrid(size, [spacing, spacing, spacing]), data: unpackBits(bits, voxelCount(size)) };
}
