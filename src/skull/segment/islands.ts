/**
 * What belongs to the skull: its largest piece, every piece of 4 cm^3 or more (a jaw, a half of one, a bone flap), and of
 * the smaller ones those of at least 20 mm^3 of which half lies within 3 mm of these (a tooth in its socket, a thin wall
 * that partial volume has cut off). Calcified glands and arteries, the hyoid bone, markers on the skin, cables and specks
 * of noise lie farther away or are smaller.
 */
import { dilate } from '../../volume/morphology.ts';
import { labelRuns, overlapOfRuns, paintRuns } from '../../volume/runs.ts';
import type { Mask } from '../../volume/volume.ts';
import { refuse, type SegmentStep, voxelVolume } from './step.ts';

export const ISLAND_DEFAULTS = {
  /** mm^3: kept wherever it lies. */
  large: 4000,
  /** mm^3: smaller is noise. */
  small: 20,
  /** mm from the kept pieces. */
  near: 3,
};

/** The mask without what does not belong to the skull. Throws `VolumeError` when it is empty. */
export function removeIslands(mask: Mask, options = ISLAND_DEFAULTS): { mask: Mask; step: SegmentStep } {
  const { size, spacing } = mask;
  const runs = labelRuns(mask.data, size);
  if (runs.sizes.length === 0)
    throw refuse('the mask holds no bone', 'a skull', 'check the threshold, or leave the scan out');
  const voxel = voxelVolume(mask);
  const large = runs.sizes.map((n, c) => (c === 0 || n * voxel >= options.large ? 1 : 0));
  const near = overlapOfRuns(runs, dilate(paintRuns(runs, large), size, spacing, options.near));
  const keep = runs.sizes.map((n, c) =>
    large[c] === 1 || (n * voxel >= options.small && near[c] >= n / 2) ? 1 : 0,
  );
  const pieces = keep.reduce((n, v) => n + v, 0);
  const removed = runs.sizes.reduce((n, v, c) => n + (keep[c] ? 0 : v), 0);
  return {
    mask: { ...mask, data: paintRuns(runs, keep) },
    step: {
      name: 'islands',
      count: runs.sizes.length - pieces,
      note: `${runs.sizes.length - pieces} pieces (${(removed * voxel).toFixed(0)} mm^3) away from the skull removed, ${pieces} kept, ${large.reduce((n, v) => n + v, 0)} of them large`,
    },
  };
}
