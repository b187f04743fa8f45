/**
 * Nearest neighbours of very many queries in one cloud of points, exactly: space is cut into cubic cells, and each cell that
 * a query falls into gets, once, the list of all points that can be the nearest of anything in it. With c the centre of the
 * cell, h its half diagonal and d the distance from c to its nearest point, such points lie within d + 2 h of c (any other
 * is farther from a query q than |q - c| + d). Of two points p and r, both from c, p is nearer everywhere in a cell of side s
 * where the largest value of the linear |p - w|^2 - |r - w|^2, |p|^2 - |r|^2 + s |r - p|_1, is below 0; then r is left out.
 * What is left is a handful of points that lie side by side.
 *
 * Each cell costs a search of the tree and more, so this pays where many clouds of one place are compared
 * with each other (chamferTables.ts). Queries outside the box go to the tree.
 */
import type { PointCloud } from './chamfer.ts';

/** Most numbers of the lists kept (8 MiB); cells met later are answered by the tree. */
const MOST_LISTED = 2 ** 21;

export interface Box {
  low: readonly [number, number, number];
  high: readonly [number, number, number];
}

/** The box around clouds. */
export function boxAround(clouds: readonly PointCloud[]): Box {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const { xyz } of clouds)
    for (let i = 0; i < xyz.length; i++) {
      const axis = i % 3;
      if (xyz[i] < low[axis]) low[axis] = xyz[i];
      if (xyz[i] > high[axis]) high[axis] = xyz[i];
    }
  return { low, high };
}

export class NearestCells {
  readonly #cloud: PointCloud;
  readonly #low: readonly [number, number, number];
  readonly #side: number;
  readonly #size: [number, number, number];
  /** Where the list of a cell begins, and how long it is (0: not made yet). */
  readonly #start: Int32Array;
  readonly #length: Int32Array;
  #lists = new Float32Array(2 ** 14); // x, y, z of each listed point
  #used = 0;
  // Of the cell being filled: points near it, and of those kept the index, the way and the squared distance from its centre.
  readonly #near: Uint32Array;
  readonly #index: Uint32Array;
  readonly #from: Float64Array;
  readonly #squared: Float64Array;

  /** Cells of `cells` along the longest side of `box`, in which queries are expected. */
  constructor(cloud: PointCloud, { low, high }: Box, cells: number) {
    const sides = [0, 1, 2].map((a) => high[a] - low[a]);
    this.#cloud = cloud;
    this.#low = low;
    this.#side = Math.max(...sides) / cells || 1;
    this.#size = sides.map((s) => Math.floor(s / this.#side) + 1) as [number, number, number];
    const count = this.#size[0] * this.#size[1] * this.#size[2];
    this.#start = new Int32Array(count);
    this.#length = new Int32Array(count);
    const points = cloud.xyz.length / 3;
    this.#near = new Uint32Array(points);
    this.#index = new Uint32Array(points);
    this.#from = new Float64Array(3 * points);
    this.#squared = new Float64Array(points);
  }

  /** Lists the points that can be nearest in a cell; false where no list may be kept any more. */
  #fill(cell: number, i: number, j: number, k: number): boolean {
    const [x, y, z] = [i, j, k].map((n, axis) => this.#low[axis] + (n + 0.5) * this.#side);
    // A thousandth more: queries on the edge of the cell may round out of it.
    const side = 1.001 * this.#side;
    const { tree, xyz } = this.#cloud;
    const [near, index, from, squared] = [this.#near, this.#index, this.#from, this.#squared];
    const nearest = tree.nearest(x, y, z);
    const [ax, ay, az] = [xyz[3 * nearest] - x, xyz[3 * nearest + 1] - y, xyz[3 * nearest + 2] - z];
    const least = ax * ax + ay * ay + az * az;
    const count = tree.within(x, y, z, Math.sqrt(least) + Math.sqrt(3) * side, near);
    // Kept: what the nearest of the centre leaves, by distance, and of that what those before it leave.
    let kept = 0;
    for (let c = 0; c < count; c++) {
      const p = near[c];
      const [dx, dy, dz] = [xyz[3 * p] - x, xyz[3 * p + 1] - y, xyz[3 * p + 2] - z];
      const d = dx * dx + dy * dy + dz * dz;
      const sum = Math.abs(dx - ax) + Math.abs(dy - ay) + Math.abs(dz - az);
      if (p !== nearest && least - d + side * sum < -1e-9 * (d + side * side)) continue;
      let at = kept++;
      for (; at > 0 && squared[at - 1] > d; at--) {
        squared[at] = squared[at - 1];
        index[at] = index[at - 1];
        from.copyWithin(3 * at, 3 * at - 3, 3 * at);
      }
      squared[at] = d;
      index[at] = p;
      from[3 * at] = dx;
      from[3 * at + 1] = dy;
      from[3 * at + 2] = dz;
    }
    let listed = 0;
    for (let r = 0; r < kept; r++) {
      const [dx, dy, dz, d] = [from[3 * r], from[3 * r + 1], from[3 * r + 2], squared[r]];
      const limit = -1e-9 * (d + side * side);
      let isLeft = true;
      for (let p = 0; p < listed && isLeft; p++) {
        const sum =
          Math.abs(from[3 * p] - dx) + Math.abs(from[3 * p + 1] - dy) + Math.abs(from[3 * p + 2] - dz);
        isLeft = squared[p] - d + side * sum >= limit;
      }
      if (!isLeft) continue;
      squared[listed] = d;
      index[listed] = index[r];
      from[3 * listed] = dx;
      from[3 * listed + 1] = dy;
      from[3 * listed++ + 2] = dz;
    }
    const used = this.#used + 3 * listed;
    if (used > MOST_LISTED) return false;
    if (used > this.#lists.length) {
      const more = new Float32Array(Math.max(2 * this.#lists.length, used));
      more.set(this.#lists);
      this.#lists = more;
    }
    this.#start[cell] = this.#used;
    this.#length[cell] = listed;
    for (let c = 0; c < listed; c++)
      for (let axis = 0; axis < 3; axis++) this.#lists[this.#used++] = xyz[3 * index[c] + axis];
    return true;
  }

  /** Mean squared distance of the points of a cloud to their nearest here: the same number as by the tree. */
  meanSquaredDistance(xyz: Float32Array): number {
    const [lowX, lowY, lowZ] = this.#low;
    const [nx, ny, nz] = this.#size;
    const side = this.#side;
    let sum = 0;
    for (let at = 0; at < xyz.length; at += 3) {
      const [x, y, z] = [xyz[at], xyz[at + 1], xyz[at + 2]];
      const i = Math.floor((x - lowX) / side);
      const j = Math.floor((y - lowY) / side);
      const k = Math.floor((z - lowZ) / side);
      const cell = i + nx * (j + ny * k);
      const isInside = i >= 0 && i < nx && j >= 0 && j < ny && k >= 0 && k < nz;
      if (!isInside || (this.#length[cell] === 0 && !this.#fill(cell, i, j, k))) {
        sum += this.#cloud.tree.squaredDistance(x, y, z);
        continue;
      }
      const lists = this.#lists;
      const end = this.#start[cell] + 3 * this.#length[cell];
      let best = Number.POSITIVE_INFINITY;
      for (let p = this.#start[cell]; p < end; p += 3) {
        const dx = lists[p] - x;
        const dy = lists[p + 1] - y;
        const dz = lists[p + 2] - z;
        const d = dx * dx + dy * dy + dz * dz;
        if (d < best) best = d;
      }
      sum += best;
    }
    return (3 * sum) / xyz.length;
  }
}
