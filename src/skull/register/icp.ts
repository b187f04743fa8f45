/**
 * Iterative closest points, both ways and robust. A pose `T = (s, R, t)` brings the bone onto the template. In each round
 * every bone point p looks up its nearest template point q, and every template point its nearest bone point; a pair pulls
 * along the normal n of the surface that was searched ("point to plane", Chen and Medioni 1991), with a weight that fades
 * with their distance d and with the angle between the two normals:
 *
 *   r = n . (T p - q),     w = max(0, n_p . n_q) / (1 + d^2 / sigma^2)^2     (Geman and McClure)
 *
 * so that a neck, a missing vault or a headrest pull next to nothing, and inner walls do not pull at outer ones. Both ways
 * count alike: one way alone, a bone could shrink or slide into a corner of the template. A round solves the 6 (with
 * scale 7) normal equations of `sum w (r + J x)^2` with x = (turn about the centre c, shift, growth),
 *
 *   J = [ (T p - c) x n,  n,  (T p - c) . n ].
 *
 * How well a pose fits is the mean over the points of both of `max(0, n_p . n_q) / (1 + d^2 / sigma^2)`: 1 for a perfect
 * match; what is missing from one of them lowers it by its share.
 */
import { multiply3 } from '../../volume/geometry.ts';
import type { Mat3, Vec3 } from '../../volume/volume.ts';
import type { NearestGrid } from './nearestGrid.ts';
import { rotationVector } from './rotations.ts';
import { solveSymmetric } from './solve.ts';
import type { Surface } from './surface.ts';
import type { Transform } from './transform.ts';

/** A surface with its table of nearest points. */
export interface Searchable {
  surface: Surface;
  grid: NearestGrid;
}

export interface RoundOptions {
  /** mm on the template: the distance at which a pair has lost three quarters of its weight. */
  sigma: number;
  /** Points of each surface that are looked at. */
  points: number;
  scale: boolean;
}

export interface Pose extends Transform {
  /** Of the last round, before its step. */
  score: number;
}

const DIMENSION = 7;
/** Radians in one round. */
const MOST_TURN = 0.5;

/** The sums of one round, allocated once. */
export class Icp {
  readonly #bone: Searchable;
  readonly #template: Searchable;
  readonly #normal = new Float64Array(DIMENSION * DIMENSION);
  readonly #right = new Float64Array(DIMENSION);
  #centre: Vec3 = [0, 0, 0];

  constructor(bone: Searchable, template: Searchable) {
    this.#bone = bone;
    this.#template = template;
  }

  /** Rounds until the step is below `tolerance` radii (or radians), at most `rounds`. */
  refine(start: Transform, rounds: number, tolerance: number, options: RoundOptions): Pose {
    let pose: Pose = { ...start, score: 0 };
    const limit = tolerance * this.#template.surface.radius;
    for (let round = 0; round < rounds; round++) {
      const { moved, turned, next } = this.#round(pose, options);
      pose = next;
      if (moved < limit && turned < tolerance) break;
    }
    return pose;
  }

  /** The score of a pose. */
  score(pose: Transform, options: RoundOptions): number {
    return this.#accumulate(pose, options);
  }

  #round(pose: Transform, options: RoundOptions): { moved: number; turned: number; next: Pose } {
    const score = this.#accumulate(pose, options);
    const size = options.scale ? 7 : 6;
    const x = solveSymmetric(this.#normal, this.#right, size, DIMENSION);
    // A direction that nothing holds (a ball turning in a ball) must not take an endless step.
    const wild = Math.max(
      Math.hypot(x[0], x[1], x[2]) / MOST_TURN,
      Math.hypot(x[3], x[4], x[5]) / this.#template.surface.radius,
    );
    if (wild > 1) for (let i = 0; i < x.length; i++) x[i] /= wild;
    const turned = Math.hypot(x[0], x[1], x[2]);
    const moved = Math.hypot(x[3], x[4], x[5]);
    const turn = rotationVector(x[0], x[1], x[2]);
    const growth = options.scale ? Math.exp(Math.min(0.2, Math.max(-0.2, x[6]))) : 1;
    // About the centre: y -> c + shift + growth . turn . (y - c).
    const c = this.#centre;
    const [ux, uy, uz] = [0, 1, 2].map((i) => pose.translation[i] - c[i]);
    const at = (r: number): number =>
      c[r] + x[3 + r] + growth * (turn[3 * r] * ux + turn[3 * r + 1] * uy + turn[3 * r + 2] * uz);
    return {
      turned,
      moved,
      next: {
        rotation: orthonormal(multiply3(turn, pose.rotation)),
        translation: [at(0), at(1), at(2)],
        scale: pose.scale * growth,
        score,
      },
    };
  }

