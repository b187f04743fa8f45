/**
 * Poses in which a bone is tested: how it lies in its scanner. A pose is the move from the canonical frame to the scan's
 * LPS space, so its inverse is the truth that a method must find.
 *
 * - `scanner`: a head as it is laid down, a few degrees off. Angles about x, y, z are normal with deviations 8.2, 2.7, 3.9
 *   degrees, and no more than three of them: what is published of misalignment in CT (PMC11720105: 6.4 +- 5.2, 2.1 +- 1.7,
 *   3.1 +- 2.4 degrees, mean and deviation of the angle's size) has these root mean squares.
 * - `any`: a specimen that lies any way round, uniform over SO(3).
 *
 * The bone is then put on a grid as a scan would be: its own spacing (slices thicker than pixels), its axes any way round
 * the patient's and some degrees oblique, some empty voxels around it, and an origin far off. Nothing of the dataset's own
 * grid is left for a method to lean on.
 */

import type { RandomStream } from '../../random/stream.ts';
import { boxFrame, cropToBone } from '../../skull/orient.ts';
import { randomRotation } from '../../skull/register/rotations.ts';
import { type Transform, transformGrid } from '../../skull/register/transform.ts';
import { apply3, multiply3, rotationAbout } from '../../volume/geometry.ts';
import { resampleMask } from '../../volume/resample.ts';
import { type Grid, IDENTITY, type Mask, type Mat3, type Vec3 } from '../../volume/volume.ts';

export const POSE_KINDS = ['scanner', 'any'] as const;
export type PoseKind = (typeof POSE_KINDS)[number];

export interface PoseOptions {
  kind: PoseKind;
  /** Deviations of a scanner pose's angles about x, y, z. */
  degrees: Vec3;
  /** Largest shift along each axis, mm, either way; uniform. */
  shiftMm: number;
}

export const POSE_DEFAULTS: PoseOptions = { kind: 'scanner', degrees: [8.2, 2.7, 3.9], shiftMm: 100 };

/** Deviations beyond which a scanner pose is drawn again. */
const MOST = 3;

function cutNormal(stream: RandomStream): number {
  for (;;) {
    const z = stream.normal();
    if (Math.abs(z) <= MOST) return z;
  }
}

/** A pose, from the canonical frame to the scan: `rotation = Rx Ry Rz` or uniform; a function of the stream alone. */
export function drawPose(stream: RandomStream, options: Partial<PoseOptions> = {}): Transform {
  const { kind, degrees, shiftMm } = { ...POSE_DEFAULTS, ...options };
  let rotation = IDENTITY;
  if (kind === 'any') rotation = randomRotation(stream);
  else
    for (let axis = 0; axis < 3; axis++)
      rotation = multiply3(
        rotation,
        rotationAbout(axis, (degrees[axis] * cutNormal(stream) * Math.PI) / 180),
      );
  const translation = [0, 1, 2].map(() => stream.between(-shiftMm, shiftMm)) as unknown as Vec3;
  return { rotation, translation, scale: 1 };
}

export interface ScanOptions {
  /** Pixels and slices, in parts of the spacing that the bone is stored at: least and most. */
  pixel: readonly [number, number];
  slice: readonly [number, number];
  /** Largest tilt of the grid's axes against the patient's, about each, degrees. */
  obliqueDeg: number;
  /** Empty voxels around the bone on each side, most. */
  margin: number;
}

/** Finer than the dataset: a scan is, and thin bone would be lost otherwise. */
export const SCAN_DEFAULTS: ScanOptions = { pixel: [0.6, 0.8], slice: [0.8, 1.1], obliqueDeg: 5, margin: 6 };

/** One of the 48 ways to lay grid axes along the patient's: a file's own order and signs, left-handed ones too. */
function drawAxes(stream: RandomStream): Mat3 {
  const order = stream.permutation(3);
  const out = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let c = 0; c < 3; c++) out[3 * order[c] + c] = stream.uniform() < 0.5 ? -1 : 1;
  return out as unknown as Mat3;
}

/** The bone as a scan of it in that pose would hold it. Throws `VolumeError` for a mask without bone. */
export function scanOf(
  mask: Mask,
  pose: Transform,
  stream: RandomStream,
  options: Partial<ScanOptions> = {},
): Mask {
  const { pixel, slice, obliqueDeg, margin } = { ...SCAN_DEFAULTS, ...options };
  // A rim of background: interpolation must fall to 0 at the bone's own border.
  const posed = transformGrid(withRim(cropToBone(mask)), pose);
  let direction = drawAxes(stream);
  for (let axis = 0; axis < 3; axis++)
    direction = multiply3(
      rotationAbout(axis, (stream.between(-obliqueDeg, obliqueDeg) * Math.PI) / 180),
      direction,
    );
  const unit = Math.max(...mask.spacing);
  const inPlane = unit * stream.between(...pixel);
  const spacing: Vec3 = [inPlane, inPlane, unit * stream.between(...slice)];
  const { centre, low, high } = boxFrame(posed, direction);
  const before: number[] = [];
  const size = spacing.map((s, a) => {
    before.push(stream.integer(margin + 1));
    return Math.ceil((high[a] - low[a]) / s) + 1 + before[a] + stream.integer(margin + 1);
  }) as unknown as Vec3;
  const corner = apply3(direction, spacing.map((s, a) => low[a] - s * before[a]) as unknown as Vec3);
  const grid: Grid = {
    size,
    spacing,
    origin: [centre[0] + corner[0], centre[1] + corner[1], centre[2] + corner[2]],
    direction,
  };
  return resampleMask(posed, grid);
}

/** The mask with one more background voxel on every side, in place in space. */
function withRim(mask: Mask): Mask {
  const size = mask.size.map((n) => n + 2) as unknown as Vec3;
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  const [nx, ny, nz] = mask.size;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      data.set(
        mask.data.subarray(nx * (j + ny * k), nx * (j + 1 + ny * k)),
        1 + size[0] * (j + 1 + size[1] * (k + 1)),
      );
  const [sx, sy, sz] = mask.spacing;
  const back = apply3(mask.direction, [-sx, -sy, -sz]);
  const origin = mask.origin.map((x, a) => x + back[a]) as unknown as Vec3;
  return { ...mask, size, data, origin };
}
