/**
 * How far an alignment is from the truth. Both are rigid moves of one bone, from its scan's space to
 * the canonical frame; the error is what is left between them, `E = found o truth^-1`, a move of the canonical frame:
 *
 *   rotation     2 asin(|R_p - R_g|_F / (2 sqrt 2)), degrees
 *   translation  |E(c) - c|, mm, with c the centroid of the whole bone in the canonical frame
 *   TRE          mean of |E(p) - p|, mm, over landmarks p, or points of the whole bone's surface
 *
 * A shift has no size of its own: it belongs to the point that is looked at. Taken at the bone's centroid, a turn that is
 * wrong by a degree does not count again as the 10 mm by which it moves an origin 600 mm away. The points are always
 * those of the whole bone, also where a method saw a part of it.
 */
import { NumericsError } from '../../errors.ts';
import { surfaceVoxels } from '../../evaluation/surfaceDistance.ts';
import {
  applyTransform,
  composeTransforms,
  invertTransform,
  rotationAngle,
  type Transform,
} from '../../skull/register/transform.ts';
import { centroidOf } from '../../volume/centroid.ts';
import { type Mask, type Vec3, voxelToWorld } from '../../volume/volume.ts';

export interface PoseError {
  /** 0 .. 180. */
  rotationDeg: number;
  /** Of the bone's centroid. */
  translationMm: number;
  /** Mean over the points given. */
  treMm: number;
}

/** What errors of a bone are measured at: places in the canonical frame, mm. */
export interface Probe {
  centroid: Vec3;
  points: readonly Vec3[];
}

/**
 * The error of `found` against `truth`, both from the scan to the canonical frame. Throws `NumericsError` where `found` is
 * not a rigid move of finite numbers, or the probe has no point.
 */
export function poseError(found: Transform, truth: Transform, { centroid, points }: Probe): PoseError {
  const numbers = [...found.rotation, ...found.translation, found.scale];
  if (!numbers.every(Number.isFinite) || Math.abs(found.scale - 1) > 1e-6 || points.length === 0)
    throw new NumericsError({
      found:
        points.length === 0
          ? 'no points to measure an alignment at'
          : 'an alignment that is no rigid move (a scale, or a number that is not finite)',
      expected: 'a turn and a shift in mm, and at least one point',
      todo: 'correct the method: it must give a rotation, a translation and the scale 1',
    });
  const left = composeTransforms(found, invertTransform(truth));
  const moved = (p: Vec3): number => {
    const q = applyTransform(left, p);
    return Math.hypot(q[0] - p[0], q[1] - p[1], q[2] - p[2]);
  };
  return {
    rotationDeg: rotationAngle(found.rotation, truth.rotation),
    translationMm: moved(centroid),
    treMm: points.reduce((sum, p) => sum + moved(p), 0) / points.length,
  };
}

/** Points of a surface that errors are measured at, at most. */
const POINTS = 1000;

/**
 * The probe of a bone in the canonical frame: its centroid, and the centres of voxels that have a background neighbour
 * (six of them; outside the grid counts), evenly thinned. Throws `VolumeError` for a mask without bone.
 */
export function surfaceProbe(mask: Mask, most = POINTS): Probe {
  const [nx, ny] = mask.size;
  const centroid = centroidOf(mask);
  const surface = surfaceVoxels(mask.data, mask.size);
  const n = Math.min(most, surface.length);
  const points = Array.from({ length: n }, (_, p): Vec3 => {
    const v = surface[Math.floor(((p + 0.5) * surface.length) / n)];
    return voxelToWorld(mask, v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny)));
  });
  return { centroid, points };
}
