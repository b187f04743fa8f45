/**
 * The threshold of bone, from the scan's own histogram. Between soft tissue (one tall peak at T, deviation s) and cortical
 * bone lie cancellous bone and every voxel that bone fills in part, so there is no valley to cut at; what can be measured is
 * the two ends:
 *
 *     foot  = T + 4 s                      where the soft tissue ends
 *     C     = mean of what lies above Otsu's cut of (foot, 3000 HU)        dense bone
 *     bone  = T + (C - T) / 4              a voxel of which a quarter is dense bone
 *
 * bounded to [150, 450] HU and never under the foot. A quarter, not a half: walls of orbit and sinus are thinner than a
 * voxel, and cancellous bone is half as dense as cortical; the price is that a surface lies a quarter of a voxel too far
 * out. Walls that fill less than a quarter are left to the ridges (bone.ts).
 */
import { countBetween, otsuBetween } from '../../volume/histogram.ts';
import type { Levels } from './levels.ts';
import type { SegmentStep } from './step.ts';

/** Of dense bone in a voxel that counts as bone. */
const SHARE = 0.25;
/** HU. */
export const THRESHOLD_RANGE = [150, 450] as const;

export interface BoneThreshold {
  /** HU: this and more is bone. */
  bone: number;
  /** HU: this and more is bone in a thin wall (ridge) connected to bone. */
  thin: number;
  /** HU: mean of dense bone. */
  dense: number;
  step: SegmentStep;
}

/** The bone threshold of a scan; `given` (HU) takes its place. */
export function boneThreshold(levels: Levels, given?: number): BoneThreshold {
  const { tissue, noise, histogram, offset } = levels;
  const foot = tissue + 4 * noise;
  const from = Math.max(foot, tissue + 60);
  const cut = otsuBetween(histogram, from - offset, 3000 - offset) ?? 700 - offset;
  const dense = meanBetween(levels, cut + offset, 3000) || 1200;
  const [least, most] = THRESHOLD_RANGE;
  const found = Math.min(most, Math.max(least, foot, tissue + SHARE * (dense - tissue)));
  const bone = given ?? found;
  // Half the way from the tissue: a wall that fills an eighth of a voxel, when it stands out as a ridge.
  const thin = Math.min(bone, Math.max(Math.min(foot, bone), tissue + 0.5 * (bone - tissue)));
  const how =
    given === undefined
      ? `a voxel ${(100 * SHARE).toFixed(0)} % filled with dense bone (${dense.toFixed(0)} HU) in soft tissue (${tissue.toFixed(0)} HU)`
      : `as given; the histogram would say ${found.toFixed(0)} HU`;
  return {
    bone,
    thin,
    dense,
    step: {
      name: 'threshold',
      count: Math.round(bone),
      note: `bone from ${bone.toFixed(0)} HU: ${how}; thin walls from ${thin.toFixed(0)} HU`,
    },
  };
}

/** Mean HU of the voxels in [from, to]. */
function meanBetween({ histogram: h, offset }: Levels, from: number, to: number): number {
  const n = countBetween(h, from - offset, to - offset);
  let sum = 0;
  h.counts.forEach((c, b) => {
    const hu = h.low + (b + 0.5) * h.width + offset;
    if (hu >= from && hu <= to) sum += c * hu;
  });
  return n > 0 ? sum / n : 0;
}
