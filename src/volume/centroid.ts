/** Where the bone of a mask lies on the whole: its centroid and its spread, in one pass over the rows of the volume. */
import { VolumeError } from '../errors.ts';
import { type Grid, type Vec3, voxelToWorld } from './volume.ts';

/** A volume of any type; what is not 0 is bone. */
type Bone = Grid & { data: ArrayLike<number> };

export interface Moments {
  /** LPS mm. */
  centroid: Vec3;
  /** Root mean square distance of the bone from it, mm. */
  radiusMm: number;
  /** Bone voxels. */
  count: number;
}

/** Centroid and spread of the bone of a mask, LPS mm. Throws `VolumeError` where there is none. */
export function boneMoments(mask: Bone): Moments {
  const [nx, ny, nz] = mask.size;
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let count = 0;
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      let n = 0;
      let sum = 0;
      let square = 0;
      for (let i = 0; i < nx; i++)
        if (mask.data[at++] !== 0) {
          n++;
          sum += i;
          square += i * i;
        }
      count += n;
      sums[0] += sum;
      squares[0] += square;
      sums[1] += n * j;
      squares[1] += n * j * j;
      sums[2] += n * k;
      squares[2] += n * k * k;
    }
  if (count === 0)
    throw new VolumeError({
      found: 'a volume without a bone voxel',
      expected: 'at least one',
      todo: 'check the segmentation or the threshold',
    });
  const at = sums.map((s) => s / count);
  const spread = squares.reduce((sum, q, a) => sum + (q / count - at[a] ** 2) * mask.spacing[a] ** 2, 0);
  return {
    centroid: voxelToWorld(mask, at[0], at[1], at[2]),
    radiusMm: Math.sqrt(Math.max(0, spread)),
    count,
  };
}

/** The mean place of the bone of a mask, LPS mm. Throws `VolumeError` where there is none. */
export const centroidOf = (mask: Bone): Vec3 => boneMoments(mask).centroid;
