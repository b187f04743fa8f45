/**
 * Small rigid motions between shapes, as maps of voxel indices of the field's grid,
 *
 *   q = R (p - c) + c + t        c the middle of the grid, t in voxels
 *
 * and the search for the one that lays shape A on shape B: Gauss-Newton, with Levenberg's damping, on
 *
 *   E(R, t) = mean over p of (F_A(p) - F_B(q))^2      p a fixed draw of voxels near A's surface, F the signed fields
 *
 * A draw of 2,048 voxels gives the pose to a fraction of a voxel, at a hundredth of the cost of the whole grid.
 */
import { RandomStream } from '../random/stream.ts';
import { solveSymmetric } from '../skull/register/solve.ts';
import { apply3, multiply3, transpose3 } from '../volume/geometry.ts';
import { IDENTITY, type Mat3, type Vec3 } from '../volume/volume.ts';
import { FieldSampler } from './fieldSampler.ts';
import type { FieldGrid, ShapeField } from './shapeField.ts';

export interface Pose {
  rotation: Mat3;
  /** Voxels. */
  translation: Vec3;
}

/** No motion. */
export const STAY: Pose = { rotation: IDENTITY, translation: [0, 0, 0] };

/** First `first`, then `second`. */
export function composePoses(second: Pose, first: Pose): Pose {
  const t = apply3(second.rotation, first.translation);
  return {
    rotation: multiply3(second.rotation, first.rotation),
    translation: t.map((v, a) => v + second.translation[a]) as unknown as Vec3,
  };
}

/** The way back. */
export function invertPose({ rotation, translation }: Pose): Pose {
  const back = transpose3(rotation);
  return { rotation: back, translation: apply3(back, translation).map((v) => -v) as unknown as Vec3 };
}

/** The rotation by `|v|` radians about `v` (Rodrigues). */
export function rotationBy(v: Vec3): Mat3 {
  const angle = Math.hypot(...v);
  if (angle < 1e-12) return IDENTITY;
  const [x, y, z] = v.map((u) => u / angle);
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  const k = 1 - c;
  const row = (a: number, b: number, d: number): Vec3 => [a, b, d];
  return [
    ...row(c + x * x * k, x * y * k - z * s, x * z * k + y * s),
    ...row(x * y * k + z * s, c + y * y * k, y * z * k - x * s),
    ...row(x * z * k - y * s, y * z * k + x * s, c + z * z * k),
  ];
}

/** Voxels of a shape, x, y, z in turn, and a field there. */
export interface FieldPoints {
  points: Float32Array;
  values: Float32Array;
}

/** Field steps beyond which a voxel is far from the surface: blurring leaves few at 127 exactly. */
const FAR = 120;
/** Of 255: below, a voxel holds no bone to speak of. */
const FAINT = 5;

/** At most `count` voxels near the surface or in bone, and the signed field there: a draw that depends on the shape alone. */
export function nearPoints({ signed }: ShapeField, grid: FieldGrid, count: number): FieldPoints {
  return draw(signed, grid, count, (v) => v < FAR);
}

/** At most `count` voxels with bone nearby, and the blurred mask there. */
export function softPoints({ soft }: ShapeField, grid: FieldGrid, count: number): FieldPoints {
  return draw(soft, grid, count, (v) => v > FAINT);
}

function draw(
  field: Int8Array | Uint8Array,
  { size }: FieldGrid,
  count: number,
  wanted: (value: number) => boolean,
): FieldPoints {
  const [nx, ny] = size;
  const near = new Uint32Array(field.length);
  let found = 0;
  for (let p = 0; p < field.length; p++) if (wanted(field[p])) near[found++] = p;
  const n = Math.min(count, found);
  const points = new Float32Array(3 * n);
  const values = new Float32Array(n);
  const random = new RandomStream(0, 'privacy/points');
  for (let i = 0; i < n; i++) {
    // A partial Fisher-Yates shuffle: only as many draws as points.
    const other = i + random.integer(found - i);
    const p = near[other];
    near[other] = near[i];
    near[i] = p;
    points[3 * i] = p % nx;
    points[3 * i + 1] = Math.floor(p / nx) % ny;
    points[3 * i + 2] = Math.floor(p / (nx * ny));
    values[i] = field[p];
  }
  return { points, values };
}

