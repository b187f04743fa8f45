/**
 * Where on a bone a defect may lie. A site is a part of the bone's bounding box, in fractions of its sides: `u` from the
 * right (0) to the left (1), `v` from the front to the back, `w` from below to above. In the canonical frame (LPS, face
 * toward -y) that finds the vault, the face, an orbit or the jaw of any skull without a template, and a bone of which a
 * part is missing still has sites. The fractions were set on the phantom's landmarks and looked at on pictures.
 *
 * Which kinds of defect go where is one table, by what the bone is.
 */
import { DEFECT_KINDS, DEFECT_SITES } from '../../config/completer.ts';
import { VolumeError } from '../../errors.ts';
import { type Mask, type Vec3, voxelToWorld } from '../../volume/volume.ts';

export { DEFECT_KINDS, DEFECT_SITES };

/** Shapes of defects; what each is stands in `shapes.ts`. */
export type DefectKind = (typeof DEFECT_KINDS)[number];
export type DefectSite = (typeof DEFECT_SITES)[number];

/** Which kinds are drawn on a bone, and at which of its sites. */
export type DefectPlan = Partial<Record<DefectKind, readonly DefectSite[]>>;

const SKULL: DefectPlan = {
  spherical: ['neurocranium', 'face'],
  cubic: ['neurocranium', 'face'],
  polygonal: ['neurocranium'],
  bilateral: ['neurocranium', 'face'],
  orbital: ['orbit'],
  resection: ['jaw'],
  half: ['jaw'],
};
const MANDIBLE: DefectPlan = {
  spherical: ['body', 'ramus', 'chin'],
  cubic: ['body', 'ramus', 'chin'],
  bilateral: ['body', 'ramus', 'chin'],
  resection: ['body', 'ramus', 'chin'],
  half: ['body'],
};
const OTHER: DefectPlan = {
  spherical: ['anywhere'],
  cubic: ['anywhere'],
  polygonal: ['anywhere'],
  bilateral: ['anywhere'],
};

/** The plan of a bone by a dataset's name for it: `skull` (human), `mandible`, anything else. */
export function defectPlan(bone: string): DefectPlan {
  if (/^(human )?(skull|cranium|head)$/i.test(bone.trim())) return SKULL;
  return /mandible|\bjaw\b/i.test(bone) ? MANDIBLE : OTHER;
}

/** Fractions of the bounding box: u right to left, v front to back, w up. */
type Place = (u: number, v: number, w: number) => boolean;

/** From the mid-sagittal plane, 0 to 0.5. */
const aside = (u: number): number => Math.abs(u - 0.5);

/** Where the centre of a defect may lie. */
export const SITE_PLACES: Readonly<Record<DefectSite, Place>> = {
  neurocranium: (_u, v, w) => w > 0.62 || (w > 0.5 && v > 0.5),
  face: (_u, v, w) => v < 0.4 && w > 0.2 && w < 0.5,
  orbit: (u, v, w) => v < 0.3 && w > 0.42 && w < 0.62 && aside(u) > 0.08 && aside(u) < 0.38,
  jaw: (_u, v, w) => w < 0.2 && v < 0.55,
  body: (u, v, w) => v < 0.7 && w < 0.5 && !(v < 0.3 && aside(u) < 0.2),
  ramus: (_u, v) => v > 0.6,
  chin: (u, v, w) => v < 0.3 && aside(u) < 0.2 && w < 0.6,
  anywhere: () => true,
};

/** Bone beyond which a resection of a skull's jaw never goes: the body, and the ramus up to the neck of the joint. */
export const JAW_ZONE: Place = (u, v, w) =>
  v < 0.55 && (w < 0.2 || (w < 0.37 && v > 0.26 && aside(u) > 0.22));

/** A bone's voxels and its box. */
export interface BoneFacts {
  /** Indices of the bone voxels, ascending. */
  voxels: Uint32Array;
  /** [n * 3] LPS mm of their centres. */
  points: Float32Array;
  /** LPS mm: lowest corner of the box around their centres, and its sides. */
  low: Vec3;
  extent: Vec3;
  /** mm: mean of the box's three sides, what a bone's size is called here. */
  sizeMm: number;
}

/** Throws `VolumeError` for a mask without bone. */
export function boneFacts(mask: Mask): BoneFacts {
  const { data, size } = mask;
  let count = 0;
  for (let p = 0; p < data.length; p++) if (data[p] !== 0) count++;
  if (count === 0)
    throw new VolumeError({
      found: 'a mask without bone',
      expected: 'a bone to make a defect in',
      todo: 'check the segmentation, or leave the case out',
    });
  const voxels = new Uint32Array(count);
  const points = new Float32Array(3 * count);
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const [o, ux, uy, uz] = steps(mask);
  for (let k = 0, at = 0, n = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, at++) {
        if (data[at] === 0) continue;
        voxels[n] = at;
        for (let c = 0; c < 3; c++) {
          const x = o[c] + i * ux[c] + j * uy[c] + k * uz[c];
          points[3 * n + c] = x;
          if (x < low[c]) low[c] = x;
          if (x > high[c]) high[c] = x;
        }
        n++;
      }
  const extent: Vec3 = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
  return { voxels, points, low, extent, sizeMm: (extent[0] + extent[1] + extent[2]) / 3 };
}

/** LPS mm of voxel (0, 0, 0), and of one step along each grid axis. */
export function steps(mask: Mask): [Vec3, Vec3, Vec3, Vec3] {
  const o = voxelToWorld(mask, 0, 0, 0);
  const step = (i: number, j: number, k: number): Vec3 => {
    const p = voxelToWorld(mask, i, j, k);
    return [p[0] - o[0], p[1] - o[1], p[2] - o[2]];
  };
  return [o, step(1, 0, 0), step(0, 1, 0), step(0, 0, 1)];
}

/** Fractions of the bone's box at a point; 0.5 along a side without length. */
export function fractionsOf({ low, extent }: BoneFacts, x: number, y: number, z: number): Vec3 {
  return [
    extent[0] > 0 ? (x - low[0]) / extent[0] : 0.5,
    extent[1] > 0 ? (y - low[1]) / extent[1] : 0.5,
    extent[2] > 0 ? (z - low[2]) / extent[2] : 0.5,
  ];
}
