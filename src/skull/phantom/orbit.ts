/**
 * The orbits and the nose, as rooms: the orbit is a cone of rounded-square section from a slanting rim (its lateral
 * edge lies further back than the medial one) to an apex near the midline; the nose is a pear-shaped opening that runs
 * back to the choanae past the septum, with the narrow ethmoid room above. Rooms are cut out of the face; the orbit's walls are the
 * layer around its room, behind the rim.
 */
import type { Landmarks } from './landmarks.ts';
import type { PhantomParameters } from './parameters.ts';
import { ellipsoid, type SignedDistance, smoothMin } from './primitives.ts';

/** mm from the rim to the apex. */
const ORBIT_DEPTH = 46;

/** y in mm of the orbital rim at |x|: 30 degrees back from the medial to the lateral edge. */
export function orbitRimY(p: PhantomParameters, at: Landmarks, x: number): number {
  return at.nasionY + 7 + 0.55 * (x - (at.orbitX - p.orbitBreadth / 2));
}

/** Distance to the orbital room, open to the front. */
export function orbitRoom(p: PhantomParameters, at: Landmarks): SignedDistance {
  const a = p.orbitBreadth / 2;
  const b = p.orbitHeight / 2;
  const apexX = p.interorbitalBreadth / 2 + 5;
  return (x, y, z) => {
    const depth = y - orbitRimY(p, at, x);
    const s = Math.min(Math.max(depth / ORBIT_DEPTH, 0), 1);
    const narrow = 1 - 0.82 * s * s * (1.35 - 0.35 * s);
    const u = (x - at.orbitX - (apexX - at.orbitX) * s) / (a * narrow);
    // The outer corner hangs: a shear of the section.
    const v = (z - at.orbitZ - 4 * s + 0.13 * (x - at.orbitX)) / (b * narrow);
    const section = Math.sqrt(Math.sqrt(u * u * u * u + v * v * v * v + 1.55 * u * u * v * v));
    return Math.max((section - 1) * Math.min(a, b) * narrow, depth - ORBIT_DEPTH);
  };
}

/** Distance to the room of the nose: the pear of the aperture, open to the front, and the ethmoid room behind it. */
export function nasalRoom(p: PhantomParameters, at: Landmarks): SignedDistance {
  const wide = p.nasalBreadth / 2;
  const low = at.nasalFloorZ + wide;
  const narrow = 0.28 * wide;
  const high = at.nasionZ - 0.44 * p.nasalHeight - narrow;
  const back = at.nasionY + 54;
  return (x, y, z) => {
    const t = Math.min(Math.max((z - low) / (high - low), 0), 1);
    const dz = z - low - t * (high - low);
    const radius = wide + (narrow - wide) * t * Math.sqrt(t);
    const pear = Math.sqrt(x * x + dz * dz) - radius;
    const upper = ellipsoid(x, y - at.nasionY - 34, z - high - 4, 0.8 * wide, 22, 0.36 * p.nasalHeight);
    return smoothMin(Math.max(pear, y - back), upper, 4);
  };
}
