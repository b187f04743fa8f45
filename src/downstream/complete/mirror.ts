/**
 * Mirroring, the surgeon's baseline: a defect on one side is filled with the other side, reflected about the bone's plane
 * of symmetry. In the canonical frame that plane is near x = 0. It is refined by laying the bone's reflection about x = 0
 * on the bone by robust iterative closest points (`skull/register/icp.ts`), whose pairs lose their weight with distance, so
 * that what is missing pulls at nothing. The move found, y = R M x + t with M = diag(-1, 1, 1), need not be a reflection;
 * the nearest one is
 *
 *   H = I - 2 n n^T,  n the eigenvector of the least eigenvalue of (R M + (R M)^T) / 2,
 *   y = H x + 2 d n,  2 d = n . (R M c + t - H c)                                c the bone's centroid
 *
 * and whole = bone or reflected bone. Half a jaw meets its reflection at the chin alone, which tells no plane: there x = 0
 * is taken, and said. What is missing on both sides stays missing: that is the baseline's known limit.
 */
import { VolumeError } from '../../errors.ts';
import { followPose } from '../../skull/register/registerRigid.ts';
import { boneSurface, type Surface } from '../../skull/register/surface.ts';
import { searchable, templateOf } from '../../skull/register/template.ts';
import { applyTransform, IDENTITY_TRANSFORM } from '../../skull/register/transform.ts';
import { apply3, multiply3 } from '../../volume/geometry.ts';
import { cut, resample } from '../../volume/resample.ts';
import type { Mask, Mat3, Vec3 } from '../../volume/volume.ts';
import type { Completion, CompletionMethod } from './method.ts';

export interface MirrorOptions {
  /** Look for the plane of symmetry; else it is x = 0. */
  refine: boolean;
  /** Cut of the reflected mask after interpolation: below 0.5, for at 0.5 thin plates are lost. */
  level: number;
}

export const MIRROR_DEFAULTS: MirrorOptions = { refine: true, level: 0.4 };

/** The points x with x . normal = offset (LPS, mm). */
export interface Plane {
  normal: Vec3;
  offsetMm: number;
}

export const MID_SAGITTAL: Plane = { normal: [1, 0, 0], offsetMm: 0 };

/** A plane turned by more than this is no asymmetry but a fit gone wrong: x = 0 is taken then. */
const MOST_DEGREES = 12;
/** The same for its distance from the middle, over the bone's radius (root mean square). */
const MOST_SHIFT = 0.25;
/**
 * Below this score of the fit too little of the bone meets its reflection to tell a plane: whole mandibles have .76-.82,
 * with a segment resected .64-.70, halves .26-.33 (and planes up to 10 degrees wrong), mouse skulls .59-.70.
 */
const LEAST_SCORE = 0.45;
const NO_PLANE =
  'no plane of symmetry was found: too little of the bone meets its mirror image, as where one side is missing; the middle of its pose was taken';
/** Voxels at the bone's radius below which a plane is taken as x = 0: nothing is interpolated then. */
const NO_MOVE = 0.1;

/** Completion by mirroring; one answer, nothing drawn. */
export function mirrorMethod(options: Partial<MirrorOptions> = {}): CompletionMethod {
  return {
    name: 'mirror',
    words: 'the other side of the bone, reflected about its plane of symmetry: what a surgeon would take',
    async complete(defective) {
      return [mirrorComplete(defective, options)];
    },
  };
}

/** The bone and its reflection together. Throws `VolumeError` for a mask without bone. */
export function mirrorComplete(defective: Mask, options: Partial<MirrorOptions> = {}): Completion {
  const { refine, level } = { ...MIRROR_DEFAULTS, ...options };
  if (!defective.data.includes(1))
    throw new VolumeError({
      found: 'a mask without bone',
      expected: 'a bone with a defect',
      todo: 'check the segmentation, or leave the case out',
    });
  const found = refine ? symmetryPlane(defective) : MID_SAGITTAL;
  const plane = found ?? MID_SAGITTAL;
  const image = cut(resample(reflected(defective, plane), defective, { antialias: false }).data, level);
  const whole = { ...defective, data: defective.data.map((v, p) => (v !== 0 || image[p] !== 0 ? 1 : 0)) };
  return found === undefined ? { whole, doubt: NO_PLANE } : { whole };
}

/** `I - 2 n n^T`. */
function householder([x, y, z]: Vec3): Mat3 {
  return [
    1 - 2 * x * x,
    -2 * x * y,
    -2 * x * z,
    -2 * x * y,
    1 - 2 * y * y,
    -2 * y * z,
    -2 * x * z,
    -2 * y * z,
    1 - 2 * z * z,
  ];
}

/** The same voxels, seen where the reflection puts them: a left-handed grid, nothing is resampled. */
function reflected(mask: Mask, { normal: n, offsetMm }: Plane): Mask {
  const mirror = householder(n);
  const o = apply3(mirror, mask.origin);
  return {
    ...mask,
    origin: [o[0] + 2 * offsetMm * n[0], o[1] + 2 * offsetMm * n[1], o[2] + 2 * offsetMm * n[2]],
    direction: multiply3(mirror, mask.direction),
  };
}

/** The bone's plane of symmetry near x = 0; undefined where there is none. Throws `VolumeError` for a bone of a few voxels. */
export function symmetryPlane(bone: Mask): Plane | undefined {
  const template = templateOf(bone, IDENTITY_TRANSFORM);
  const image = boneSurface(reflected(bone, MID_SAGITTAL));
  const pose = followPose(searchable(image), template, IDENTITY_TRANSFORM);
  if (pose.score < LEAST_SCORE) return undefined;
  const { rotation: r } = pose;
  const a: Mat3 = [-r[0], r[1], r[2], -r[3], r[4], r[5], -r[6], r[7], r[8]];
  const normal = leastAxis(a);
  const { centroid } = template.surface;
  const arrived = applyTransform(pose, [-centroid[0], centroid[1], centroid[2]]);
  const there = apply3(householder(normal), centroid);
  const offsetMm = normal.reduce((sum, n, c) => sum + n * (arrived[c] - there[c]), 0) / 2;
  return plausible({ normal, offsetMm }, template.surface, Math.min(...bone.spacing));
}

/** The eigenvector of the least eigenvalue of the symmetric part of `a`, x positive: power iteration on 2 I - it. */
function leastAxis(a: Mat3): Vec3 {
  const s = a.map(
    (v, i) => (i % 4 === 0 ? 2 : 0) - (v + a[3 * (i % 3) + Math.floor(i / 3)]) / 2,
  ) as unknown as Mat3;
  let n: Vec3 = [1, 0, 0];
  for (let round = 0; round < 100; round++) {
    const m = apply3(s, n);
    const length = Math.hypot(...m);
    n = [m[0] / length, m[1] / length, m[2] / length];
  }
  return n;
}

/** The plane, x = 0 where it is too near that to matter, undefined where it is too far to be true. */
function plausible(plane: Plane, { centroid, radius }: Surface, voxel: number): Plane | undefined {
  const { normal, offsetMm } = plane;
  const degrees = (Math.acos(Math.min(1, Math.abs(normal[0]))) * 180) / Math.PI;
  // How far apart the two planes are next to the bone's centroid.
  const apart = Math.abs(offsetMm - normal[1] * centroid[1] - normal[2] * centroid[2]);
  if (degrees > MOST_DEGREES || apart > MOST_SHIFT * radius) return undefined;
  const far = 2 * (apart + (degrees * Math.PI * radius) / 180);
  return far < NO_MOVE * voxel ? MID_SAGITTAL : plane;
}
