/**
 * A k-d tree over points in space (Bentley 1975): the nearest point in about log n steps.
 *
 * Balanced and implicit: a node is a range of the reordered points, split at its middle along its widest side, so that
 * children need no pointers; ranges of at most `LEAF` points are searched one by one.
 */
import { NumericsError } from '../errors.ts';

const LEAF = 8;

export class PointTree {
  readonly #points: Float64Array; // x y z of the points in tree order
  /** The index, in the list it was built from, of each point in the order of the tree: neighbours are near each other. */
  readonly order: Uint32Array;
  readonly #axis: Uint8Array; // split axis, at the middle position of each range
  #x = 0;
  #y = 0;
  #z = 0;
  #best = 0;
  #bestAt = 0;

  /** Builds the tree over `xyz` = [x0, y0, z0, x1, ...] (copied). Throws `NumericsError` when empty or not finite. */
  constructor(xyz: ArrayLike<number>) {
    const n = Math.floor(xyz.length / 3);
    if (n === 0 || xyz.length % 3 !== 0)
      throw new NumericsError({
        found: `a list of ${xyz.length} coordinates`,
        expected: 'x, y, z of at least one point',
        todo: 'look whether the mask or mesh that the points come from is empty',
      });
    this.#points = Float64Array.from(xyz);
    for (let i = 0; i < xyz.length; i++)
      if (!Number.isFinite(this.#points[i]))
        throw new NumericsError({
          found: `point ${Math.floor(i / 3)} has the coordinate ${xyz[i]}`,
          expected: 'finite coordinates',
          todo: 'look for NaN in what the points come from',
        });
    this.order = Uint32Array.from({ length: n }, (_, i) => i);
    this.#axis = new Uint8Array(n);
    this.#build(0, n);
  }

  #build(from: number, to: number): void {
    if (to - from <= LEAF) return;
    const p = this.#points;
    let axis = 0;
    let widest = -1;
    for (let a = 0; a < 3; a++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let i = from; i < to; i++) {
        const v = p[3 * i + a];
        if (v < low) low = v;
        if (v > high) high = v;
      }
      if (high - low > widest) {
        widest = high - low;
        axis = a;
      }
    }
    const middle = (from + to) >>> 1;
    this.#select(from, to - 1, middle, axis);
    this.#axis[middle] = axis;
    this.#build(from, middle);
    this.#build(middle + 1, to);
  }

  /** Hoare's quickselect: afterwards position k holds the point that sorting along `axis` would put there. */
  #select(left: number, right: number, k: number, axis: number): void {
    const p = this.#points;
    while (left < right) {
      const pivot = p[3 * ((left + right) >>> 1) + axis];
      let i = left;
      let j = right;
      while (i <= j) {
        while (p[3 * i + axis] < pivot) i++;
        while (p[3 * j + axis] > pivot) j--;
        if (i <= j) this.#swap(i++, j--);
      }
      if (k <= j) right = j;
      else if (k >= i) left = i;
      else return;
    }
  }

  #swap(i: number, j: number): void {
    const p = this.#points;
    for (let a = 0; a < 3; a++) {
      const t = p[3 * i + a];
      p[3 * i + a] = p[3 * j + a];
      p[3 * j + a] = t;
    }
    const t = this.order[i];
    this.order[i] = this.order[j];
    this.order[j] = t;
  }

  #look(i: number): void {
    const p = this.#points;
    const dx = p[3 * i] - this.#x;
    const dy = p[3 * i + 1] - this.#y;
    const dz = p[3 * i + 2] - this.#z;
    const d = dx * dx + dy * dy + dz * dz;
    if (d < this.#best) {
      this.#best = d;
      this.#bestAt = i;
    }
  }

  #search(from: number, to: number): void {
    if (to - from <= LEAF) {
      for (let i = from; i < to; i++) this.#look(i);
      return;
    }
    const middle = (from + to) >>> 1;
    const axis = this.#axis[middle];
    const beyond = (axis === 0 ? this.#x : axis === 1 ? this.#y : this.#z) - this.#points[3 * middle + axis];
    if (beyond < 0) this.#search(from, middle);
    else this.#search(middle + 1, to);
    if (beyond * beyond >= this.#best) return; // the other side cannot be nearer
    this.#look(middle);
    if (beyond < 0) this.#search(middle + 1, to);
    else this.#search(from, middle);
  }

  /** Squared distance from (x, y, z) to its nearest point. */
  squaredDistance(x: number, y: number, z: number): number {
    this.#x = x;
    this.#y = y;
    this.#z = z;
    this.#best = Number.POSITIVE_INFINITY;
    this.#search(0, this.order.length);
    return this.#best;
  }

  #collect(from: number, to: number, squaredReach: number, into: Uint32Array, count: number): number {
    const isLeaf = to - from <= LEAF;
    const middle = (from + to) >>> 1;
    const p = this.#points;
    for (let i = isLeaf ? from : middle, end = isLeaf ? to : middle + 1; i < end; i++) {
      const dx = p[3 * i] - this.#x;
      const dy = p[3 * i + 1] - this.#y;
      const dz = p[3 * i + 2] - this.#z;
      if (dx * dx + dy * dy + dz * dz <= squaredReach) into[count++] = this.order[i];
    }
    if (isLeaf) return count;
    const axis = this.#axis[middle];
    const beyond = (axis === 0 ? this.#x : axis === 1 ? this.#y : this.#z) - p[3 * middle + axis];
    const isNear = beyond * beyond <= squaredReach;
    if (beyond <= 0 || isNear) count = this.#collect(from, middle, squaredReach, into, count);
    if (beyond >= 0 || isNear) count = this.#collect(middle + 1, to, squaredReach, into, count);
    return count;
  }

  /**
   * Writes the indices, in the list the tree was built from, of all points within `reach` of (x, y, z) into `into`, which
   * has room for all points of the tree, in no order; returns how many there are.
   */
  within(x: number, y: number, z: number, reach: number, into: Uint32Array): number {
    this.#x = x;
    this.#y = y;
    this.#z = z;
    return this.#collect(0, this.order.length, reach * reach, into, 0);
  }

  /** Index, in the list the tree was built from, of the point nearest to (x, y, z); of equals, any one. */
  nearest(x: number, y: number, z: number): number {
    this.squaredDistance(x, y, z);
    return this.order[this.#bestAt];
  }
}