/** A 6 x 6 system, upper triangle. */
interface System {
  a: Float64Array;
  b: Float64Array;
}

/** Mean squared difference at a pose, in squared field steps; fills the Gauss-Newton system where given. */
function evaluate(
  { points, values }: FieldPoints,
  sampler: FieldSampler,
  c: Vec3,
  { rotation: r, translation: t }: Pose,
  system?: System,
): number {
  let energy = 0;
  system?.a.fill(0);
  system?.b.fill(0);
  const j = new Float64Array(6);
  for (let i = 0, q = 0; i < values.length; i++, q += 3) {
    const x = points[q] - c[0];
    const y = points[q + 1] - c[1];
    const z = points[q + 2] - c[2];
    const u = r[0] * x + r[1] * y + r[2] * z;
    const v = r[3] * x + r[4] * y + r[5] * z;
    const w = r[6] * x + r[7] * y + r[8] * z;
    const px = u + c[0] + t[0];
    const py = v + c[1] + t[1];
    const pz = w + c[2] + t[2];
    if (system === undefined) {
      const e = values[i] - sampler.value(px, py, pz);
      energy += e * e;
      continue;
    }
    const e = values[i] - sampler.withGradient(px, py, pz);
    energy += e * e;
    const { gx, gy, gz } = sampler;
    // A small turn moves the turned point (u, v, w) by turn x point; along the gradient that is turn . (point x gradient).
    j[0] = v * gz - w * gy;
    j[1] = w * gx - u * gz;
    j[2] = u * gy - v * gx;
    j[3] = gx;
    j[4] = gy;
    j[5] = gz;
    for (let m = 0; m < 6; m++) {
      system.b[m] += j[m] * e;
      for (let n = m; n < 6; n++) system.a[6 * m + n] += j[m] * j[n];
    }
  }
  return energy / values.length;
}

/** Voxels of motion at the grid's border below which a pose is final. */
const TOLERANCE = 2e-3;

/** The pose that lays a shape's points best on the field `onto`, from `start`, in at most `rounds` steps (0: the energy there). */
export function registerPose(
  points: FieldPoints,
  grid: FieldGrid,
  onto: Int8Array | Uint8Array | Float32Array,
  start: Pose,
  rounds = 20,
): { pose: Pose; energy: number } {
  const sampler = new FieldSampler(grid, onto);
  const centre = grid.size.map((n) => (n - 1) / 2) as unknown as Vec3;
  const reach = Math.max(...centre);
  const system = { a: new Float64Array(36), b: new Float64Array(6) };
  const damped = new Float64Array(36);
  let pose = start;
  let energy = evaluate(points, sampler, centre, pose, rounds > 0 ? system : undefined);
  let damping = 1e-3;
  for (let round = 0; round < rounds; round++) {
    damped.set(system.a);
    for (let m = 0; m < 6; m++) damped[7 * m] *= 1 + damping;
    const [rx, ry, rz, ...shift] = solveSymmetric(damped, system.b, 6, 6);
    const size = reach * Math.hypot(rx, ry, rz) + Math.hypot(...shift);
    const next: Pose = {
      rotation: multiply3(rotationBy([rx, ry, rz]), pose.rotation),
      translation: pose.translation.map((v, a) => v + shift[a]) as unknown as Vec3,
    };
    const lower = evaluate(points, sampler, centre, next);
    if (lower < energy) {
      pose = next;
      energy = lower;
      if (size < TOLERANCE) break;
      evaluate(points, sampler, centre, pose, system);
      damping /= 8;
    } else {
      if (size < TOLERANCE) break;
      damping *= 8;
    }
  }
  return { pose, energy };
}
