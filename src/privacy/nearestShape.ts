/**
 * The training shapes nearest to a shape, whatever way a copy was mirrored, shifted or turned: small rigid motions and the
 * left-right mirror are searched over.
 *
 *   1  rows       of the shape and of its mirror image against all training rows: the nearest few subjects of each go on
 *   2  register   each to the shape itself (Gauss-Newton), soft Dice there: the nearest few subjects go on
 *   3  render     the pose is refined on the blurred masks, the training mask is moved by it, resampled and cut at 0.5 as
 *                 a copy would have been, blurred, and compared with the shape
 *
 * Stage 3 matters: a turned copy differs from its original by the voxels that resampling gained and lost, at 7.5 mm as
 * much as two people differ. Doing the same to the original takes most of that away (soft distances of copies turned by
 * up to 10 degrees fell from .04-.06 to .01-.03; people next to each other lie .06-.12 apart).
 */

import { multiply3 } from '../volume/geometry.ts';
import { IDENTITY, type Mask, type Vec3 } from '../volume/volume.ts';
import { alignedDistance, alignedSurfaceDistance } from './alignedDistance.ts';
import { geometricMean, NEIGHBOURS } from './near.ts';
import {
  composePoses,
  type FieldPoints,
  invertPose,
  nearPoints,
  type Pose,
  registerPose,
  rotationBy,
  STAY,
  softPoints,
} from './pose.ts';
import { Renderer } from './renderedDistance.ts';
import { type FieldGrid, mirroredField, type ShapeField, shapeField } from './shapeField.ts';
import { indexedBone, indexedField, latticeRow, REGISTER_POINTS, type ShapeIndex } from './shapeIndex.ts';

/** Subjects of each comparison of rows that are registered. */
const REGISTERED = 4;
/** Points of the last refinement. */
const FINE_POINTS = 3000;

/** A training shape near a query, and how the query is moved onto it. */
export interface Found {
  /** Of the training set. */
  index: number;
  /** 1 - Dice of the blurred shapes, 0 .. 1. */
  distance: number;
  /** The query was mirrored left to right first. */
  mirrored: boolean;
  /** From the query (mirrored, where it was) to the training shape. */
  pose: Pose;
}

export interface Match {
  /** The nearest case of each of the nearest subjects, nearest first: at least one, `NEIGHBOURS` where there are so many. */
  neighbours: Found[];
  /** Mean distance of the surfaces of the query and the first neighbour, mm. */
  surface_mm: number;
}

/** A query in one of its two forms. */
interface Form {
  field: ShapeField;
  mirrored: boolean;
  points: FieldPoints;
}

/** Training cases whose rows lie nearest to `row`, until they are of `count` subjects. */
function leading(
  row: Float32Array,
  rows: Float32Array,
  subjects: readonly string[],
  skip: string | undefined,
  count: number,
): number[] {
  const dim = row.length;
  const distances = new Float64Array(subjects.length);
  for (let i = 0, at = 0; i < distances.length; i++) {
    let sum = 0;
    for (let d = 0; d < dim; d++, at++) {
      const e = row[d] - rows[at];
      sum += e * e;
    }
    distances[i] = subjects[i] === skip ? Number.POSITIVE_INFINITY : sum;
  }
  const order = Array.from(distances.keys()).sort((a, b) => distances[a] - distances[b] || a - b);
  const taken: number[] = [];
  const seen = new Map<string, number>();
  for (const i of order) {
    if (distances[i] === Number.POSITIVE_INFINITY || seen.size === count) break;
    const scans = seen.get(subjects[i]) ?? 0;
    // A subject with very many scans must not take the time of all others.
    if (scans >= 3) continue;
    seen.set(subjects[i], scans + 1);
    taken.push(i);
  }
  return taken;
}

/** The nearest of each subject, nearest first. */
function bySubject(found: readonly Found[], subjects: readonly string[], count: number): Found[] {
  const seen = new Set<string>();
  return [...found]
    .sort((a, b) => a.distance - b.distance || a.index - b.index)
    .filter(({ index }) => !seen.has(subjects[index]) && seen.add(subjects[index]))
    .slice(0, count);
}

/** Share of the other neighbours' distance below which the nearest is looked at again: a third of real shapes are. */
const SUSPECT = 0.8;
/** Steps of that last search, voxels at the grid's border. */
const STEPS = [0.4, 0.2, 0.1];

/** Moves a pose along one of its six freedoms: turns first, so that the border moves by `step` voxels. */
function nudged({ rotation, translation }: Pose, freedom: number, step: number, grid: FieldGrid): Pose {
  const vector: [number, number, number] = [0, 0, 0];
  vector[freedom % 3] = freedom < 3 ? step / (Math.max(...grid.size) / 2) : step;
  if (freedom < 3) return { rotation: multiply3(rotationBy(vector), rotation), translation };
  return { rotation, translation: translation.map((t, a) => t + vector[a]) as unknown as Vec3 };
}

