/**
 * A bone made ready to be looked at from any side: its voxels, averaged and smoothed to what the network's cube can show, as
 * bytes (255 bone) on a grid along the axes of the mask they came from; and its centroid. From there a view in any turn is
 * one trilinear look-up a voxel, and none of the hundred views of a search touches the scan again.
 *
 * Training looks at bones through the same door, so what the network learnt from and what it meets are made alike, whatever
 * the spacing of the scan.
 */
import { GridError } from '../errors.ts';
import { boneMoments } from '../volume/centroid.ts';
import { apply3, transpose3, worldToVoxel } from '../volume/geometry.ts';
import { boxAverage, resample } from '../volume/resample.ts';
import { type Mask, type Mat3, type Vec3, voxelCount } from '../volume/volume.ts';

export interface SoftBone {
  /** 0 .. 255, x fastest. */
  data: Uint8Array;
  size: Vec3;
  /** mm, isotropic. */
  spacing: number;
  /** LPS mm of voxel (0, 0, 0). */
  origin: Vec3;
  direction: Mat3;
  /** LPS mm of the centroid of the bone that is there. */
  centroid: Vec3;
  /** Root mean square distance of the bone from it, mm. */
  radiusMm: number;
}

/** Voxels of the soft bone along a voxel of the cube. */
const FINER = 1.5;
/** Width of each of two box averages, in voxels of the cube: together nearly a Gaussian as wide as one and a half. */
const BLUR = 1;

/**
 * The soft bone of a mask for cubes of `side` voxels, `cubeMm` mm along a side: what no turn of the cube about the centroid can
 * see is left out. Throws `VolumeError` where the mask has no bone.
 */
export function softBone(mask: Mask, { side, cubeMm }: { side: number; cubeMm: number }): SoftBone {
  const { centroid, radiusMm } = boneMoments(mask);
  const voxel = cubeMm / side;
  const spacing = voxel / FINER;
  const centre = worldToVoxel(mask, centroid);
  const reach = (Math.sqrt(3) / 2) * cubeMm + 2 * voxel;
  // The part of the mask that a cube can see, in mm along the mask's axes from its first voxel, half a voxel around.
  const low = centre.map((c, a) => Math.max(c * mask.spacing[a] - reach, -0.5 * mask.spacing[a]));
  const high = centre.map((c, a) =>
    Math.min(c * mask.spacing[a] + reach, (mask.size[a] - 0.5) * mask.spacing[a]),
  );
  const margin = Math.ceil(FINER * BLUR) + 1;
  const size = low.map((l, a) => Math.ceil((high[a] - l) / spacing) + 1 + 2 * margin) as unknown as Vec3;
  if (size.some((n) => n > LARGEST_SIDE)) throw unbounded(size);
  const start = apply3(mask.direction, low.map((l) => l - margin * spacing) as unknown as Vec3);
  const origin: Vec3 = [0, 1, 2].map((a) => mask.origin[a] + start[a]) as unknown as Vec3;
  const { direction } = mask;
  let soft = resample(mask, { size, spacing: [spacing, spacing, spacing], origin, direction }).data;
  for (let axis = 0; axis < 3; axis++)
    for (let pass = 0; pass < 2; pass++) soft = boxAverage(soft, size, axis, FINER * BLUR);
  const data = new Uint8Array(voxelCount(size));
  for (let p = 0; p < data.length; p++) data[p] = 255 * soft[p] + 0.5;
  return { data, size, spacing, origin, direction, centroid, radiusMm };
}

/** Of a soft bone; a cube of 96 voxels needs 96 . 1.5 . sqrt(3) and a margin. */
const LARGEST_SIDE = 280;

function unbounded(size: Vec3): GridError {
  return new GridError({
    found: `a bone that would need ${size.join('x')} voxels`,
    expected: `at most ${LARGEST_SIDE} along a side`,
    todo: 'report this: a cube of the network should never ask for so many',
  });
}

/** Voxel index in the soft bone of an LPS point, as a map: `index = A (point) + b`, A row-major. */
export function voxelMap({ direction, spacing, origin }: SoftBone): { a: Mat3; b: Vec3 } {
  const a = transpose3(direction).map((v) => v / spacing) as unknown as Mat3;
  const b = apply3(a, origin).map((v) => -v) as unknown as Vec3;
  return { a, b };
}
