/**
 * What the quality score needs to know, measured on the finished bone: bone on the faces of the field of view and holes
 * in the vault. The mask must still lie on the scan's own grid (or a crop of it that keeps a margin wherever bone does not
 * touch the scan's faces), else truncation cannot be seen.
 */
import type { Mask, Vec3 } from '../../volume/volume.ts';
import type { QualityFacts } from '../quality.ts';
import { type Braincase, faceAreas } from './braincase.ts';
import { vaultOpenings } from './openings.ts';

/** The measurable facts of a skull. */
export function measureQuality(
  mask: Mask,
  found: { braincase?: Braincase; down?: Vec3; metal_mm3?: number } = {},
): QualityFacts {
  const down = found.down ?? [0, 0, -1];
  const faces = faceAreas(mask)
    .filter((f) => f.area > 0)
    .map((f) => {
      const out = [f.axis, f.axis + 3, f.axis + 6].map((d) => mask.direction[d] * (f.end === 1 ? 1 : -1));
      const along = out[0] * down[0] + out[1] * down[1] + out[2] * down[2];
      return { side: sideOf(out), area_mm2: f.area, vault: along < -0.5 };
    });
  const facts: QualityFacts = { faces, metal_mm3: found.metal_mm3 };
  if (found.braincase === undefined) return facts;
  const { open_mm2, cutShare } = vaultOpenings(mask, found.braincase, down);
  return { ...facts, vaultOpen_mm2: open_mm2, vaultCutShare: cutShare };
}

/** The side of the patient that `out`, a direction in LPS, points to. */
function sideOf(out: number[]): string {
  const a = out.reduce((best, v, k) => (Math.abs(v) > Math.abs(out[best]) ? k : best), 0);
  return [
    ['right', 'left'],
    ['front', 'back'],
    ['bottom', 'top'],
  ][a][out[a] > 0 ? 1 : 0];
}
