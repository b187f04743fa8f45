/**
 * Finding the plane of symmetry that the training bones share in their frame: of all planes near x = 0 the one across which the
 * points of the bones, mirrored, fall best into the bones themselves. Bones that no plane mirrors well (a thigh bone) have none,
 * and are then never mirrored in training.
 */
import type { MirrorPlane } from '../../aligner/mirror.ts';
import type { SoftBone } from '../../aligner/softBone.ts';
import { rotationVector } from '../../skull/register/rotations.ts';
import { apply3 } from '../../volume/geometry.ts';
import type { Vec3 } from '../../volume/volume.ts';
import type { TrainingBone } from './trainExample.ts';

/** Bones looked at, and points of each. */
const BONES = 32;
const POINTS = 500;
/** Least share of the bone that its mirror image meets. */
const LEAST_MATCH = 0.6;

/** The common plane of symmetry; undefined where the bones have none. */
export function mirrorPlane(bones: readonly TrainingBone[]): MirrorPlane | undefined {
  const step = Math.max(1, Math.floor(bones.length / BONES));
  const chosen = bones.filter((_, i) => i % step === 0).slice(0, BONES);
  const self = match(chosen, undefined);
  let best: Candidate = { a: 0, b: 0, offset: 0, score: -1 };
  const rate = (a: number, b: number, offset: number): Candidate => ({
    a,
    b,
    offset,
    score: match(chosen, planeOf(a, b, offset)),
  });
  const { spacing } = chosen[0].soft;
  for (const a of [-0.2, 0, 0.2])
    for (const b of [-0.2, 0, 0.2])
      for (const o of [-3, 0, 3]) {
        const candidate = rate(a, b, o * spacing);
        if (candidate.score > best.score) best = candidate;
      }
  let [angle, shift] = [0.1, 2 * spacing];
  while (angle > 0.001) {
    const { a, b, offset } = best;
    const around = [-1, 1].flatMap((s) => [
      rate(a + s * angle, b, offset),
      rate(a, b + s * angle, offset),
      rate(a, b, offset + s * shift),
    ]);
    const next = around.reduce((x, y) => (y.score > x.score ? y : x));
    if (next.score > best.score) best = next;
    else {
      angle /= 2;
      shift /= 2;
    }
  }
  return best.score >= LEAST_MATCH * self ? planeOf(best.a, best.b, best.offset) : undefined;
}

interface Candidate {
  /** Radians about y and z by which the normal is tilted from x. */
  a: number;
  b: number;
  offset: number;
  score: number;
}

function planeOf(a: number, b: number, offset: number): MirrorPlane {
  return { normal: apply3(rotationVector(0, a, b), [1, 0, 0]), offset };
}

/** Mean of the soft bones at their own points, mirrored where a plane is given. */
function match(bones: readonly TrainingBone[], plane: MirrorPlane | undefined): number {
  let sum = 0;
  let count = 0;
  for (const { soft, points } of bones) {
    const stride = 3 * Math.max(1, Math.floor(points.length / 3 / POINTS));
    for (let p = 0; p < points.length; p += stride) {
      let [x, y, z] = [points[p], points[p + 1], points[p + 2]];
      if (plane !== undefined) {
        const { normal: n, offset } = plane;
        const far = 2 * (n[0] * x + n[1] * y + n[2] * z - offset);
        [x, y, z] = [x - far * n[0], y - far * n[1], z - far * n[2]];
      }
      sum += valueAt(soft, [x, y, z]);
      count++;
    }
  }
  return sum / count;
}

/** Trilinear value of a soft bone that lies along the canonical axes. */
function valueAt({ data, size: [nx, ny, nz], origin, spacing }: SoftBone, at: Vec3): number {
  const [x, y, z] = at.map((v, c) => (v - origin[c]) / spacing);
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (!(i >= 0 && j >= 0 && k >= 0 && i < nx - 1 && j < ny - 1 && k < nz - 1)) return 0;
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [a, b, c] = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const w = (a ? x - i : 1 - x + i) * (b ? y - j : 1 - y + j) * (c ? z - k : 1 - z + k);
    sum += w * data[i + a + nx * (j + b + ny * (k + c))];
  }
  return sum;
}