/**
 * Lets a pose settle where the rendered distance itself is least, by trying each freedom both ways: near half a voxel,
 * which voxels of a thin plate survive hangs on a tenth of a voxel, and no smooth field tells.
 */
function settle(found: Found, pair: Renderer, grid: FieldGrid): void {
  for (const step of STEPS)
    for (let freedom = 0; freedom < 6; freedom++)
      for (const way of [step, -step]) {
        const pose = nudged(found.pose, freedom, way, grid);
        const distance = pair.distance(pose);
        if (distance >= found.distance) continue;
        found.pose = pose;
        found.distance = distance;
        break;
      }
}

/**
 * A pose with next to no turn, as a shift by whole and half voxels: at exactly half a voxel a resampled plate keeps or loses
 * all of its voxels at once, which no search by small steps comes upon.
 */
function straightened({ rotation, translation }: Pose, grid: FieldGrid): Pose[] {
  // |turn| = |skew part|; how far the grid's border moves by it.
  const turn =
    Math.hypot(rotation[7] - rotation[5], rotation[2] - rotation[6], rotation[3] - rotation[1]) / 2;
  if ((turn * Math.max(...grid.size)) / 2 > 0.3) return [];
  return [
    { rotation: IDENTITY, translation: translation.map((t) => Math.round(2 * t) / 2) as unknown as Vec3 },
  ];
}

function search(index: ShapeIndex, field: ShapeField, skip: string | undefined): Match {
  const { grid, subjects, posed, still, poses } = index;
  const forms = [false, true].map((mirrored): Form => {
    const shape = mirrored ? mirroredField(field, grid) : field;
    return { field: shape, mirrored, points: nearPoints(shape, grid, REGISTER_POINTS) };
  });
  const found: Found[] = [];
  for (const { field: shape, mirrored, points } of forms) {
    const { pose: own } = registerPose(points, grid, index.mean, STAY);
    const starts = new Map<number, Pose>();
    for (const i of leading(latticeRow(index, shape.signed, STAY), still, subjects, skip, REGISTERED / 2))
      starts.set(i, STAY);
    for (const i of leading(latticeRow(index, shape.signed, own), posed, subjects, skip, REGISTERED))
      starts.set(i, composePoses(invertPose(poses[i]), own));
    for (const [i, start] of starts) {
      const other = indexedField(index, i);
      // A plain copy needs no pose: staying where it is may be the better start.
      const [from] = [start, STAY]
        .map((pose) => registerPose(points, grid, other.signed, pose, 0))
        .sort((a, b) => a.energy - b.energy);
      const { pose } = registerPose(points, grid, other.signed, from.pose, 8);
      found.push({ index: i, mirrored, pose, distance: alignedDistance(shape, other, pose, grid) });
    }
  }
  const best = bySubject(found, subjects, NEIGHBOURS).map((f): Found => {
    const { field: shape } = forms[f.mirrored ? 1 : 0];
    const pair = new Renderer(shape, indexedBone(index, f.index), grid);
    const { pose } = registerPose(
      softPoints(shape, grid, FINE_POINTS),
      grid,
      indexedField(index, f.index).soft,
      f.pose,
    );
    return [pose, ...straightened(pose, grid)]
      .map((p) => ({ ...f, pose: p, distance: pair.distance(p) }))
      .reduce((least, other) => (other.distance < least.distance ? other : least));
  });
  const [nearest, ...others] = bySubject(best, subjects, NEIGHBOURS);
  if (others.length === 0 || nearest.distance < SUSPECT * geometricMean(others.map((f) => f.distance)))
    settle(
      nearest,
      new Renderer(forms[nearest.mirrored ? 1 : 0].field, indexedBone(index, nearest.index), grid),
      grid,
    );
  const neighbours = bySubject(best, subjects, NEIGHBOURS);
  const [first] = neighbours;
  const surface_mm = alignedSurfaceDistance(
    forms[first.mirrored ? 1 : 0].field,
    indexedField(index, first.index),
    first.pose,
    grid,
  );
  return { neighbours, surface_mm };
}

/** The nearest training shapes of a mask on their grid. Throws `VolumeError` for a mask without surface. */
export function nearestShapes(index: ShapeIndex, mask: Mask): Match {
  return search(index, shapeField(mask, index.grid), undefined);
}

/** The nearest training shapes of a training shape, of other subjects. */
export function nearestOthers(index: ShapeIndex, i: number): Match {
  return search(index, indexedField(index, i), index.subjects[i]);
}
