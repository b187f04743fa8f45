/**
 * One training example of the aligner, a pure function of its random stream: a bone of the training set is stretched a little or
 * mirrored, cut by planes (a field of view that ends), robbed of balls and boxes (defects), turned, and seen as the network sees
 * bones: in a cube centred on the centroid of what is left. With it go the turn and the place of that centroid in the canonical
 * frame, which the network is to tell.
 *
 * Cuts are made in the cube, softly over one voxel, and not in the bone, so that no example costs a pass over a volume.
 */
import { type CubeGrid, fillCube } from '../../aligner/cube.ts';
import { type Affine, applyAffine } from '../../aligner/mirror.ts';
import { type SoftBone, softBone, voxelMap } from '../../aligner/softBone.ts';
import type { AlignerConfig } from '../../config/aligner.ts';
import type { RandomStream } from '../../random/stream.ts';
import { boneVoxels } from '../../skull/orient.ts';
import { randomRotation, rotationVector } from '../../skull/register/rotations.ts';
import { centroidOf } from '../../volume/centroid.ts';
import { apply3, multiply3 } from '../../volume/geometry.ts';
import type { Mask, Mat3, Vec3 } from '../../volume/volume.ts';

/** A bone to learn from. */
export interface TrainingBone {
  soft: SoftBone;
  /** Canonical mm of bone voxels, x, y, z, x, y, z ..; at most `POINTS`, evenly chosen. */
  points: Float32Array;
  /** mm from the centroid to the farthest of them. */
  reach: number;
}

const POINTS = 6000;

/** A mask in the canonical frame, made ready to be learnt from. */
export function trainingBone(mask: Mask, grid: CubeGrid): TrainingBone {
  const soft = softBone(mask, grid);
  const { points, reach } = bonePoints(mask);
  const n = Math.min(POINTS, points.length / 3);
  const thin = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) {
    const from = 3 * Math.floor(((i + 0.5) * points.length) / 3 / n);
    thin.set(points.subarray(from, from + 3), 3 * i);
  }
  return { soft, points: thin, reach };
}

/** LPS mm of all bone voxels, and how far the farthest lies from their centroid. */
export function bonePoints(mask: Mask): { points: Float64Array; reach: number } {
  const points = boneVoxels(mask);
  const [cx, cy, cz] = centroidOf(mask);
  let far = 0;
  for (let p = 0; p < points.length; p += 3)
    far = Math.max(far, Math.hypot(points[p] - cx, points[p + 1] - cy, points[p + 2] - cz));
  return { points, reach: far };
}

/** What is taken out of a bone, in the frame of its points: signed distances in mm, positive where bone is taken. */
export type Cut = (x: number, y: number, z: number) => number;

type Disturb = AlignerConfig['disturb'];

/** Least share of a bone that cuts leave; else only the planes are kept, or nothing is cut. */
const LEAST_LEFT = 0.4;

/** Draws cuts of a bone given by its points, such that enough of it is left. */
export function drawCuts(
  points: ArrayLike<number>,
  reach: number,
  stream: RandomStream,
  options: Disturb,
): Cut[] {
  const planes: Cut[] = [];
  if (stream.uniform() < options.truncate)
    for (let i = 0; i < (stream.uniform() < 0.5 ? 2 : 1); i++)
      planes.push(drawPlane(points, stream, options.truncateMost / (i + 1)));
  const holes = Array.from({ length: stream.integer(options.holes + 1) }, () =>
    drawHole(points, reach, stream, options.holeSize),
  );
  for (const cuts of [[...planes, ...holes], planes])
    if (left(points, cuts) >= LEAST_LEFT * (points.length / 3)) return cuts;
  return [];
}