  /** Fills the normal equations at `pose`; returns its score. */
  #accumulate(pose: Transform, { sigma, points }: RoundOptions): number {
    this.#normal.fill(0);
    this.#right.fill(0);
    const { rotation: r, translation: t, scale } = pose;
    const c = this.#bone.surface.centroid;
    this.#centre = [
      scale * (r[0] * c[0] + r[1] * c[1] + r[2] * c[2]) + t[0],
      scale * (r[3] * c[0] + r[4] * c[1] + r[5] * c[2]) + t[1],
      scale * (r[6] * c[0] + r[7] * c[1] + r[8] * c[2]) + t[2],
    ];
    const there = this.#direction(pose, sigma, points, true);
    const back = this.#direction(pose, sigma, points, false);
    return (there + back) / 2;
  }

  /** One way: `forward` looks bone points up on the template, else template points on the bone. Returns its mean score. */
  #direction(pose: Transform, sigma: number, limit: number, forward: boolean): number {
    const from = (forward ? this.#bone : this.#template).surface;
    const { surface: to, grid } = forward ? this.#template : this.#bone;
    const n = Math.min(limit, from.points.length / 3);
    const [r0, r1, r2, r3, r4, r5, r6, r7, r8] = pose.rotation;
    const [tx, ty, tz] = pose.translation;
    const s = pose.scale;
    const [cx, cy, cz] = this.#centre;
    const { points, normals } = from;
    const { points: toPoints, normals: toNormals } = to;
    const { nearest, cell } = grid;
    const [nx, ny, nz] = grid.size;
    const [gx, gy, gz] = grid.origin;
    const perCell = 1 / cell;
    const perSigma = 1 / (sigma * sigma);
    let score = 0;
    // The upper triangle of the normal matrix and the right side, in locals: this loop is all of the time.
    // biome-ignore format: rows of a matrix
    let a00 = 0, a01 = 0, a02 = 0, a03 = 0, a04 = 0, a05 = 0, a06 = 0,
      a11 = 0, a12 = 0, a13 = 0, a14 = 0, a15 = 0, a16 = 0,
      a22 = 0, a23 = 0, a24 = 0, a25 = 0, a26 = 0,
      a33 = 0, a34 = 0, a35 = 0, a36 = 0,
      a44 = 0, a45 = 0, a46 = 0, a55 = 0, a56 = 0, a66 = 0,
      b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0;
    for (let p = 0; p < 3 * n; p += 3) {
      const x = points[p];
      const y = points[p + 1];
      const z = points[p + 2];
      // The point in the space that is searched.
      let u: number;
      let v: number;
      let w: number;
      if (forward) {
        u = s * (r0 * x + r1 * y + r2 * z) + tx;
        v = s * (r3 * x + r4 * y + r5 * z) + ty;
        w = s * (r6 * x + r7 * y + r8 * z) + tz;
      } else {
        const dx = (x - tx) / s;
        const dy = (y - ty) / s;
        const dz = (z - tz) / s;
        u = r0 * dx + r3 * dy + r6 * dz;
        v = r1 * dx + r4 * dy + r7 * dz;
        w = r2 * dx + r5 * dy + r8 * dz;
      }
      let i = Math.floor((u - gx) * perCell);
      let j = Math.floor((v - gy) * perCell);
      let k = Math.floor((w - gz) * perCell);
      i = Math.min(Math.max(i, 1), nx - 2);
      j = Math.min(Math.max(j, 1), ny - 2);
      k = Math.min(Math.max(k, 1), nz - 2);
      const q = 3 * nearest[i + nx * (j + ny * k)];
      let qx = toPoints[q];
      let qy = toPoints[q + 1];
      let qz = toPoints[q + 2];
      // e: from the template's point to the bone's, on the template; (mx, my, mz): its own normal turned; n: the searched one's.
      let ax = normals[p];
      let ay = normals[p + 1];
      let az = normals[p + 2];
      let bx = toNormals[q];
      let by = toNormals[q + 1];
      let bz = toNormals[q + 2];
      let ex: number;
      let ey: number;
      let ez: number;
      let yx: number;
      let yy: number;
      let yz: number;
      if (forward) {
        const mx = r0 * ax + r1 * ay + r2 * az;
        const my = r3 * ax + r4 * ay + r5 * az;
        az = r6 * ax + r7 * ay + r8 * az;
        ax = mx;
        ay = my;
        ex = u - qx;
        ey = v - qy;
        ez = w - qz;
        yx = u - cx;
        yy = v - cy;
        yz = w - cz;
      } else {
        const mx = r0 * bx + r1 * by + r2 * bz;
        const my = r3 * bx + r4 * by + r5 * bz;
        bz = r6 * bx + r7 * by + r8 * bz;
        bx = mx;
        by = my;
        const hx = s * (r0 * qx + r1 * qy + r2 * qz) + tx;
        const hy = s * (r3 * qx + r4 * qy + r5 * qz) + ty;
        qz = s * (r6 * qx + r7 * qy + r8 * qz) + tz;
        qx = hx;
        qy = hy;
        ex = qx - x;
        ey = qy - y;
        ez = qz - z;
        yx = qx - cx;
        yy = qy - cy;
        yz = qz - cz;
      }
      const facing = ax * bx + ay * by + az * bz;
      if (facing <= 0) continue;
      const near = 1 / (1 + (ex * ex + ey * ey + ez * ez) * perSigma);
      score += facing * near;
      const weight = facing * near * near;
      const r = ex * bx + ey * by + ez * bz;
      const j0 = yy * bz - yz * by;
      const j1 = yz * bx - yx * bz;
      const j2 = yx * by - yy * bx;
      const j6 = yx * bx + yy * by + yz * bz;
      const w0 = weight * j0;
      const w1 = weight * j1;
      const w2 = weight * j2;
      const w3 = weight * bx;
      const w4 = weight * by;
      const w5 = weight * bz;
      const w6 = weight * j6;
      a00 += w0 * j0;
      a01 += w0 * j1;
      a02 += w0 * j2;
      a03 += w0 * bx;
      a04 += w0 * by;
      a05 += w0 * bz;
      a06 += w0 * j6;
      a11 += w1 * j1;
      a12 += w1 * j2;
      a13 += w1 * bx;
      a14 += w1 * by;
      a15 += w1 * bz;
      a16 += w1 * j6;
      a22 += w2 * j2;
      a23 += w2 * bx;
      a24 += w2 * by;
      a25 += w2 * bz;
      a26 += w2 * j6;
      a33 += w3 * bx;
      a34 += w3 * by;
      a35 += w3 * bz;
      a36 += w3 * j6;
      a44 += w4 * by;
      a45 += w4 * bz;
      a46 += w4 * j6;
      a55 += w5 * bz;
      a56 += w5 * j6;
      a66 += w6 * j6;
      b0 -= w0 * r;
      b1 -= w1 * r;
      b2 -= w2 * r;
      b3 -= w3 * r;
      b4 -= w4 * r;
      b5 -= w5 * r;
      b6 -= w6 * r;
    }
    // biome-ignore format: rows of a matrix
    const rows = [
      a00, a01, a02, a03, a04, a05, a06,
      a11, a12, a13, a14, a15, a16,
      a22, a23, a24, a25, a26,
      a33, a34, a35, a36,
      a44, a45, a46, a55, a56, a66,
    ];
    const right = [b0, b1, b2, b3, b4, b5, b6];
    // Each way counts by its share of its points, however many they are.
    for (let row = 0, at = 0; row < DIMENSION; row++) {
      this.#right[row] += right[row] / n;
      for (let column = row; column < DIMENSION; column++)
        this.#normal[DIMENSION * row + column] += rows[at++] / n;
    }
    return score / n;
  }
}

/** The rotation nearest to a product of rotations that rounding has bent: rows by Gram and Schmidt. */
function orthonormal(m: Mat3): Mat3 {
  const l = Math.hypot(m[0], m[1], m[2]);
  const [x0, x1, x2] = [m[0] / l, m[1] / l, m[2] / l];
  const dot = x0 * m[3] + x1 * m[4] + x2 * m[5];
  const [u0, u1, u2] = [m[3] - dot * x0, m[4] - dot * x1, m[5] - dot * x2];
  const k = Math.hypot(u0, u1, u2);
  const [y0, y1, y2] = [u0 / k, u1 / k, u2 / k];
  return [x0, x1, x2, y0, y1, y2, x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0];
}
