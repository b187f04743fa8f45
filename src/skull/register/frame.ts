/**
 * The canonical frame of the human skull: the Frankfort frame, in LPS directions. Four landmarks define it:
 * the porions P (upper rim of the bony ear canals) and the orbitalia O (lowest points of the orbital rims), left and right.
 *
 * - origin: midway between the porions, which puts it in the midsagittal plane;
 * - x: from the right porion to the left, the normal of the midsagittal plane;
 * - y: toward the back, at right angles to x in the plane through both porions and the middle of the orbitalia (one
 *   orbitale will do: the plane then goes through it), which is the Frankfort plane;
 * - z: up, `x cross y`.
 *
 * Without landmarks a skull gets this frame by lying as the template does (`template.ts`). The plane is horizontal in a person who looks straight ahead. A nasion, when given, checks that left and right were
 * not exchanged: it lies before and above the porions.
 */
import { VolumeError } from '../../errors.ts';
import { apply3 } from '../../volume/geometry.ts';
import type { Mat3, Vec3 } from '../../volume/volume.ts';
import { findLandmarks, type Markups } from '../landmarks.ts';
import { placeLandmarks } from '../phantom/landmarks.ts';
import { orbitRimY } from '../phantom/orbit.ts';
import type { PhantomParameters } from '../phantom/parameters.ts';
import type { Transform } from './transform.ts';

/** Points of a skull in its own LPS space, mm. At least one orbitale. */
export interface FrankfortPoints {
  porionLeft: Vec3;
  porionRight: Vec3;
  orbitaleLeft?: Vec3;
  orbitaleRight?: Vec3;
  nasion?: Vec3;
}

const FEWEST_MM = 1e-3;

/** The rigid transform from the points' space to the frame. Throws `VolumeError` when the points do not span it or contradict it. */
export function frankfortFrame(points: FrankfortPoints): Transform {
  const { porionLeft: left, porionRight: right, nasion } = points;
  const sides = [points.orbitaleLeft, points.orbitaleRight].filter((p) => p !== undefined);
  if (sides.length === 0)
    throw refuse(
      'no orbitale among the landmarks',
      'the left or the right one',
      'add a point orbitale_L or orbitale_R',
    );
  const origin = middle(left, right);
  const front = sides.length === 2 ? middle(sides[0], sides[1]) : sides[0];
  const across = minus(left, right);
  const breadth = Math.hypot(...across);
  if (!(breadth > FEWEST_MM))
    throw refuse('both porions in one place', 'one on either side of the head', 'set them anew');
  const x = across.map((u) => u / breadth) as unknown as Vec3;
  const forward = minus(front, origin);
  const along = dot(forward, x);
  const flat: Vec3 = [forward[0] - along * x[0], forward[1] - along * x[1], forward[2] - along * x[2]];
  const length = Math.hypot(...flat);
  if (!(length > 1e-2 * breadth))
    throw refuse(
      'an orbitale on the line through the porions',
      'porions at the ears and an orbitale at the lower rim of an orbit',
      'look whether two points bear each other’s names',
    );
  const y = flat.map((u) => -u / length) as unknown as Vec3;
  const z: Vec3 = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  const rotation: Mat3 = [...x, ...y, ...z] as unknown as Mat3;
  const shift = apply3(rotation, origin);
  const frame = { rotation, translation: [-shift[0], -shift[1], -shift[2]] as Vec3, scale: 1 };

  const sideways = (p: Vec3 | undefined): number => (p === undefined ? 0 : dot(minus(p, origin), x));
  const exchanged =
    sideways(points.orbitaleLeft) < -0.02 * breadth ||
    sideways(points.orbitaleRight) > 0.02 * breadth ||
    (nasion !== undefined && dot(minus(nasion, origin), z) < 0);
  if (exchanged)
    throw refuse(
      'landmarks whose left and right contradict each other (the orbitalia or the nasion lie where the porions do not let them)',
      'left points on the left of the patient, and the nasion above the Frankfort plane',
      'exchange the names of left and right, or set the coordinate system of the file right (LPS or RAS)',
    );
  return frame;
}

/** The Frankfort frame that a file of landmarks defines. Throws `VolumeError` naming the points that are missing. */
export function frameFromLandmarks(markups: Markups): Transform {
  const found = findLandmarks(markups);
  const { porionLeft, porionRight } = found;
  const missing: string[] = [];
  if (porionLeft === undefined) missing.push('left porion');
  if (porionRight === undefined) missing.push('right porion');
  if (found.orbitaleLeft === undefined && found.orbitaleRight === undefined)
    missing.push('orbitale (left, right or both)');
  if (porionLeft === undefined || porionRight === undefined || missing.length > 0) {
    const names = markups.points.map((p) => p.label).slice(0, 12);
    throw refuse(
      `${markups.name} has no ${missing.join(', no ')} among its ${markups.points.length} points (${names.join(', ')}${markups.points.length > 12 ? ', ..' : ''})`,
      'points named like porion_L, porion_R, orbitale_L, orbitale_R (or "left porion", Po-R, Or_L ..), and if you like nasion',
      'name the points in 3D Slicer and save the file again',
    );
  }
  return frankfortFrame({ ...found, porionLeft, porionRight });
}

/** Where the points that define the frame lie on a phantom, LPS mm. */
export function phantomFrankfort(parameters: PhantomParameters): Required<FrankfortPoints> {
  const at = placeLandmarks(parameters);
  const [cx, cy, cz] = at.centre;
  const ear = 0.43 * parameters.cranialBreadth;
  const rim = orbitRimY(parameters, at, at.orbitX);
  return {
    porionLeft: [ear - cx, -cy, -cz],
    porionRight: [-ear - cx, -cy, -cz],
    orbitaleLeft: [at.orbitX - cx, rim - cy, -cz],
    orbitaleRight: [-at.orbitX - cx, rim - cy, -cz],
    nasion: [-cx, at.nasionY - cy, at.nasionZ - cz],
  };
}

const minus = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const middle = (a: Vec3, b: Vec3): Vec3 => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];

function refuse(found: string, expected: string, todo: string): VolumeError {
  return new VolumeError({ found, expected, todo });
}
