/**
 * Left-right asymmetry in mm: the mean distance from the surface of a bone to the surface of its mirror image, exactly
 * mirrored about a plane x = c across the grid's first axis (left to right in every dataset). A bone need not lie in the
 * middle of its grid, so c is the place, among whole and half voxels near the bone's centre, where bone and mirror image
 * overlap most. The plane is not turned: a head that is turned by a degree in its grid reads as asymmetric, about 0.9 mm
 * a degree at 100 mm from the axis. Mirroring twice gives the bone back, so the mean is the same in both directions.
 */
import { VolumeError } from '../../errors.ts';
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import type { Mask } from '../../volume/volume.ts';
import { surfaceVoxels } from '../surfaceDistance.ts';

export interface Asymmetry {
  /** Mean distance of the surface to its mirror image, mm; 0 for a symmetric bone. */
  distance: number;
  /** The plane, in voxels along x. */
  plane: number;
}

/** How far from the bone's centre the plane is looked for, as a share of the grid. */
const REACH = 1 / 16;

/** Bone voxels whose mirror image about x = twice / 2 is bone too. */
function mirroredOverlap({ data, size }: Mask, twice: number): number {
  const [nx] = size;
  const from = Math.max(0, twice - nx + 1);
  const to = Math.min(nx - 1, twice);
  let count = 0;
  for (let row = 0; row < data.length; row += nx)
    // Each pair once; its two voxels count two, the voxel on the plane one.
    for (let i = from, j = to; i <= j; i++, j--)
      if (data[row + i] !== 0 && data[row + j] !== 0) count += i === j ? 1 : 2;
  return count;
}

/** Asymmetry of a mask. Throws `VolumeError` for an empty one. */
export function asymmetry(mask: Mask): Asymmetry {
  const { data, size, spacing } = mask;
  const [nx] = size;
  const surface = surfaceVoxels(data, size);
  if (surface.length === 0)
    throw new VolumeError({ found: 'an empty mask', expected: 'bone in it', todo: 'leave it out' });
  let [sum, bone] = [0, 0];
  for (let at = 0; at < data.length; at++)
    if (data[at] !== 0) {
      sum += at % nx;
      bone++;
    }
  const middle = Math.round((2 * sum) / bone);
  const reach = Math.max(2, Math.round(2 * REACH * nx));
  let [twice, most] = [middle, -1];
  // From the centre outwards, so that of equals the plane next to it is taken.
  for (let step = 0; step <= 2 * reach; step++) {
    const candidate = middle + (step % 2 === 0 ? step / 2 : -(step + 1) / 2);
    const overlap = mirroredOverlap(mask, candidate);
    if (overlap > most) [twice, most] = [candidate, overlap];
  }
  const seeds = new Uint8Array(data.length);
  for (const at of surface) seeds[at] = 1;
  const squared = squaredDistanceTransform(seeds, size, spacing);
  let distance = 0;
  for (const at of surface) {
    const i = at % nx;
    const mirrored = twice - i;
    // Beyond the grid: to its face, and from there on.
    const inside = Math.min(nx - 1, Math.max(0, mirrored));
    distance += Math.sqrt(squared[at - i + inside]) + Math.abs(mirrored - inside) * spacing[0];
  }
  return { distance: distance / surface.length, plane: twice / 2 };
}