/** Half of all planes lie across the body's axis, as the ends of a scan do; the others anyhow. */
function drawPlane(points: ArrayLike<number>, stream: RandomStream, most: number): Cut {
  const tilt = rotationVector(stream.between(-0.4, 0.4), stream.between(-0.4, 0.4), 0);
  const any = randomRotation(stream);
  const sign = stream.uniform() < 0.5 ? -1 : 1;
  const [a, b, c] = apply3(stream.uniform() < 0.5 ? tilt : any, [0, 0, sign]);
  const taken = most * stream.uniform();
  // Where the plane lies is told by some hundreds of points.
  const stride = 3 * Math.max(1, Math.floor(points.length / 3 / 400));
  const along: number[] = [];
  for (let p = 0; p < points.length; p += stride)
    along.push(a * points[p] + b * points[p + 1] + c * points[p + 2]);
  along.sort((s, t) => s - t);
  const at = along[Math.min(along.length - 1, Math.floor((1 - taken) * along.length))];
  return (x, y, z) => a * x + b * y + c * z - at;
}

/** A ball or a box about a point of the bone. */
function drawHole(points: ArrayLike<number>, reach: number, stream: RandomStream, size: number): Cut {
  const p = 3 * stream.integer(points.length / 3);
  const [cx, cy, cz] = [points[p], points[p + 1], points[p + 2]];
  const half = [0, 1, 2].map(() => reach * size * stream.between(0.2, 1));
  const [r] = half;
  if (stream.uniform() < 0.5)
    return (x, y, z) => r - Math.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2);
  const turn = randomRotation(stream);
  return (x, y, z) => {
    const [u, v, w] = apply3(turn, [x - cx, y - cy, z - cz]);
    return Math.min(half[0] - Math.abs(u), half[1] - Math.abs(v), half[2] - Math.abs(w));
  };
}

const taken = (cuts: readonly Cut[], x: number, y: number, z: number): boolean => {
  for (const cut of cuts) if (cut(x, y, z) > 0) return true;
  return false;
};

/** Points that cuts leave. */
function left(points: ArrayLike<number>, cuts: readonly Cut[]): number {
  let count = 0;
  for (let p = 0; p < points.length; p += 3)
    if (!taken(cuts, points[p], points[p + 1], points[p + 2])) count++;
  return count;
}

/** A turn of the mixture: small, middle or any. */
export function drawTurn(stream: RandomStream, poses: AlignerConfig['poses']): Mat3 {
  const kind = stream.uniform();
  const any = randomRotation(stream);
  const axis = apply3(randomRotation(stream), [0, 0, 1]);
  const u = stream.uniform();
  if (kind >= poses.nearShare + poses.middleShare) return any;
  const degrees = kind < poses.nearShare ? poses.near * u * u : poses.middle * Math.cbrt(u);
  const a = (degrees * Math.PI) / 180;
  return rotationVector(axis[0] * a, axis[1] * a, axis[2] * a);
}

/** Where an example of a batch goes. */
export interface ExampleSpace {
  /** [N, 1, S, S, S], [N, 9], [N, 3]. */
  cubes: Float32Array;
  rotations: Float32Array;
  centres: Float32Array;
}

/** What all examples of a training share. */
export interface ExampleFrame {
  grid: CubeGrid;
  /** Across which half of the bones are mirrored; absent: none. */
  mirror?: Affine;
}

