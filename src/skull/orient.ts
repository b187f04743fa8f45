/**
 * Bringing bones into one frame by their own geometry. A frame is a point (the centre of the target grid) and three
 * axes; the bone is resampled onto a grid laid along them, in one step from the original voxels.
 *
 * - `patient`: the axes are the patient's (LPS, the file's direction honoured: left stays left), the centre is that of
 *   the bone's bounding box. Right for CT, where heads lie nearly straight.
 * - `principal`: for specimens that lie in the scanner any way round. The bone's principal axes of inertia; of the three,
 *   the one whose mirror image matches best is left-right (x); of the other two the longer is front-back (y). The end
 *   where the bone trails off (third moment) is the front, -y; the side where the remaining axis trails off is up, +z; x
 *   completes a right-handed set, so nothing is ever mirrored. Signs follow the shape, not anatomy: the rule puts 45 of
 *   the 51 mouse skulls it was tried on nose forward and vault up (a neck left on the others tips them over); alignment
 *   to a reference bone (align.ts) mends the rest.
 *
 * Alignment to anatomical landmarks is more than this promises.
 */
import { VolumeError } from '../errors.ts';
import { apply3, transpose3, worldToVoxel } from '../volume/geometry.ts';
import { principalMoments } from '../volume/principalAxes.ts';
import { cut, MASK_THRESHOLD, resample } from '../volume/resample.ts';
import {
  centredGrid,
  type Grid,
  IDENTITY,
  type Mask,
  type Mat3,
  type Vec3,
  voxelToWorld,
} from '../volume/volume.ts';

export type FrameKind = 'patient' | 'principal';

export const FRAMES: Record<FrameKind, string> = {
  patient: "Patient axes as the scan gives them; the centre of the bone's bounding box lies at the origin.",
  principal:
    "Axes by the bone's own geometry: x across its mirror plane, y along its length with the thin end at -y, z the third with the thin side at +z; " +
    "the centre of the bone's bounding box lies at the origin.",
};

/** Where a bone's own frame lies in LPS mm. */
export interface Frame {
  centre: Vec3;
  /** Column c is the LPS direction of frame axis c; a rotation. */
  axes: Mat3;
  /** The bone's bounding box along the axes, mm from the centre, whole voxels counted. */
  low: Vec3;
  high: Vec3;
}

/** Extent of the bone along the frame's axes, mm. */
export function extentOf({ low, high }: Frame): Vec3 {
  return [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
}

/** Inclusive voxel bounds of the bone, `[low, high]`; undefined for an empty mask. */
export function boneBounds(mask: Mask): [Vec3, Vec3] | undefined {
  const [nx, ny, nz] = mask.size;
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = nx * (j + ny * k);
      const line = mask.data.subarray(row, row + nx);
      const first = line.indexOf(1);
      if (first < 0) continue;
      low[0] = Math.min(low[0], first);
      high[0] = Math.max(high[0], line.lastIndexOf(1));
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j);
      low[2] = Math.min(low[2], k);
      high[2] = k;
    }
  return high[2] < 0 ? undefined : [low as unknown as Vec3, high as unknown as Vec3];
}

/**
 * The mask cut to the bone's bounding box and `margin` voxels around it (as far as the grid goes), in place in space.
 * Throws `VolumeError` when it is empty.
 */
export function cropToBone(mask: Mask, margin = 0): Mask {
  const bounds = boneBounds(mask);
  if (bounds === undefined)
    throw new VolumeError({
      found: 'a mask without a bone voxel',
      expected: 'at least one',
      todo: 'check the segmentation, or leave the file out',
    });
  const low = bounds[0].map((v) => Math.max(0, v - margin));
  const high = bounds[1].map((v, a) => Math.min(mask.size[a] - 1, v + margin));
  const size: Vec3 = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1];
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      const from = low[0] + mask.size[0] * (j + low[1] + mask.size[1] * (k + low[2]));
      data.set(mask.data.subarray(from, from + size[0]), size[0] * (j + size[1] * k));
    }
  return { ...mask, size, origin: voxelToWorld(mask, low[0], low[1], low[2]), data };
}

/** The frame of a bone. Throws `VolumeError` when the mask is empty. */
export function boneFrame(mask: Mask, kind: FrameKind): Frame {
  const bone = cropToBone(mask);
  return boxFrame(bone, kind === 'patient' ? IDENTITY : principalAxes(bone));
}

/** The target grid of a frame, in the patient's space: `size` voxels of `spacing` mm along the frame's axes. */
export function frameGrid(frame: Frame, size: Vec3, spacing: number): Grid {
  const half = apply3(
    frame.axes,
    [size[0] - 1, size[1] - 1, size[2] - 1].map((n) => (n * spacing) / 2) as unknown as Vec3,
  );
  const { centre: c } = frame;
  return {
    size,
    spacing: [spacing, spacing, spacing],
    origin: [c[0] - half[0], c[1] - half[1], c[2] - half[2]],
    direction: frame.axes,
  };
}

