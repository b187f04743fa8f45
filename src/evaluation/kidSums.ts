/**
 * The sums of KID's kernels k(x, y) = (x.y / dim + 1)^3 over all pairs of members, and over the pairs of each random subset,
 * from tiles of products (distributionNumbers.ts). A subset of 1,000 of 10,000 has a hundredth of all pairs, so 100 of them
 * read every kernel about once more.
 */
import { RandomStream } from '../random/stream.ts';
import type { Kid, KidOptions } from './kid.ts';
import type { LargeSet, LargeSets } from './largeSet.ts';
import { mean } from './statistics.ts';

/** Sums over the pairs of all members and of each subset; inside a set, each pair once. */
export interface KidSums {
  all: number;
  subsets: Float64Array;
}

/** The members of each subset, ascending, and the subsets of member i: `subsets[start[i]]` up to `subsets[start[i + 1]]`. */
interface Subsets {
  members: Uint32Array[];
  subsets: Uint32Array;
  start: Uint32Array;
}

export class KernelSums {
  readonly #sets: LargeSets;
  readonly #size: number;
  readonly #reals: Subsets;
  readonly #fakes: Subsets;
  readonly real: KidSums;
  readonly fake: KidSums;
  readonly #across: KidSums;

  /** Draws the subsets as `kid` does. */
  constructor(sets: LargeSets, { subsets, subsetSize, seed }: KidOptions) {
    const [n, m] = [sets.real.features.count, sets.fake.features.count];
    this.#sets = sets;
    this.#size = Math.max(2, Math.min(subsetSize, Math.floor(Math.min(n, m) / 2)));
    const random = new RandomStream(seed, 'evaluation/kid');
    const [reals, fakes]: Uint32Array[][] = [[], []];
    for (let s = 0; s < subsets; s++) {
      reals.push(random.permutation(n).slice(0, this.#size).sort());
      fakes.push(random.permutation(m).slice(0, this.#size).sort());
    }
    [this.#reals, this.#fakes] = [byMember(reals, n), byMember(fakes, m)];
    const none = (): KidSums => ({ all: 0, subsets: new Float64Array(subsets) });
    [this.real, this.fake, this.#across] = [none(), none(), none()];
  }

  /** Adds the tile of one set with itself. */
  addInside(sums: KidSums, set: LargeSet, i: number, j: number, products: ArrayLike<number>): void {
    const members = set === this.#sets.real ? this.#reals : this.#fakes;
    this.#add(sums, set, members, i, set, members, j, products, i === j);
  }

  /** Adds a tile of reals with fakes. */
  addAcross(i: number, j: number, products: ArrayLike<number>): void {
    const { real, fake } = this.#sets;
    this.#add(this.#across, real, this.#reals, i, fake, this.#fakes, j, products, false);
  }

  #add(
    sums: KidSums,
    a: LargeSet,
    subsetsA: Subsets,
    tileI: number,
    b: LargeSet,
    subsetsB: Subsets,
    tileJ: number,
    products: ArrayLike<number>,
    isDiagonal: boolean,
  ): void {
    const { dim } = a.features;
    const columns = b.table.rows;
    const [i0, j0] = [tileI * a.table.rows, tileJ * columns];
    const endI = Math.min(i0 + a.table.rows, a.table.count);
    const endJ = Math.min(j0 + columns, b.table.count);
    const slope = this.#sets.unit / dim;
    const perJ = b.shifts.subarray(j0, endJ).map((p) => p / dim);
    const ofJ = subsetsB.members.map((list) => between(list, j0, endJ).map((j) => j - j0));
    const kernels = new Float64Array(perJ.length);
    for (let i = i0; i < endI; i++) {
      const base = a.shifts[i] / dim + 1;
      const row = (i - i0) * columns;
      // Pairs above the diagonal only: each once.
      const first = isDiagonal ? i + 1 - i0 : 0;
      let all = 0;
      for (let j = first; j < kernels.length; j++) {
        const v = products[row + j] * slope + base + perJ[j];
        all += kernels[j] = v * v * v;
      }
      sums.all += all;
      const { subsets, start } = subsetsA;
      for (let at = start[i]; at < start[i + 1]; at++) {
        const list = ofJ[subsets[at]];
        sums.subsets[subsets[at]] += sumAt(kernels, list, isDiagonal ? firstAtLeast(list, first) : 0);
      }
    }
  }

  /** MMD^2 of all, its mean and deviation over the subsets. */
  kid(): Kid {
    const combine = (n: number, m: number, xx: number, yy: number, xy: number): number =>
      (2 * xx) / (n * (n - 1)) + (2 * yy) / (m * (m - 1)) - (2 * xy) / (n * m);
    const [k, across] = [this.#size, this.#across];
    const values = across.subsets.map((xy, s) =>
      combine(k, k, this.real.subsets[s], this.fake.subsets[s], xy),
    );
    const centre = mean(values);
    const squares = values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
    const { real, fake } = this.#sets;
    return {
      value: combine(real.features.count, fake.features.count, this.real.all, this.fake.all, across.all),
      mean: centre,
      deviation: values.length === 1 ? 0 : Math.sqrt(squares / (values.length - 1)),
      subsets: values.length,
      subsetSize: k,
    };
  }
}

function byMember(members: Uint32Array[], count: number): Subsets {
  const start = new Uint32Array(count + 1);
  for (const list of members) for (const i of list) start[i + 1]++;
  for (let i = 0; i < count; i++) start[i + 1] += start[i];
  const next = start.slice();
  const subsets = new Uint32Array(start[count]);
  for (let s = 0; s < members.length; s++) for (const i of members[s]) subsets[next[i]++] = s;
  return { members, subsets, start };
}

/** Sum of the values at the places of `list` from its `from`-th on; two sums, so that one addition need not wait. */
function sumAt(values: Float64Array, list: Uint32Array, from: number): number {
  let [even, odd] = [0, 0];
  let at = from;
  for (; at + 1 < list.length; at += 2) {
    even += values[list[at]];
    odd += values[list[at + 1]];
  }
  return at < list.length ? even + odd + values[list[at]] : even + odd;
}

/** The part of an ascending list that lies in [from, to). */
function between(list: Uint32Array, from: number, to: number): Uint32Array {
  return list.subarray(firstAtLeast(list, from), firstAtLeast(list, to));
}

function firstAtLeast(list: Uint32Array, value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
