/**
 * Which part of the skull a point on a phantom's surface belongs to. The phantom is melted together from parts with
 * distances of their own (`sdf.ts`): the part whose own surface is nearest names the bone, and the landmarks divide it.
 * Left is +x. What lies on no part's surface (teeth, walls of rooms) belongs to none.
 */
import { skullBase } from './base.ts';
import { faceBone } from './face.ts';
import { placeLandmarks } from './landmarks.ts';
import { mandibleBone } from './mandible.ts';
import type { PhantomParameters } from './parameters.ts';
import { brainRoom, vaultThickness } from './vault.ts';

/** What moves together. */
export type SkullGroup = 'vault' | 'base' | 'face' | 'mandible';

/** What is missed together: two regions of one of them are one loss. */
export type SkullPart = 'vault' | 'base' | 'orbits' | 'zygoma' | 'maxilla' | 'mandible';

/** The regions, what to call them, their group and their part. */
export const SKULL_REGIONS = {
  vaultFront: { name: 'front of the vault', group: 'vault', part: 'vault' },
  vaultLeft: { name: 'left side of the vault', group: 'vault', part: 'vault' },
  vaultRight: { name: 'right side of the vault', group: 'vault', part: 'vault' },
  vaultBack: { name: 'back of the vault', group: 'vault', part: 'vault' },
  base: { name: 'skull base', group: 'base', part: 'base' },
  orbitLeft: { name: 'left orbital rim and nose', group: 'face', part: 'orbits' },
  orbitRight: { name: 'right orbital rim and nose', group: 'face', part: 'orbits' },
  cheekLeft: { name: 'left cheekbone', group: 'face', part: 'zygoma' },
  cheekRight: { name: 'right cheekbone', group: 'face', part: 'zygoma' },
  archLeft: { name: 'left zygomatic arch', group: 'face', part: 'zygoma' },
  archRight: { name: 'right zygomatic arch', group: 'face', part: 'zygoma' },
  maxillaLeft: { name: 'left upper jaw', group: 'face', part: 'maxilla' },
  maxillaRight: { name: 'right upper jaw', group: 'face', part: 'maxilla' },
  ramusLeft: { name: 'left ramus of the mandible', group: 'mandible', part: 'mandible' },
  ramusRight: { name: 'right ramus of the mandible', group: 'mandible', part: 'mandible' },
  bodyLeft: { name: 'left body of the mandible', group: 'mandible', part: 'mandible' },
  bodyRight: { name: 'right body of the mandible', group: 'mandible', part: 'mandible' },
  chin: { name: 'chin', group: 'mandible', part: 'mandible' },
} as const satisfies Record<string, { name: string; group: SkullGroup; part: SkullPart }>;

export type SkullRegion = keyof typeof SKULL_REGIONS;

export const REGION_NAMES = Object.keys(SKULL_REGIONS) as SkullRegion[];

/** mm: a point further than this from every part's surface belongs to none. */
const NEAR = 4;
/** mm: the least thickness of a part, about that of a phantom on a grid of 2.5 mm. */
const MINIMUM = 3;

/** `(x, y, z) => region` for points on the surface of a phantom, mm in its anatomical frame (`landmarks.ts`). */
export function phantomRegion(
  p: PhantomParameters,
): (x: number, y: number, z: number) => SkullRegion | undefined {
  const at = placeLandmarks(p);
  const jaw = mandibleBone(p, at, MINIMUM);
  const face = faceBone(p, at, MINIMUM);
  const base = skullBase(p, at, MINIMUM);
  const brain = brainRoom(p, at);
  const thickness = vaultThickness(p, at, MINIMUM);
  const opening = (p.jawOpening * Math.PI) / 180;
  const [cos, sin] = [Math.cos(opening), Math.sin(opening)];
  const [, hingeY, hingeZ] = at.condyle;
  return (sx, y, z) => {
    const x = Math.abs(sx);
    const left = sx > 0;
    // The mandible is described closed (`sdf.ts`).
    const [dy, dz] = [y - hingeY, z - hingeZ];
    const ofJaw = jaw(x, hingeY + dy * cos + dz * sin, hingeZ + dz * cos - dy * sin);
    const ofFace = face(x, y, z);
    const room = brain(x, y, z);
    const ofVault = Math.max(room - thickness(x, y, z), -room - 1);
    const nearest = Math.min(ofJaw, ofFace, ofVault, base(x, y, z));
    if (Math.abs(nearest) > NEAR) return undefined;
    if (nearest === ofJaw) {
      // The alveolar rim goes with its teeth: people without are complete.
      if (z > at.infradentaleZ - 2 && y < -55) return undefined;
      if (x < 14 && y < at.mentonY + 22) return 'chin';
      if (y > at.gonionY - 30) return left ? 'ramusLeft' : 'ramusRight';
      return left ? 'bodyLeft' : 'bodyRight';
    }
    if (nearest === ofFace) {
      if (x > at.orbitX + 4 && z < 6) {
        if (y > at.nasionY + 34) return left ? 'archLeft' : 'archRight';
        return left ? 'cheekLeft' : 'cheekRight';
      }
      if (z > -3) return left ? 'orbitLeft' : 'orbitRight';
      if (z < at.prosthionZ + 4) return undefined;
      return left ? 'maxillaLeft' : 'maxillaRight';
    }
    if (nearest !== ofVault || z < 15) return 'base';
    if (y < -45) return 'vaultFront';
    if (y > 50) return 'vaultBack';
    return left ? 'vaultLeft' : 'vaultRight';
  };
}
