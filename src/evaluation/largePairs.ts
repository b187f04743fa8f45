/**
 * What PRDC and P-PR count over all pairs of a real and a fake of large sets, a tile of products at a time (see
 * distributionNumbers.ts, and largeSet.ts for the bounds). Most pairs lie in no ball by their lower bound alone; of the
 * rest, only those that the bounds leave open are measured in double precision.
 */
import { exactSquared, type LargeSet } from './largeSet.ts';
import type { Prdc } from './prdc.ts';
import type { ProbabilisticPr } from './probabilisticPr.ts';

/** Products below this add nothing to 1 - product. */
const NOTHING = 1e-18;
/** Distances whose error may be above a sixteenth of them are computed again. */
const NEAR = 16;

/** Squared radii are those of `NearestMembers.radii`, for precision (recall), density and P-PR in turn. */
export class LargePairs {
  readonly #real: LargeSet;
  readonly #fake: LargeSet;
  readonly #twice: number;
  readonly #radii: { precision: Float64Array; density: Float64Array; recall: Float64Array };
  readonly #sharedReal: number;
  readonly #sharedFake: number;
  /** The larger of a real's two squared radii: beyond, nothing of PRDC changes. */
  readonly #reach: Float64Array;
  readonly #precise: Uint8Array;
  readonly #recalled: Uint8Array;
  readonly #covered: Uint8Array;
  #inside = 0;
  /** prod (1 - p) of each real and of each fake. */
  readonly #missedReal: Float64Array;
  readonly #missedFake: Float64Array;

  constructor(
    real: LargeSet,
    fake: LargeSet,
    unit: number,
    [precision, density, wideReal]: Float64Array[],
    [recall, , wideFake]: Float64Array[],
    scale: number,
  ) {
    this.#real = real;
    this.#fake = fake;
    this.#twice = 2 * unit;
    this.#radii = { precision, density, recall };
    this.#reach = precision.map((r, i) => Math.max(r, density[i]));
    this.#sharedReal = sharedRadius(wideReal, scale);
    this.#sharedFake = sharedRadius(wideFake, scale);
    this.#precise = new Uint8Array(fake.features.count);
    this.#recalled = new Uint8Array(real.features.count);
    this.#covered = new Uint8Array(real.features.count);
    this.#missedReal = new Float64Array(real.features.count).fill(1);
    this.#missedFake = new Float64Array(fake.features.count).fill(1);
  }

  /** A pair that may lie in a ball, its squared distance between `low` and `high`. */
  #look(i: number, j: number, low: number, high: number): void {
    const { precision, density, recall } = this.#radii;
    let exact = -1;
    const isWithin = (squaredRadius: number): boolean => {
      if (low >= squaredRadius) return false;
      if (high < squaredRadius) return true;
      if (exact < 0) exact = exactSquared(this.#real.features, i, this.#fake.features, j);
      return exact < squaredRadius;
    };
    if (this.#precise[j] === 0 && isWithin(precision[i])) this.#precise[j] = 1;
    if (this.#recalled[i] === 0 && isWithin(recall[j])) this.#recalled[i] = 1;
    if (isWithin(density[i])) {
      this.#inside++;
      this.#covered[i] = 1;
    }
  }

  /** Reads a tile of products of reals with fakes. */
  add(tileI: number, tileJ: number, products: ArrayLike<number>): void {
    const [real, fake] = [this.#real, this.#fake];
    const twice = this.#twice;
    const near = NEAR * real.slack;
    const [columns, count] = [fake.table.rows, fake.table.count];
    const [i0, j0] = [tileI * real.table.rows, tileJ * columns];
    const endI = Math.min(i0 + real.table.rows, real.table.count);
    const endJ = Math.min(j0 + columns, count);
    const [lowF, normF, upF, recall, missedFake] = [
      fake.lower,
      fake.norms,
      fake.upper,
      this.#radii.recall,
      this.#missedFake,
    ];
    const [sharedReal, sharedFake] = [this.#sharedReal, this.#sharedFake];
    const [perReal, perFake] = [1 / sharedReal, 1 / sharedFake];
    for (let i = i0; i < endI; i++) {
      const [lowI, normI, upI, reach] = [real.lower[i], real.norms[i], real.upper[i], this.#reach[i]];
      let missed = this.#missedReal[i];
      for (let j = j0, at = (i - i0) * columns; j < endJ; j++, at++) {
        const product = twice * products[at];
        const low = lowI + lowF[j] - product;
        if (low < reach || low < recall[j]) this.#look(i, j, low, upI + upF[j] - product);
        if (missed <= NOTHING && missedFake[j] <= NOTHING) continue;
        const norms = normI + normF[j];
        let squared = norms - product;
        if (squared < near * norms) {
          squared = exactSquared(real.features, i, fake.features, j);
          // A copy is inside even where all radii are 0.
          if (squared === 0) missed = missedFake[j] = 0;
        }
        const distance = Math.sqrt(squared);
        if (distance < sharedReal) missedFake[j] *= distance * perReal;
        if (distance < sharedFake) missed *= distance * perFake;
      }
      this.#missedReal[i] = missed;
    }
  }

  /** The numbers once all tiles are read; k is that of density. */
  numbers(k: number): { prdc: Prdc; probabilisticPr: ProbabilisticPr } {
    const [n, m] = [this.#real.features.count, this.#fake.features.count];
    return {
      prdc: {
        precision: sum(this.#precise) / m,
        recall: sum(this.#recalled) / n,
        density: this.#inside / (k * m),
        coverage: sum(this.#covered) / n,
      },
      probabilisticPr: {
        precision: sum(this.#missedFake.map((v) => 1 - v)) / m,
        recall: sum(this.#missedReal.map((v) => 1 - v)) / n,
      },
    };
  }
}

function sharedRadius(squared: Float64Array, scale: number): number {
  return (scale * sum(squared.map(Math.sqrt))) / squared.length;
}

function sum(values: Uint8Array | Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
