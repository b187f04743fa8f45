/**
 * Distances to the k-th nearest other member for all members of a large set, exactly, from products in float32: each member
 * keeps the few others of least *lower bound* of the squared distance (largeSet.ts) while the tiles pass by; at the end
 * these few are measured in double precision. The k-th least of them is the truth where it is no more than the largest lower
 * bound kept, because no one left out can be nearer. A member for which that fails (many others within the rounding of
 * float32, as in tight clusters far apart) is measured against all: n x dim steps, 10 ms at 10,000 x 1000.
 */
import { type Features, neighbourRadii } from './featureSet.ts';
import { exactSquared, type LargeSet } from './largeSet.ts';

/** Members kept beyond the k asked for. */
const SPARE = 4;

export class NearestMembers {
  readonly #set: LargeSet;
  readonly #most: number;
  readonly #keep: number;
  readonly #bounds: Float64Array; // `keep` a member, ascending
  readonly #members: Int32Array;
  /** The largest bound kept of each member: only pairs below it need be seen. */
  readonly worst: Float64Array;

  /** Prepares to find neighbours up to the `most`-th; the set has more than `most` members. */
  constructor(set: LargeSet, most: number) {
    const { count } = set.features;
    this.#set = set;
    this.#most = most;
    this.#keep = Math.min(most + SPARE, count - 1);
    this.#bounds = new Float64Array(count * this.#keep).fill(Number.POSITIVE_INFINITY);
    this.#members = new Int32Array(count * this.#keep).fill(-1);
    this.worst = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  }

  /** Keeps member j for member i: its lower bound is below `worst[i]`. */
  see(i: number, j: number, bound: number): void {
    const bounds = this.#bounds;
    const members = this.#members;
    const first = i * this.#keep;
    const last = first + this.#keep - 1;
    let at = last;
    for (; at > first && bounds[at - 1] > bound; at--) {
      bounds[at] = bounds[at - 1];
      members[at] = members[at - 1];
    }
    bounds[at] = bound;
    members[at] = j;
    this.worst[i] = bounds[last];
  }

  /** Squared distances to the k-th nearest other member for each k of `ks`, as `neighbourRadii` gives them. */
  radii(ks: readonly number[]): Float64Array[] {
    const { features } = this.#set;
    const { count } = features;
    const radii = ks.map(() => new Float64Array(count));
    const squared = new Float64Array(this.#keep);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < this.#keep; c++)
        squared[c] = exactSquared(features, i, features, this.#members[i * this.#keep + c]);
      squared.sort();
      const isProven = this.#keep === count - 1 || squared[this.#most - 1] <= Math.max(0, this.worst[i]);
      const found = isProven ? undefined : radiiOf(features, i, ks);
      for (let c = 0; c < ks.length; c++) radii[c][i] = found === undefined ? squared[ks[c] - 1] : found[c];
    }
    return radii;
  }
}

/** The same for one member, measured against all. */
function radiiOf(features: Features, i: number, ks: readonly number[]): number[] {
  const row = new Float64Array(features.count);
  for (let j = 0; j < features.count; j++) row[j] = exactSquared(features, i, features, j);
  return neighbourRadii((use) => use(i, row), features.count, ks).map((radii) => radii[i]);
}
