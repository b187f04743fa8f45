/**
 * The braincase. First the room for the brain, a smooth union of lobes: cerebrum (a squarish ellipsoid of different radii
 * per axis end, tapering to the forehead and leaning back by the forehead's slope), occipital pole, temporal lobes,
 * cerebellum. Its folds below give the three cranial fossae their steps. Bone is then the layer between that room and
 * the same surface moved outwards by a thickness that varies: frontal and occipital thick, temporal squama and base
 * thin. So the vault has an inner and an outer table, and can never lose its hollow.
 */
import type { Landmarks } from './landmarks.ts';
import type { PhantomParameters } from './parameters.ts';
import { ellipsoid, type SignedDistance, smoothMin, smoothStep, squarishEllipsoid } from './primitives.ts';

/** Distance to the room for the brain (negative inside it), in mm of the anatomical frame, for x >= 0. */
export function brainRoom(p: PhantomParameters, at: Landmarks): SignedDistance {
  const t = p.vaultThickness;
  const centreY = at.glabellaY + 0.55 * p.cranialLength;
  const centreZ = 0.37 * p.auricularHeight;
  const front = centreY - at.glabellaY - t - 3;
  const back = at.opisthocranionY - centreY - t - 2 - 0.5 * p.occipitalBun;
  const top = p.auricularHeight - centreZ - t;
  const bottom = 33;
  const side = p.cranialBreadth / 2 - 0.8 * t;
  // Half breadth that the ellipse alone would have behind the brows, against the wanted one: the taper.
  const v = 0.74;
  const taper = 1 - (p.frontalBreadth / 2 - 0.75 * t) / (side * Math.sqrt(1 - v * v));
  const lobeX = 0.27 * p.cranialBreadth;
  const lobeA = side - lobeX - 0.5;
  const lobeY = -0.115 * p.cranialLength;
  return (x, y, z) => {
    const dz = z - centreZ;
    // Lean of the forehead, the nearer to it the more; eases to nothing behind the centre.
    const lean = y < centreY ? p.foreheadSlope * dz * 0.8 : 0;
    const dy = y - centreY - (dz > 0 ? lean * Math.min((centreY - y) / front, 1) : 0);
    const forward = smoothStep(0.1, 1, -dy / front);
    const wide = side * (1 - taper * forward) * (1 - 0.06 * smoothStep(0, 1, -dz / 40));
    const cerebrum = squarishEllipsoid(x, dy, dz, wide, dy < 0 ? front : back, dz > 0 ? top : bottom);
    const pole = ellipsoid(x, y - (at.opisthocranionY - t - 47), z - 26, 45, 44, 33);
    const temporal = ellipsoid(x - lobeX, y - lobeY, z - 24, lobeA, 0.165 * p.cranialLength, 20.5);
    const cerebellum = ellipsoid(x, y - 0.19 * p.cranialLength, z - 6, 0.37 * p.cranialBreadth, 37, 27);
    let d = smoothMin(cerebrum, pole, 14);
    d = smoothMin(d, temporal, 12);
    return smoothMin(d, cerebellum, 12);
  };
}

/** Thickness in mm of the bone that covers the brain, never below `minimum`. */
export function vaultThickness(p: PhantomParameters, at: Landmarks, minimum: number): SignedDistance {
  const t = p.vaultThickness;
  return (x, y, z) => {
    const frontal = smoothStep(-20, at.glabellaY + 10, y);
    const occipital = smoothStep(40, 85, y);
    const squama =
      smoothStep(0.28 * p.cranialBreadth, 0.46 * p.cranialBreadth, Math.abs(x)) * smoothStep(70, 20, z);
    const base = smoothStep(25, -5, z);
    const factor = 1 + 0.22 * frontal + 0.25 * occipital - 0.38 * squama - 0.2 * base;
    return Math.max(t * factor, minimum);
  };
}
