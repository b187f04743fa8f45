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
 * voxel, and half a voxel of bone would be asked of them. Where voxels are coarse (more than 1.5 mm) walls fill less of
 * one, and the share falls in proportion to 1.5 / spacing, to 0.15 at least.
 */
import { countBetween, otsuBetween } from '../../volume/histogram.ts';
import type { Vec3 } from '../../volume/volume.ts';
import type { Levels } from './levels.ts';
import type { SegmentStep } from './step.ts';

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
export function boneThreshold(levels: Levels, spacing: Vec3, given?: number): BoneThreshold {
  const { tissue, noise, histogram, offset } = levels;
  const foot = tissue + 4 * noise;
  const from = Math.max(foot, tissue + 60);
  const cut = otsuBetween(histogram, from - offset, 3000 - offset) ?? 700 - offset;
  const dense = meanBetween(levels, cut + offset, 3000) || 1200;
  const voxel = Math.cbrt(spacing[0] * spacing[1] * spacing[2]);
  const share = Math.max(0.15, 0.25 * Math.min(1, 1.5 / voxel));
  const [least, most] = THRESHOLD_RANGE;
  const found = Math.min(most, Math.max(least, foot, tissue + share * (dense - tissue)));
  const bone = given ?? found;
  // Half the way from the tissue: a wall that fills an eighth of a voxel, when it stands out as a ridge.
  const thin = Math.min(bone, Math.max(Math.min(foot, bone), tissue + 0.5 * (bone - tissue)));
  const how =
    given === undefined
      ? `a voxel ${(100 * share).toFixed(0)} % filled with dense bone (${dense.toFixed(0)} HU) in soft tissue (${tissue.toFixed(0)} HU)`
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