/** The bone on the common grid (axis-aligned, centred at the origin), by linear interpolation and a cut at `threshold`. */
export function toFrame(
  mask: Mask,
  frame: Frame,
  size: Vec3,
  spacing: number,
  threshold = MASK_THRESHOLD,
): Mask {
  const soft = resample(cropToBone(mask), frameGrid(frame, size, spacing));
  return { ...centredGrid(size, [spacing, spacing, spacing]), data: cut(soft.data, threshold) };
}

/** LPS mm of the centres of all bone voxels: x, y, z, x, y, z .. */
export function boneVoxels(mask: Mask): Float64Array {
  const { direction: d, spacing: s, origin: o, data } = mask;
  const [nx, ny, nz] = mask.size;
  let n = 0;
  for (let p = 0; p < data.length; p++) if (data[p] !== 0) n++;
  const out = new Float64Array(3 * n);
  let p = 0;
  let q = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        if (data[p++] === 0) continue;
        const x = i * s[0];
        const y = j * s[1];
        const z = k * s[2];
        out[q++] = o[0] + d[0] * x + d[1] * y + d[2] * z;
        out[q++] = o[1] + d[3] * x + d[4] * y + d[5] * z;
        out[q++] = o[2] + d[6] * x + d[7] * y + d[8] * z;
      }
  return out;
}

/** The frame with given axes whose centre is `centre`, or else that of the bone's bounding box. */
export function boxFrame(mask: Mask, axes: Mat3, centre?: Vec3): Frame {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const voxels = boneVoxels(mask);
  for (let p = 0; p < voxels.length; p += 3)
    for (let c = 0; c < 3; c++) {
      const u = axes[c] * voxels[p] + axes[3 + c] * voxels[p + 1] + axes[6 + c] * voxels[p + 2];
      if (u < low[c]) low[c] = u;
      if (u > high[c]) high[c] = u;
    }
  const { direction: d, spacing: s } = mask;
  for (let c = 0; c < 3; c++) {
    // Half a voxel's extent along this axis.
    let half = 0;
    for (let a = 0; a < 3; a++)
      half += Math.abs(axes[c] * d[a] + axes[3 + c] * d[3 + a] + axes[6 + c] * d[6 + a]) * (s[a] / 2);
    low[c] -= half;
    high[c] += half;
  }
  const middle = low.map((u, c) => (u + high[c]) / 2) as unknown as Vec3;
  const at = centre === undefined ? middle : apply3(transpose3(axes), centre);
  return {
    centre: centre ?? apply3(axes, middle),
    axes,
    low: [low[0] - at[0], low[1] - at[1], low[2] - at[2]],
    high: [high[0] - at[0], high[1] - at[1], high[2] - at[2]],
  };
}

/** The rotation described under `principal` above. */
function principalAxes(mask: Mask): Mat3 {
  const { centroid, axes } = principalMoments(mask);
  const voxels = boneVoxels(mask);
  for (let p = 0; p < voxels.length; p++) voxels[p] -= centroid[p % 3];
  const vectors = [0, 1, 2].map((c) => [axes[c], axes[3 + c], axes[6 + c]]);
  const across = vectors
    .map((axis) => ({ axis, match: mirrorMatch(mask, voxels, centroid, axis) }))
    .reduce((best, x) => (x.match > best.match ? x : best)).axis;
  const [along, third] = vectors.filter((axis) => axis !== across);

  // The third moment is positive toward the side that trails off: that side becomes -y, and +z.
  const y = thirdMoment(voxels, along) > 0 ? along.map((u) => -u) : along;
  const z = thirdMoment(voxels, third) < 0 ? third.map((u) => -u) : third;
  const x = [y[1] * z[2] - y[2] * z[1], y[2] * z[0] - y[0] * z[2], y[0] * z[1] - y[1] * z[0]];
  return [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]];
}

function thirdMoment(voxels: Float64Array, axis: number[]): number {
  let sum = 0;
  for (let p = 0; p < voxels.length; p += 3) {
    const u = voxels[p] * axis[0] + voxels[p + 1] * axis[1] + voxels[p + 2] * axis[2];
    sum += u * u * u;
  }
  return sum;
}

/** Share of (every 7th) bone voxels whose mirror image, across the plane through `mean` normal to `axis`, is bone. */
function mirrorMatch(mask: Mask, voxels: Float64Array, mean: Vec3, axis: number[]): number {
  let seen = 0;
  let hit = 0;
  const [nx, ny, nz] = mask.size;
  for (let p = 0; p < voxels.length; p += 21) {
    const [x, y, z] = [voxels[p], voxels[p + 1], voxels[p + 2]];
    const u = 2 * (x * axis[0] + y * axis[1] + z * axis[2]);
    const image: Vec3 = [x - u * axis[0] + mean[0], y - u * axis[1] + mean[1], z - u * axis[2] + mean[2]];
    const [i, j, k] = worldToVoxel(mask, image).map(Math.round);
    seen++;
    if (i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz && mask.data[i + nx * (j + ny * k)] !== 0)
      hit++;
  }
  return hit / seen;
}
