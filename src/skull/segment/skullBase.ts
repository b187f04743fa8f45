/**
 * Cutting off the neck. The plane: normal to `down`, `BELOW` mm under the lowest point of the braincase's room, which is
 * where a ball of 20 mm rests in the foramen magnum; it passes under the occipital condyles and through the upper half of
 * the atlas. The jaw hangs below that plane too, so under it three parts are told apart by where they lie from the
 * foramen (midline x = 0, y = 0 there, y growing backward):
 *
 *     the column   |x| <= 40 mm and y >= -28 mm: vertebrae, taken away
 *     the body     |x| > 80 mm, or y > 30 mm, or more than 120 mm down: shoulders, ribs, taken away
 *     the face     the rest: jaw, maxilla, mastoid and styloid processes, kept
 *
 * and of the face's pieces that hang on to nothing above the plane, those that lie mostly behind -45 mm and within the
 * column's breadth (the fronts of lower vertebrae) go as well. After alignment the same is done with a plane of the
 * template's frame: `cutBelow(mask, plane)`.
 */
import { labelRuns, paintRuns } from '../../volume/runs.ts';
import { type Mask, type Vec3, voxelToWorld } from '../../volume/volume.ts';
import { type Braincase, faceAreas, findBraincase } from './braincase.ts';
import type { SegmentStep } from './step.ts';

export interface SkullBase {
  /** LPS mm: the point of the plane under the foramen magnum. */
  point: Vec3;
  /** Unit vectors in LPS: toward the feet, toward the face, toward one side. */
  down: Vec3;
  front: Vec3;
  side: Vec3;
}

/** mm from the lowest point of the room to the plane. */
const BELOW = 1;
const COLUMN = { side: 40, front: 28 };
const FRAGMENT = { side: 42, front: 45 };
const BODY = { side: 80, back: 30, down: 120 };

const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Vec3): Vec3 => {
  const n = Math.hypot(...a) || 1;
  return [a[0] / n, a[1] / n, a[2] / n];
};

/**
 * The plane of the skull base from the bone alone; undefined where there is no braincase, or where the scan ends above its
 * floor. `down` is a rough direction toward the feet in LPS (30 degrees off do no harm); without it, -z or +z, whichever
 * way the bone outside the braincase lies (a patient's length lies along z in every CT, but not every file says which
 * end is the head).
 */
export function findSkullBase(
  mask: Mask,
  options: { down?: Vec3; braincase?: Braincase } = {},
): SkullBase | undefined {
  const braincase = options.braincase ?? findBraincase(mask);
  if (braincase === undefined) return undefined;
  const { centre, radius, room } = braincase;
  const outside = meanDirection(mask, centre, (d) => Math.hypot(...d) > radius + 15);
  const down = unit(options.down ?? [0, 0, outside[2] > 0 ? 1 : -1]);
  const lowest = lowestPoint(room, down);
  if (lowest === undefined) return undefined;
  // The room rests on a truncated face: the base is not in the scan.
  if (restsOnFace(mask, lowest, down)) return undefined;
  const depth = dot(lowest, down);
  const face = meanDirection(mask, lowest, (d) => {
    const h = dot(d, down);
    const flat = Math.hypot(...d) ** 2 - h * h;
    return h > -60 && h < 60 && flat > 30 ** 2 && flat < 130 ** 2;
  });
  const level = dot(face, down);
  const front = unit(face.map((v, a) => v - level * down[a]) as unknown as Vec3);
  const side: Vec3 = [
    down[1] * front[2] - down[2] * front[1],
    down[2] * front[0] - down[0] * front[2],
    down[0] * front[1] - down[1] * front[0],
  ];
  const shift = depth + BELOW - dot(lowest, down);
  return { point: lowest.map((v, a) => v + shift * down[a]) as unknown as Vec3, down, front, side };
}

