/**
 * The face above the jaw: brow ridges, the frame of the orbit (zygomatic process of the frontal bone, frontal process
 * of the zygoma, infraorbital rim), nasal bones and the rim of the piriform aperture, maxilla with its alveolar ridge
 * and palate, zygomatic body and the free arch that runs to the temporal bone. All are tapered tubes and straps hung on
 * the landmarks and melted together, for x >= 0 in the anatomical frame, mm. Rooms are cut out later (`sdf.ts`).
 */
import type { Landmarks } from './landmarks.ts';
import { orbitRimY } from './orbit.ts';
import type { PhantomParameters } from './parameters.ts';
import { ellipsoid, type SignedDistance, smoothMin, tube, within } from './primitives.ts';
import { alveolarRidge, type DentalArch } from './teeth.ts';

/** The upper dental arch. */
export function upperArch(p: PhantomParameters, at: Landmarks): DentalArch {
  return {
    halfBreadth: p.dentalArchBreadth / 2 - 5,
    depth: 48 * (0.6 + (0.4 * p.dentalArchBreadth) / 62),
    frontY: at.prosthionY + 4,
    neckZ: at.prosthionZ,
    lower: false,
  };
}

/** Bone of the face that is melted into the braincase; nothing of it thinner than `minimum` mm. */
export function faceBone(p: PhantomParameters, at: Landmarks, minimum: number): SignedDistance {
  const least = minimum / 2;
  const r = (radius: number): number => Math.max(radius, least);
  const n = at.nasionY;
  const outer = at.orbitX + p.orbitBreadth / 2;
  const inner = at.orbitX - p.orbitBreadth / 2;
  const top = p.orbitHeight;
  const brow = p.browProjection;
  const rim = (x: number): number => orbitRimY(p, at, x);
  const frame = tube([
    { at: [4, at.glabellaY + 6.5 - 0.5 * brow, at.nasionZ + 7.5], radius: r(6 + 0.25 * brow) },
    { at: [at.orbitX - 8, rim(at.orbitX - 8) - 3 - 0.6 * brow, top + 4.6], radius: r(4.6 + 0.3 * brow) },
    { at: [at.orbitX + 8, rim(at.orbitX + 8) - 1 - 0.2 * brow, top + 3.5], radius: r(4.2 + 0.1 * brow) },
    { at: [outer + 0.5, rim(outer) + 1, top - 3], radius: r(4.2) },
    { at: [outer + 4, rim(outer) + 2, at.orbitZ + 1], radius: r(4) },
    { at: [outer + 3.5, rim(outer), at.orbitZ - 11], radius: r(4.6) },
    { at: [outer - 3, rim(outer) - 4, -7], radius: r(6) },
    { at: [at.orbitX + 2, rim(at.orbitX) - 0.5, -6], radius: r(5.5) },
    { at: [inner + 3, rim(inner) + 1, -1], radius: r(4.5) },
    { at: [inner - 3, rim(inner), at.orbitZ], radius: r(4) },
    { at: [inner - 5, n + 4, at.nasionZ], radius: r(5) },
  ]);
  const cheekHalf = Math.max(p.cheekHeight / 2 - 6.5, 0);
  const cheekZ = -p.cheekHeight / 2 - 1;
  const cheek = tube([
    { at: [at.orbitX - 4, n + 18, cheekZ - 4], radius: r(7), half: cheekHalf * 0.6 },
    { at: [outer - 4, rim(outer) - 2, cheekZ], radius: r(6.5), half: cheekHalf },
    { at: [outer + 4, rim(outer) + 5, cheekZ + 1], radius: r(4.5), half: cheekHalf },
  ]);
  const buttress = tube([
    { at: [outer - 10, n + 22, cheekZ - 4], radius: r(7) },
    { at: [p.dentalArchBreadth / 2 - 3, n + 32, at.prosthionZ + 13], radius: r(6) },
  ]);
  const bridge = tube([
    { at: [outer + 4, rim(outer) + 5, cheekZ + 2], radius: r(3.4), half: Math.max(5, least) },
    { at: [at.archX - 2.5, rim(outer) + 16, -7], radius: r(2.6), half: 3.2 },
    { at: [at.archX, -30, -3.5], radius: r(2.4), half: 2.6 },
    { at: [at.archX - 0.5, -16, -0.5], radius: r(2.5), half: 2.4 },
    { at: [0.43 * p.cranialBreadth - 1, -3, 4], radius: r(3.6), half: 1.5 },
  ]);
  const rhinionZ = at.nasionZ - 0.44 * p.nasalHeight;
  const rhinionY = n - p.nasalProjection + 2.5;
  const wing = p.nasalBreadth / 2;
  const floor = at.nasalFloorZ;
  const subnasalY = at.prosthionY + 0.25 * p.maxillaProjection + 4.5;
  const nasal = tube([
    { at: [2.5, n + 3.5, at.nasionZ + 2], radius: r(4.2) },
    { at: [2.5, n + 2.5, at.nasionZ - 7], radius: r(3.4) },
    { at: [2.6, rhinionY + 1.5, rhinionZ + 1.5], radius: r(2.6) },
    { at: [0.5 * wing + 1.5, n + 0.5, rhinionZ - 5], radius: r(2.6) },
    { at: [wing + 1.5, n + 6.5, rhinionZ - 15], radius: r(2.8) },
    { at: [wing + 2.5, n + 7, floor + 8], radius: r(3.2) },
    { at: [wing * 0.75, subnasalY + 1.5, floor - 1], radius: r(3) },
    { at: [0, subnasalY - 3, floor - 1.5], radius: r(2.6) },
    { at: [0, subnasalY - 8, floor - 0.5], radius: r(1.2) },
  ]);
  const flank = tube([
    { at: [2.6, rhinionY + 3.5, rhinionZ + 4], radius: r(2.4) },
    { at: [wing * 0.5 + 2, n + 2, rhinionZ - 1], radius: r(3) },
    { at: [6, n + 4, at.nasionZ - 8], radius: r(4) },
    { at: [wing * 0.8 + 2, n + 6, rhinionZ - 6], radius: r(4) },
    { at: [wing + 6, n + 11, rhinionZ - 18], radius: r(6) },
  ]);
  const midZ = (at.nasionZ + rhinionZ) / 2;
  const nasalSide = tube([
    { at: [2.5, (n + rhinionY) / 2 + 3, midZ], radius: r(2.6) },
    { at: [0.5 * wing + 3, n + 5, midZ - 3], radius: r(3.4) },
    { at: [2.5, rhinionY + 3, rhinionZ + 4], radius: r(2.4) },
  ]);
  const arch = upperArch(p, at);
  const ridge = tube(alveolarRidge(arch, r(4.8), Math.max(floor - 1 - at.prosthionZ, 10)));
  const maxillaZ = (floor + at.prosthionZ) / 2 + 14;
  const shape: SignedDistance = (x, y, z) => {
    let d = smoothMin(frame(x, y, z), cheek(x, y, z), 6);
    d = smoothMin(d, buttress(x, y, z), 8);
    d = smoothMin(d, flank(x, y, z), 5);
    d = smoothMin(d, Math.min(nasal(x, y, z), nasalSide(x, y, z)), 3);
    d = smoothMin(d, ridge(x, y, z), 8);
    const maxilla = ellipsoid(x - 23, y - n - 32, z - maxillaZ, 19, 24, 22);
    d = smoothMin(d, maxilla, 6);
    const palate = ellipsoid(
      x,
      y - arch.frontY - 24,
      z - floor + 2,
      arch.halfBreadth,
      26,
      Math.max(2.6, least),
    );
    d = smoothMin(d, palate, 4);
    return smoothMin(d, bridge(x, y, z), 6);
  };
  return within([0, 80, at.prosthionY - 8, 6, at.prosthionZ - 4, p.orbitHeight + 18], 16, shape);
}

/** Rooms in the upper jaw, to be cut out: the vault of the mouth, and the maxillary sinus behind walls of `wall` mm. */
export function jawRooms(p: PhantomParameters, at: Landmarks, wall: number): SignedDistance {
  const arch = upperArch(p, at);
  const roof = at.nasalFloorZ - 2 - wall;
  const mouthHeight = roof - at.prosthionZ + 4;
  const maxillaZ = (at.nasalFloorZ + at.prosthionZ) / 2 + 14;
  return (x, y, z) => {
    const mouth = ellipsoid(
      x,
      y - arch.frontY - 34,
      z - at.prosthionZ + 4,
      arch.halfBreadth - 3.5,
      33,
      mouthHeight,
    );
    const sinus = ellipsoid(x - 25, y - at.nasionY - 33, z - maxillaZ - 2, 15 - wall, 19 - wall, 17 - wall);
    // The mouth ends before the pterygoid plates.
    return Math.min(Math.max(mouth, y - arch.frontY - 51), sinus);
  };
}
