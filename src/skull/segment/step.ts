/**
 * What a step of the segmentation tells: its name, the mask it leaves (what a picture shows), a number and a sentence
 * for the case sheet. Notes hold lengths, counts and thresholds, never anything of the file's header.
 */
import { VolumeError } from '../../errors.ts';
import type { Mask } from '../../volume/volume.ts';

export interface SegmentStep {
  name: string;
  /** The bone after this step; absent where a step only measures. */
  mask?: Mask;
  /** What the note counts: voxels, HU or components. */
  count?: number;
  note: string;
}

/** mm^3 of a voxel. */
export function voxelVolume({ spacing }: Pick<Mask, 'spacing'>): number {
  return spacing[0] * spacing[1] * spacing[2];
}

/** A refusal of a scan: what was found, what was expected, what to do. */
export function refuse(found: string, expected: string, todo: string): VolumeError {
  return new VolumeError({ found, expected, todo });
}
