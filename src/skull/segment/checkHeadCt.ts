/**
 * Is it a CT of a head, and enough of one? Values first (levels.ts), then the grid: slices thin enough and a field of view
 * that can hold a skull. How much bone there is in truth is asked again once it is found (`checkCoverage`): a field of
 * view may be large and hold a knee.
 *
 * An adult skull without the jaw is about 180 x 140 x 135 mm. Axes of a file may lie any way round, so extents are
 * compared in order of size.
 */
import { checkGrid, transpose3 } from '../../volume/geometry.ts';
import type { Mask, Volume } from '../../volume/volume.ts';
import { boneFrame, boxFrame, extentOf } from '../orient.ts';
import type { Transform } from '../register/transform.ts';
import { hounsfieldLevels, type Levels } from './levels.ts';
import { refuse, type SegmentStep } from './step.ts';

/** mm: the thickest slices; above, thin bone is not seen. */
export const THICKEST = 3.5;
/** mm: least extents of the field of view and of the bone, in order of size. */
export const LEAST_EXTENT = [110, 115, 130] as const;
/** mm: greatest of the three extents of the bone when the neck is cut away; no skull is larger. */
export const MOST_EXTENT = 300;

export interface HeadCt {
  levels: Levels;
  step: SegmentStep;
}

/**
 * The levels of a head CT; throws `VolumeError` when the volume is not one, its slices are too thick or its field of view
 * too small for a skull. `limit` is the mm of the thickest slices.
 */
export function checkHeadCt(volume: Volume, limit = THICKEST): HeadCt {
  checkGrid(volume, 'the scan');
  const { size, spacing } = volume;
  requireExtent(
    'the field of view',
    size.map((n, a) => n * spacing[a]),
  );
  const levels = hounsfieldLevels(volume);
  const thickest = Math.max(...spacing);
  if (thickest > limit * (1 + 1e-3))
    throw refuse(
      `the voxels are ${spacing.map((s) => s.toFixed(2)).join(' x ')} mm`,
      `at most ${limit} mm along each axis: thin bone is not seen in thicker slices`,
      'use the series of the study with the thinnest slices, or allow more: --max-slice-spacing',
    );
  const shift = levels.offset === 0 ? '' : `; the values are HU + ${-levels.offset}, corrected`;
  return {
    levels,
    step: {
      name: 'head CT',
      count: levels.tissue,
      note: `soft tissue at ${levels.tissue.toFixed(0)} HU, deviation ${levels.noise.toFixed(0)}; air ${(100 * levels.airShare).toFixed(0)} % of the scan, bone ${(100 * levels.boneShare).toFixed(0)} % of the body${shift}`,
    },
  };
}

/**
 * Throws `VolumeError` unless the bone's box is as large as a skull's, along the head's own axes where its pose is known,
 * else along the patient's.
 */
export function checkCoverage(bone: Mask, pose?: Transform): SegmentStep {
  const extent = extentOf(
    pose === undefined ? boneFrame(bone, 'patient') : boxFrame(bone, transpose3(pose.rotation)),
  );
  requireExtent('the bone', extent);
  const text = extent.map((e) => e.toFixed(0)).join(' x ');
  if (Math.max(...extent) > MOST_EXTENT)
    throw refuse(
      `the bone measures ${text} mm`,
      `at most ${MOST_EXTENT} mm: one skull`,
      'check the spacing of the file, or crop the scan to the head',
    );
  return { name: 'coverage', count: Math.min(...extent), note: `the bone measures ${text} mm (x, y, z)` };
}

function requireExtent(what: string, extent: readonly number[]): void {
  const sorted = [...extent].sort((a, b) => a - b);
  if (sorted.every((e, a) => e >= LEAST_EXTENT[a])) return;
  throw refuse(
    `${what} covers too little: ${extent.map((e) => e.toFixed(0)).join(' x ')} mm`,
    `at least ${LEAST_EXTENT.join(' x ')} mm, in order of size: an adult skull without its jaw`,
    'leave the scan out, or use a series that holds the whole head',
  );
}