/** The mask without the neck below the plane, as described above. */
export function cutBelow(mask: Mask, base: SkullBase): { mask: Mask; step: SegmentStep } {
  const { size, spacing, data } = mask;
  const out = data.slice();
  const below = new Uint8Array(data.length);
  let removed = 0;
  let under = 0;
  eachBone(mask, base.point, (p, d) => {
    const down = dot(d, base.down);
    if (down <= 0) return;
    under++;
    const front = dot(d, base.front);
    const side = Math.abs(dot(d, base.side));
    const column = side <= COLUMN.side && front <= COLUMN.front;
    const body = side > BODY.side || -front > BODY.back || down > BODY.down;
    if (column || body) {
      out[p] = 0;
      removed++;
    } else below[p] = 1;
  });
  // Pieces that are left of lower vertebrae.
  const runs = labelRuns(below, size);
  const inside = new Float64Array(runs.sizes.length);
  const high = new Uint8Array(runs.sizes.length);
  const voxel = Math.max(...spacing);
  forEachLabelled(runs, (p, label) => {
    const d = offset(mask, p, base.point);
    if (dot(d, base.down) < 2 * voxel) high[label] = 1;
    if (Math.abs(dot(d, base.side)) <= FRAGMENT.side && dot(d, base.front) <= FRAGMENT.front) inside[label]++;
  });
  const go = runs.sizes.map((n, c) => (high[c] === 0 && inside[c] > n / 2 ? 1 : 0));
  const pieces = paintRuns(runs, go);
  for (let p = 0; p < out.length; p++)
    if (pieces[p]) {
      out[p] = 0;
      removed++;
    }
  return {
    mask: { ...mask, data: out },
    step: {
      name: 'neck',
      count: removed,
      note: `of ${under} voxels below the plane under the foramen magnum, ${removed} of the neck are cut off`,
    },
  };
}

function offset(mask: Mask, p: number, from: Vec3): Vec3 {
  const [nx, ny] = mask.size;
  const q = voxelToWorld(mask, p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny)));
  return [q[0] - from[0], q[1] - from[1], q[2] - from[2]];
}

/** Calls `visit(voxel, LPS mm from `from`)` for every bone voxel. */
function eachBone(mask: Mask, from: Vec3, visit: (p: number, d: Vec3) => void): void {
  const { size, data, direction: m, spacing: s, origin: o } = mask;
  const [nx, ny, nz] = size;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const [y, z] = [j * s[1], k * s[2]];
      const ox = o[0] - from[0] + m[1] * y + m[2] * z;
      const oy = o[1] - from[1] + m[4] * y + m[5] * z;
      const oz = o[2] - from[2] + m[7] * y + m[8] * z;
      for (let i = 0; i < nx; i++, p++)
        if (data[p] !== 0) {
          const x = i * s[0];
          visit(p, [ox + m[0] * x, oy + m[3] * x, oz + m[6] * x]);
        }
    }
}

/** Mean over the bone of the directions from `from` that `take` accepts. */
function meanDirection(mask: Mask, from: Vec3, take: (d: Vec3) => boolean): Vec3 {
  const sum = [0, 0, 0];
  let n = 0;
  eachBone(mask, from, (_, d) => {
    if (!take(d)) return;
    n++;
    for (let a = 0; a < 3; a++) sum[a] += d[a];
  });
  return sum.map((v) => v / Math.max(1, n)) as unknown as Vec3;
}

/** The mean of the room's blocks within 4 mm of its lowest level, put on that level. */
function lowestPoint(room: Mask, down: Vec3): Vec3 | undefined {
  let depth = -Infinity;
  eachBone(room, [0, 0, 0], (_, d) => {
    depth = Math.max(depth, dot(d, down));
  });
  if (depth === -Infinity) return undefined;
  const mean = meanDirection(room, [0, 0, 0], (d) => dot(d, down) > depth - 4);
  const up = depth - dot(mean, down);
  return mean.map((v, a) => v + up * down[a]) as unknown as Vec3;
}

/** Whether the point lies within 4 mm of a face of the grid that cuts bone and looks down. */
function restsOnFace(mask: Mask, point: Vec3, down: Vec3): boolean {
  const { direction: m, size, spacing } = mask;
  return faceAreas(mask).some(({ axis, end, area }) => {
    if (area === 0) return false;
    const sign = end === 0 ? -1 : 1;
    const normal: Vec3 = [sign * m[axis], sign * m[axis + 3], sign * m[axis + 6]];
    if (dot(normal, down) < 0.5) return false;
    const corner = voxelToWorld(
      mask,
      ...(size.map((n) => end * (n - 1)) as unknown as [number, number, number]),
    );
    const gap = dot([corner[0] - point[0], corner[1] - point[1], corner[2] - point[2]], normal);
    return gap < Math.max(4, spacing[axis]);
  });
}

function forEachLabelled(
  runs: ReturnType<typeof labelRuns>,
  visit: (p: number, label: number) => void,
): void {
  const { size, rows, begin, end, labels } = runs;
  for (let row = 0; row + 1 < rows.length; row++)
    for (let r = rows[row]; r < rows[row + 1]; r++)
      for (let i = begin[r]; i < end[r]; i++) visit(row * size[0] + i, labels[r]);
}
