/**
 * Small mathematics of rotations that a search needs: the 24 turns of a cube, a rotation as a vector (its logarithm), the mean of
 * rotations that lie close, and 6D as the network gives it.
 */
import { rotationVector } from '../skull/register/rotations.ts';
import { determinant3, multiply3, transpose3 } from '../volume/geometry.ts';
import type { Mat3, Vec3 } from '../volume/volume.ts';

/** The 24 rotations that lay a cube onto itself: each lies within 62.8 degrees of any rotation's nearest. */
export function cubeTurns(): Mat3[] {
  const turns: Mat3[] = [];
  for (const [a, b, c] of [
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
    [0, 2, 1],
    [2, 1, 0],
    [1, 0, 2],
  ])
    for (let signs = 0; signs < 8; signs++) {
      const m = [0, 0, 0, 0, 0, 0, 0, 0, 0];
      m[a] = signs & 1 ? -1 : 1;
      m[3 + b] = signs & 2 ? -1 : 1;
      m[6 + c] = signs & 4 ? -1 : 1;
      if (determinant3(m as unknown as Mat3) > 0) turns.push(m as unknown as Mat3);
    }
  return turns;
}

/** The vector of a rotation: its axis, as long as its angle in radians, 0 .. pi. Inverse of `rotationVector`. */
export function rotationLog(r: Mat3): Vec3 {
  // By the quaternion, which is exact near 0 and near pi alike: the largest of its four numbers is found first.
  const trace = r[0] + r[4] + r[8];
  let q: [number, number, number, number];
  if (trace > 0) {
    const s = 2 * Math.sqrt(1 + trace);
    q = [(r[7] - r[5]) / s, (r[2] - r[6]) / s, (r[3] - r[1]) / s, s / 4];
  } else {
    const i = r[0] >= r[4] && r[0] >= r[8] ? 0 : r[4] >= r[8] ? 1 : 2;
    const [j, k] = [(i + 1) % 3, (i + 2) % 3];
    const at = (row: number, column: number) => r[3 * row + column];
    const s = 2 * Math.sqrt(1 + at(i, i) - at(j, j) - at(k, k));
    q = [0, 0, 0, (at(k, j) - at(j, k)) / s];
    q[i] = s / 4;
    q[j] = (at(j, i) + at(i, j)) / s;
    q[k] = (at(k, i) + at(i, k)) / s;
  }
  const sign = q[3] < 0 ? -1 : 1;
  const length = Math.hypot(q[0], q[1], q[2]);
  const angle = 2 * Math.atan2(length, Math.abs(q[3]));
  const scale = length < 1e-12 ? 2 * sign : (sign * angle) / length;
  return [q[0] * scale, q[1] * scale, q[2] * scale];
}

/** The mean of rotations that lie close to one another (Karcher): the turn from which their vectors sum to nothing. */
export function meanRotation(rotations: readonly Mat3[]): Mat3 {
  let mean = rotations[0];
  for (let round = 0; round < 8; round++) {
    const sum = [0, 0, 0];
    for (const r of rotations) {
      const v = rotationLog(multiply3(r, transpose3(mean)));
      for (let c = 0; c < 3; c++) sum[c] += v[c] / rotations.length;
    }
    mean = orthonormal(multiply3(rotationVector(sum[0], sum[1], sum[2]), mean));
    if (Math.hypot(...sum) < 1e-9) break;
  }
  return mean;
}

/** Rounds off what many products have added: rows of length 1, square to one another, right-handed. */
export function orthonormal(m: Mat3): Mat3 {
  const x = unit([m[0], m[1], m[2]]);
  const dot = x[0] * m[3] + x[1] * m[4] + x[2] * m[5];
  const y = unit([m[3] - dot * x[0], m[4] - dot * x[1], m[5] - dot * x[2]]);
  return [
    ...x,
    ...y,
    x[1] * y[2] - x[2] * y[1],
    x[2] * y[0] - x[0] * y[2],
    x[0] * y[1] - x[1] * y[0],
  ] as Mat3;
}

function unit([x, y, z]: Vec3): Vec3 {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
