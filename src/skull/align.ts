/**
 * Rigid alignment of a bone to a reference bone, by their shapes alone: the turn and shift that lay the bone's voxels
 * where the reference, blurred, is brightest. `score(A, t) = mean over voxels p of F(A^T (p - c) + t)` with F the blurred
 * reference, c the bone's centroid, A the axes sought and t the centroid's place among them. Blurring gives the search a
 * slope to follow and makes what only one of the two bones has (a neck, a missing half) count for nothing.
 *
 * The search starts from one or more rough frames (for `principal` the four ways of turning the axes, so that a wrong
 * sign is mended), and follows each coarse to fine: steps along and about each axis, halved when none helps. It uses 4000
 * voxels of the bone and takes some 0.2 s. Size is not changed: a large skull stays large.
 */
import { apply3, multiply3, rotationAbout, transpose3 } from '../volume/geometry.ts';
import { boxAverage, resample } from '../volume/resample.ts';
import type { Mask, Mat3, Vec3 } from '../volume/volume.ts';
import {
  boneFrame,
  boneVoxels,
  boxFrame,
  cropToBone,
  extentOf,
  type Frame,
  type FrameKind,
  frameGrid,
} from './orient.ts';

/** Voxels along the longest side of the blurred reference. */
const FIELD = 48;
const POINTS = 4000;
/** Widths of the blur in field voxels, coarse to fine. */
const BLURS = [9, 5, 3];

/** A reference bone made ready: its frame, and its blurred image at each width. */
export interface AlignReference {
  frame: Frame;
  kind: FrameKind;
  size: Vec3;
  /** mm, of the blurred images. */
  spacing: number;
  fields: Float32Array[];
}

/** Prepares a reference; its own frame (patient or principal) becomes the common one. */
export function alignReference(mask: Mask, kind: FrameKind): AlignReference {
  const frame = boneFrame(mask, kind);
  const spacing = Math.max(...extentOf(frame)) / FIELD;
  const margin = BLURS[0] + 2;
  const size = extentOf(frame).map((mm) => Math.ceil(mm / spacing) + 2 * margin) as unknown as Vec3;
  const soft = resample(cropToBone(mask), frameGrid(frame, size, spacing)).data;
  const fields = BLURS.map((width) => {
    let field = soft;
    // Two passes of a box: nearly a Gaussian.
    for (let axis = 0; axis < 3; axis++)
      field = boxAverage(boxAverage(field, size, axis, width), size, axis, width);
    return field;
  });
  return { frame, kind, size, spacing, fields };
}

/** The frame in which `mask` lies as the reference does. */
export function alignedFrame(mask: Mask, reference: AlignReference): Frame {
  const bone = cropToBone(mask);
  const rough = boneFrame(bone, reference.kind);
  const voxels = boneVoxels(bone);
  const count = voxels.length / 3;
  const centroid = [0, 0, 0];
  for (let i = 0; i < voxels.length; i++) centroid[i % 3] += voxels[i] / count;
  const c = centroid as unknown as Vec3;
  const points = thinned(voxels, c);

  const t = apply3(transpose3(rough.axes), [
    c[0] - rough.centre[0],
    c[1] - rough.centre[1],
    c[2] - rough.centre[2],
  ]);
  const turns: Vec3[] = [
    [1, 1, 1],
    [1, -1, -1],
    [-1, 1, -1],
    [-1, -1, 1],
  ];
  const starts = reference.kind === 'patient' ? turns.slice(0, 1) : turns;
  let best: Pose | undefined;
  for (const [sx, sy, sz] of starts) {
    const axes = multiply3(rough.axes, [sx, 0, 0, 0, sy, 0, 0, 0, sz]);
    let pose: Pose = { axes, t: [sx * t[0], sy * t[1], sz * t[2]], score: -1 };
    for (const field of reference.fields) pose = climb(points, { ...pose, score: -1 }, field, reference);
    if (best === undefined || pose.score > best.score) best = pose;
  }
  const { axes, t: at } = best!;
  const offset = apply3(axes, at);
  const centre: Vec3 = [c[0] - offset[0], c[1] - offset[1], c[2] - offset[2]];
  return boxFrame(bone, axes, centre);
}

