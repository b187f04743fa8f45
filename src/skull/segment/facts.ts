/**
 * What the quality score needs to know, measured on the finished bone: bone on the faces of the field of view and holes
 * in the vault. The mask must still lie on the scan's own grid (or a crop of it that keeps a margin wherever bone does not
 * touch the scan's faces), else truncation cannot be seen.
 */
import { apply3 } from '../../volume/geometry.ts';
import { IDENTITY, type Mask, type Vec3 } from '../../volume/volume.ts';
import type { QualityFacts } from '../quality.ts';
import type { Transform } from '../register/transform.ts';
import { type Braincase, faceAreas } from './braincase.ts';
import { vaultOpenings } from './openings.ts';

/** The measurable facts of a skull. `pose` brings it into the Frankfort frame; without it the patient's axes are taken. */
export function measureQuality(
  mask: Mask,
  found: { braincase?: Braincase; pose?: Transform; metal_mm3?: number } = {},
): QualityFacts {
  const axes = found.pose?.rotation ?? IDENTITY;
  const down: Vec3 = [-axes[6], -axes[7], -axes[8]];
  const faces = faceAreas(mask)
    .filter((f) => f.area > 0)
    .map((f) => {
      const sign = f.end === 1 ? 1 : -1;
      const [x, y, z] = [f.axis, f.axis + 3, f.axis + 6].map((d) => mask.direction[d] * sign);
      const out = apply3(axes, [x, y, z]);
      return { side: sideOf(out), area_mm2: f.area, vault: out[2] > 0.5 };
    });
  const facts: QualityFacts = { faces, metal_mm3: found.metal_mm3 };
  if (found.braincase === undefined) return facts;
  const { open_mm2, cutShare } = vaultOpenings(mask, found.braincase, down);
  return { ...facts, vaultOpen_mm2: open_mm2, vaultCutShare: cutShare };
}

/** The side of the head that `out`, a direction in its frame, points to. */
function sideOf(out: readonly number[]): string {
  const a = out.reduce((best, v, k) => (Math.abs(v) > Math.abs(out[best]) ? k : best), 0);
  return [
    ['right', 'left'],
    ['front', 'back'],
    ['bottom', 'top'],
  ][a][out[a] > 0 ? 1 : 0];
}
