/**
 * What the quality score needs to know, measured on the finished bone: bone on the faces of the field of view and holes
 * in the vault. The mask must still lie on the scan's own grid (or a crop of it that keeps a margin wherever bone does not
 * touch the scan's faces), else truncation cannot be seen.
 */
import type { Mask, Mat3, Vec3 } from '../../volume/volume.ts';
import type { QualityFacts } from '../quality.ts';
import { type Braincase, faceAreas } from './braincase.ts';
import { vaultOpenings } from './openings.ts';

/** The measurable facts of a skull. */
export function measureQuality(
  mask: Mask,
  found: { braincase?: Braincase; down?: Vec3; metal_mm3?: number } = {},
): QualityFacts {
  const faces = faceAreas(mask)
    .filter((f) => f.area > 0)
    .map((f) => ({ side: sideOf(mask.direction, f.axis, f.end), area_mm2: f.area }));
  const facts: QualityFacts = { faces, metal_mm3: found.metal_mm3 };
  if (found.braincase === undefined) return facts;
  const { open_mm2, cutShare } = vaultOpenings(mask, found.braincase, found.down ?? [0, 0, -1]);
  return { ...facts, vaultOpen_mm2: open_mm2, vaultCutShare: cutShare };
}

/** The side of the patient that a face of the grid looks to. */
function sideOf(direction: Mat3, axis: number, end: 0 | 1): string {
  const d = [direction[axis], direction[axis + 3], direction[axis + 6]].map((v) => (end === 1 ? v : -v));
  const a = d.reduce((best, v, k) => (Math.abs(v) > Math.abs(d[best]) ? k : best), 0);
  return [
    ['right', 'left'],
    ['front', 'back'],
    ['bottom', 'top'],
  ][a][d[a] > 0 ? 1 : 0];
}