interface Pose {
  axes: Mat3;
  t: Vec3;
  score: number;
}

/** Pattern search on six numbers: accept any step that raises the score; halve the steps when none does. */
function climb(points: Float32Array, start: Pose, field: Float32Array, reference: AlignReference): Pose {
  const rate = (axes: Mat3, t: Vec3) => score(points, axes, t, field, reference);
  let pose = { ...start, score: rate(start.axes, start.t) };
  let shift = 4 * reference.spacing;
  let angle = 12 * (Math.PI / 180);
  while (shift > 0.1 * reference.spacing) {
    let moved = false;
    for (let axis = 0; axis < 6; axis++)
      for (const sign of [1, -1]) {
        const t = [...pose.t] as [number, number, number];
        let axes = pose.axes;
        if (axis < 3) t[axis] += sign * shift;
        else axes = multiply3(axes, rotationAbout(axis - 3, sign * angle));
        const s = rate(axes, t);
        if (s > pose.score * (1 + 1e-6)) {
          pose = { axes, t, score: s };
          moved = true;
          break;
        }
      }
    if (!moved) {
      shift /= 2;
      angle /= 2;
    }
  }
  return pose;
}

/**
 * Mean of the field, trilinear, over the points, of which `points` holds LPS mm from the centroid. (By nearest voxel the
 * score is a staircase on which the search stops 2 degrees early.)
 */
function score(
  points: Float32Array,
  a: Mat3,
  t: Vec3,
  field: Float32Array,
  reference: AlignReference,
): number {
  const [nx, ny, nz] = reference.size;
  const plane = nx * ny;
  const inverse = 1 / reference.spacing;
  // The field is centred at the frame's origin.
  const ox = t[0] * inverse + (nx - 1) / 2;
  const oy = t[1] * inverse + (ny - 1) / 2;
  const oz = t[2] * inverse + (nz - 1) / 2;
  let sum = 0;
  for (let p = 0; p < points.length; p += 3) {
    const x = points[p] * inverse;
    const y = points[p + 1] * inverse;
    const z = points[p + 2] * inverse;
    const u = a[0] * x + a[3] * y + a[6] * z + ox;
    const v = a[1] * x + a[4] * y + a[7] * z + oy;
    const w = a[2] * x + a[5] * y + a[8] * z + oz;
    const i = Math.floor(u);
    const j = Math.floor(v);
    const k = Math.floor(w);
    if (i < 0 || j < 0 || k < 0 || i > nx - 2 || j > ny - 2 || k > nz - 2) continue;
    const q = i + nx * j + plane * k;
    const fx = u - i;
    const fy = v - j;
    const c00 = field[q] + fx * (field[q + 1] - field[q]);
    const c10 = field[q + nx] + fx * (field[q + nx + 1] - field[q + nx]);
    const c01 = field[q + plane] + fx * (field[q + plane + 1] - field[q + plane]);
    const c11 = field[q + plane + nx] + fx * (field[q + plane + nx + 1] - field[q + plane + nx]);
    const c0 = c00 + fy * (c10 - c00);
    sum += c0 + (w - k) * (c01 + fy * (c11 - c01) - c0);
  }
  return sum / (points.length / 3);
}

/** At most `POINTS` voxels, spread evenly over the bone, from the centroid. */
function thinned(voxels: Float64Array, centroid: Vec3): Float32Array {
  const count = voxels.length / 3;
  const n = Math.min(POINTS, count);
  const out = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) {
    const from = 3 * Math.floor(((i + 0.5) * count) / n);
    for (let c = 0; c < 3; c++) out[3 * i + c] = voxels[from + c] - centroid[c];
  }
  return out;
}
