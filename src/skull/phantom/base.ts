/**
 * The skull base and the temporal bone's outside: basilar part and sphenoid body (the clivus), petrous part, mastoid
 * process, root of the zygomatic arch, articular eminence, occipital condyles, nuchal line, pterygoid plates; and the
 * holes: foramen magnum and ear canal. All for x >= 0 in the anatomical frame, mm.
 */
import type { Landmarks } from './landmarks.ts';
import type { PhantomParameters } from './parameters.ts';
import { ellipsoid, type SignedDistance, smoothMin, tube, within } from './primitives.ts';

/** mm: y of basion, the front edge of the foramen magnum. */
const BASION_Y = -2;

/** Bone of the base that is melted into the braincase; nothing of it thinner than `minimum` mm. */
export function skullBase(p: PhantomParameters, at: Landmarks, minimum: number): SignedDistance {
  const ear = 0.43 * p.cranialBreadth;
  const least = minimum / 2;
  // A plate that stands askew to the grid needs sqrt(2) of a voxel's thickness to stay in one piece.
  const plate = 1.2 * least;
  const tip = Math.max(5.5, least);
  const robust = (p.mastoidLength - 28) / 10;
  const stout = tube([
    { at: [5, -2, -20], radius: 5.5 },
    { at: [6, -22, -8], radius: 8.5 },
    { at: [7, -44, 6], radius: 11 },
  ]);
  const petrous = tube([
    { at: [13, -14, -12], radius: 6.5 },
    { at: [ear - 12, -1, -6], radius: 9 },
  ]);
  const mastoid = tube([
    { at: [ear - 9, 9, 0], radius: 11 + robust },
    { at: [ear - 9.5, 7, tip - p.mastoidLength], radius: tip },
  ]);
  const arcadeRoot = tube([
    { at: [ear - 4, 6, 6], radius: 5 },
    { at: [ear - 1, -10, 3], radius: 4.2 },
  ]);
  const eminence = tube([
    { at: [ear - 18, -27, -1], radius: 4 },
    { at: [ear - 3, -25, -2], radius: 4 },
  ]);
  const pterygoid = tube([
    { at: [14.5, -28, -14], radius: Math.max(1.2, plate), half: 12 },
    { at: [16, -38, -16], radius: Math.max(1.8, plate), half: 17 },
    { at: [23.5, -27, -18], radius: Math.max(1.4, plate), half: 13 },
  ]);
  const nuchal = tube([
    { at: [0, at.opisthocranionY - 10, -2], radius: 5 + robust },
    { at: [34, at.opisthocranionY - 24, -6], radius: 4 },
    { at: [ear - 10, 22, -6], radius: 4 },
  ]);
  const shape: SignedDistance = (x, y, z) => {
    let d = smoothMin(stout(x, y, z), petrous(x, y, z), 8);
    d = smoothMin(d, mastoid(x, y, z), 6);
    d = smoothMin(d, arcadeRoot(x, y, z), 5);
    d = smoothMin(d, eminence(x, y, z), 4);
    d = smoothMin(d, ellipsoid(x - 17, y - BASION_Y - 6, z + 22, 6, 11, 5.5), 4);
    d = smoothMin(d, nuchal(x, y, z), 6);
    return smoothMin(d, pterygoid(x, y, z), 3);
  };
  return within([0, 75, -75, 100, -45, 30], 16, shape);
}

/** The foramen magnum (an upright elliptic shaft) and the ear canal, to be cut out. */
export function baseHoles(p: PhantomParameters): SignedDistance {
  const length = p.foramenMagnumLength / 2;
  const breadth = 0.42 * p.foramenMagnumLength;
  const ear = 0.43 * p.cranialBreadth;
  const canal = tube([
    { at: [ear - 14, -2, -4.5], radius: 2.5 },
    { at: [ear + 12, 0, -4.5], radius: 4.5 },
  ]);
  return (x, y, z) => {
    const u = x / breadth;
    const v = (y - BASION_Y - length) / length;
    const shaft = (Math.sqrt(u * u + v * v) - 1) * breadth;
    return Math.min(Math.max(shaft, Math.abs(z + 27) - 27), canal(x, y, z));
  };
}