/** Writes row `row` of a batch: a bone, disturbed and turned by the numbers of `stream`. */
export function fillExample(
  { soft, points, reach }: TrainingBone,
  stream: RandomStream,
  { poses, disturb }: Pick<AlignerConfig, 'poses' | 'disturb'>,
  { grid, mirror }: ExampleFrame,
  space: ExampleSpace,
  row: number,
): void {
  const { side, cubeMm } = grid;
  // The stretched bone D y, and perhaps its mirror image: y' = S D y.
  const size = 1 + disturb.scale * stream.between(-1, 1);
  const d = [0, 1, 2].map(() => size * (1 + disturb.stretch * stream.between(-1, 1)));
  const s = stream.uniform() < 0.5 ? mirror : undefined;
  const rotation = drawTurn(stream, poses);
  const cuts = drawCuts(points, reach, stream, disturb);

  // Its centroid, of what the cuts leave. Cuts are made before the stretch.
  const sum = [0, 0, 0];
  let count = 0;
  for (let p = 0; p < points.length; p += 3) {
    if (cuts.length > 0 && taken(cuts, points[p], points[p + 1], points[p + 2])) continue;
    for (let c = 0; c < 3; c++) sum[c] += points[p + c];
    count++;
  }
  const middle = sum.map((v, c) => (d[c] * v) / count) as unknown as Vec3;
  const centroid = s === undefined ? middle : applyAffine(s, middle);

  // y = D^-1 S^-1 (R u + m), S its own inverse; then voxels of the soft bone.
  const back: Mat3 = [1 / d[0], 0, 0, 0, 1 / d[1], 0, 0, 0, 1 / d[2]];
  const toBone = multiply3(back, s === undefined ? rotation : multiply3(s.h, rotation));
  const at = apply3(back, middle);
  const voxels = voxelMap(soft);
  const b = apply3(voxels.a, at);
  const map = { a: multiply3(voxels.a, toBone), b: b.map((v, c) => v + voxels.b[c]) as unknown as Vec3 };
  const n = side ** 3;
  fillCube(soft, grid, map, space.cubes, row * n);
  const cube = space.cubes.subarray(row * n, (row + 1) * n);
  if (cuts.length > 0) applyCuts(cube, grid, toBone, at, cuts);
  const blur = disturb.blur * stream.uniform();
  smooth(cube, side, blur);
  const shift = disturb.threshold * stream.between(-1, 1);
  densify(cube, shift);
  space.rotations.set(rotation, 9 * row);
  for (let c = 0; c < 3; c++) space.centres[3 * row + c] = centroid[c] / (cubeMm / 2);
}

/** Multiplies voxels by what cuts leave of them: from 1 to 0 over the width of a voxel. */
function applyCuts(
  cube: Float32Array,
  { side, cubeMm }: CubeGrid,
  a: Mat3,
  b: Vec3,
  cuts: readonly Cut[],
): void {
  const step = cubeMm / side;
  const half = (side - 1) / 2;
  for (let k = 0, p = 0; k < side; k++)
    for (let j = 0; j < side; j++)
      for (let i = 0; i < side; i++, p++) {
        if (cube[p] === 0) continue;
        const u = (i - half) * step;
        const v = (j - half) * step;
        const w = (k - half) * step;
        const x = a[0] * u + a[1] * v + a[2] * w + b[0];
        const y = a[3] * u + a[4] * v + a[5] * w + b[1];
        const z = a[6] * u + a[7] * v + a[8] * w + b[2];
        for (const cut of cuts) {
          const share = 0.5 - cut(x, y, z) / step;
          if (share < 1) cube[p] *= Math.max(0, share);
        }
      }
}

/** `w x(-1) + (1 - 2 w) x + w x(+1)` along each axis; nothing lies beyond the cube. */
function smooth(cube: Float32Array, side: number, w: number): void {
  const line = new Float32Array(side + 2);
  for (const stride of [1, side, side * side])
    for (let at = 0; at < side * side; at++) {
      const from =
        stride === 1 ? at * side : stride === side ? (at % side) + Math.floor(at / side) * side * side : at;
      let any = false;
      for (let i = 0; i < side; i++) {
        const v = cube[from + i * stride];
        line[i + 1] = v;
        any ||= v !== 0;
      }
      if (!any) continue;
      for (let i = 0; i < side; i++)
        cube[from + i * stride] = w * (line[i] + line[i + 2]) + (1 - 2 * w) * line[i + 1];
    }
}

/** Bone grown or thinned, as by another threshold: `v + 4 s v (1 - v)`, which leaves 0 and 1. */
function densify(cube: Float32Array, s: number): void {
  for (let p = 0; p < cube.length; p++) {
    const v = cube[p];
    if (v > 0 && v < 1) cube[p] = v + 4 * s * v * (1 - v);
  }
}
