/**
 * Rotations spread evenly over SO(3), and drawn from it. Unit quaternions (x, y, z, w) cover the rotations twice, evenly;
 * so an even set on the 3-sphere is an even set of rotations. The set is a spiral: radii take equal shares of the
 * sphere's area, the two angles advance by irrational steps of a pair that a search over algebraic numbers found to be
 * the most even (Alexa, "Super-Fibonacci Spirals", CVPR 2022).
 */
import type { RandomStream } from '../../random/stream.ts';
import type { Mat3 } from '../../volume/volume.ts';

const PHI = Math.SQRT2;
/** The positive root of x^4 = x + 4. */
const PSI = 1.5337511687552043;

/** The rotation of a unit quaternion. */
export function fromQuaternion(x: number, y: number, z: number, w: number): Mat3 {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - z * w),
    2 * (x * z + y * w),
    2 * (x * y + z * w),
    1 - 2 * (x * x + z * z),
    2 * (y * z - x * w),
    2 * (x * z - y * w),
    2 * (y * z + x * w),
    1 - 2 * (x * x + y * y),
  ];
}

/** `n` rotations, evenly spread: any rotation lies within about `215 / cbrt(n)` degrees of one (28 for 432, measured;
 * 16 in the mean). */
export function spreadRotations(n: number): Mat3[] {
  return Array.from({ length: n }, (_, i) => {
    const s = i + 0.5;
    const r = Math.sqrt(s / n);
    const q = Math.sqrt(1 - s / n);
    const a = (2 * Math.PI * s) / PHI;
    const b = (2 * Math.PI * s) / PSI;
    return fromQuaternion(r * Math.sin(a), r * Math.cos(a), q * Math.sin(b), q * Math.cos(b));
  });
}

/** A uniform rotation: four normal numbers, normalised. */
export function randomRotation(stream: RandomStream): Mat3 {
  const q = stream.fillNormal(new Float64Array(4));
  const length = Math.hypot(...q);
  return fromQuaternion(q[0] / length, q[1] / length, q[2] / length, q[3] / length);
}

/** The rotation by `|v|` radians about v. */
export function rotationVector(x: number, y: number, z: number): Mat3 {
  const angle = Math.sqrt(x * x + y * y + z * z);
  const s = angle < 1e-9 ? 0.5 : Math.sin(angle / 2) / angle;
  return fromQuaternion(s * x, s * y, s * z, Math.cos(angle / 2));
}
