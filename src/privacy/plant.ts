/**
 * Known copies: what a leak would look like, made on purpose. The audit plants some of its own training shapes to learn
 * whether it would find a copy in this very data; the tests and `bench/plantedLeaks.ts` plant them among new shapes.
 *
 *   exact      the training shape itself
 *   mirrored   left and right exchanged
 *   shifted    by up to 10 mm along each axis, resampled
 *   moved      mirrored half of the time, turned by up to 10 degrees about a random axis and shifted as above, resampled
 *   noisy      5 % of the voxels on both sides of the surface flipped
 *   blended    where 0.8 d + 0.2 d' < 0, of the signed distances of the shape and of another of its class
 */
import { mirroredMask } from '../evaluation/sharedCases.ts';
import { signedDistance } from '../evaluation/signedDistance.ts';
import type { RandomStream } from '../random/stream.ts';
import { cut, resampleByMap } from '../volume/resample.ts';
import type { Mask, Vec3 } from '../volume/volume.ts';
import { poseMap } from './alignedDistance.ts';
import { type Pose, rotationBy } from './pose.ts';

export const LEAKS = ['exact', 'mirrored', 'shifted', 'moved', 'noisy', 'blended'] as const;
export type Leak = (typeof LEAKS)[number];

export const PLANT_DEFAULTS = {
  /** Largest shift along each axis, mm. */
  shift_mm: 10,
  /** Largest turn, degrees. */
  turn: 10,
  /** Share of the voxels at the surface that noise flips. */
  flips: 0.05,
  /** Weight of the shape itself in a blend. */
  weight: 0.8,
};

/** `mask` seen through a pose of its grid's voxels (voxel p shows what lay at the pose of p), linear, cut at a half. */
export function movedMask(mask: Mask, pose: Pose): Mask {
  const soft = resampleByMap(mask.data, mask.size, poseMap(pose, mask), mask.size, { antialias: false });
  return { ...mask, data: cut(soft, 0.5) };
}

function randomTurn(random: RandomStream, degrees: number): Vec3 {
  const axis = [random.normal(), random.normal(), random.normal()];
  const angle = (random.between(-degrees, degrees) * Math.PI) / 180 / Math.hypot(...axis);
  return axis.map((v) => v * angle) as unknown as Vec3;
}

function noisy(mask: Mask, flips: number, random: RandomStream): Mask {
  const signed = signedDistance(mask);
  // Voxels that touch one of the other kind by a side.
  const reach = 1.01 * Math.max(...mask.spacing);
  const flip = (v: number, p: number) =>
    Math.abs(signed[p]) <= reach && random.uniform() < flips ? 1 - v : v;
  return { ...mask, data: mask.data.map(flip) };
}

function blended(mask: Mask, other: Mask, weight: number): Mask {
  const [own, theirs] = [signedDistance(mask), signedDistance(other)];
  return { ...mask, data: mask.data.map((_, p) => (weight * own[p] + (1 - weight) * theirs[p] < 0 ? 1 : 0)) };
}

/** A copy of one kind; `other` is the shape that a blend takes its smaller part from. Throws `VolumeError` for a mask without surface. */
export function plantCopy(
  kind: Leak,
  mask: Mask,
  other: Mask,
  random: RandomStream,
  options: Partial<typeof PLANT_DEFAULTS> = {},
): Mask {
  const { shift_mm, turn, flips, weight } = { ...PLANT_DEFAULTS, ...options };
  const shift = (): Vec3 =>
    mask.spacing.map((s) => random.between(-shift_mm, shift_mm) / s) as unknown as Vec3;
  if (kind === 'mirrored') return mirroredMask(mask);
  if (kind === 'shifted') return movedMask(mask, { rotation: rotationBy([0, 0, 0]), translation: shift() });
  if (kind === 'noisy') return noisy(mask, flips, random);
  if (kind === 'blended') return blended(mask, other, weight);
  if (kind === 'exact') return mask;
  const shown = random.uniform() < 0.5 ? mirroredMask(mask) : mask;
  return movedMask(shown, { rotation: rotationBy(randomTurn(random, turn)), translation: shift() });
}
