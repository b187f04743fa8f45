/**
 * A large set of features made ready for products in float32 (runtime/tileProducts.ts) whose results are still decided as
 * double precision would. Inner products lose digits where the features lie far from 0, so all sets are shifted by one
 * common centre c and scaled by a power of two (exact); with x' the stored rows and g = x'.y' in float32,
 *
 *   |x - y|^2 = |x'|^2 + |y'|^2 - 2 g + error,   |error| <= slack (|x'|^2 + |y'|^2),
 *   x.y       = g + p(x) + p(y),                 p(x) = c.(x - c) + |c|^2 / 2 in double precision.
 *
 * slack holds the rounding of the product (2 |x'| |y'| <= |x'|^2 + |y'|^2) and of the rows themselves (four units in the
 * last place); at 1000 features it is 6e-5. So every distance has a lower and an upper bound; a comparison that the bounds
 * leave open is made with the distance in double precision, computed as `eachRow` does, and the counts come out the same.
 */
import { productError, type TiledTable, tiledTable } from '../runtime/tileProducts.ts';
import { type Features, featureMean } from './featureSet.ts';

export interface LargeSet {
  features: Features;
  table: TiledTable;
  /** |x'|^2 of each row, in units of the features; less and plus its share of the error of a squared distance. */
  norms: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
  /** p of each row: x.y = g + p(x) + p(y). */
  shifts: Float64Array;
  /** Bound of a squared distance's error as a share of |x'|^2 + |y'|^2, see above. */
  slack: number;
}

export interface LargeSets {
  real: LargeSet;
  fake: LargeSet;
  /** Products of the tables times this are inner products of the shifted features. */
  unit: number;
}

/** Both sets about their common mean. `mostRows` of a tile is for tests. */
export function largeSets(real: Features, fake: Features, mostRows?: number): LargeSets {
  const { dim } = real;
  const total = real.count + fake.count;
  const [r, f] = [featureMean(real), featureMean(fake)];
  const centre = r.map((v, k) => (v * real.count + f[k] * fake.count) / total);
  const half = centre.reduce((sum, c) => sum + c * c, 0) / 2;
  const reach = Math.sqrt(Math.max(largestNorm(real, centre), largestNorm(fake, centre)));
  // A power of two that brings the longest row to about 1: nothing overflows in float32.
  const scale = reach > 0 ? 2 ** -Math.ceil(Math.log2(reach)) : 1;
  const unit = 1 / (scale * scale);
  // What float32 loses of numbers too small for it, beside a longest row of 1.
  const tiny = dim * 2 ** -124 * unit;
  const made = (features: Features): LargeSet => {
    const norms = new Float64Array(features.count);
    const shifts = new Float64Array(features.count);
    const { values } = features;
    const table = tiledTable(
      features.count,
      dim,
      (i, row) => {
        let [norm, shift] = [0, half];
        for (let k = 0, at = i * dim; k < dim; k++, at++) {
          const v = values[at] - centre[k];
          shift += centre[k] * v;
          row[k] = v * scale;
          norm += row[k] * row[k];
        }
        norms[i] = norm * unit;
        shifts[i] = shift;
      },
      mostRows,
    );
    // Rows rounded to float32 move by u |x'| each, a squared distance by 4 u (|x'|^2 + |y'|^2): twice that for the rest.
    const slack = productError(table) + 8 * 2 ** -24;
    return {
      features,
      table,
      norms,
      lower: norms.map((n) => (1 - slack) * n - tiny),
      upper: norms.map((n) => (1 + slack) * n + tiny),
      shifts,
      slack,
    };
  };
  return { real: made(real), fake: made(fake), unit };
}

function largestNorm({ values, count, dim }: Features, centre: Float64Array): number {
  let most = 0;
  for (let i = 0, at = 0; i < count; i++) {
    let norm = 0;
    for (let k = 0; k < dim; k++, at++) {
      const v = values[at] - centre[k];
      norm += v * v;
    }
    if (norm > most) most = norm;
  }
  return most;
}

/** Squared distance of row i of `a` and row j of `b` in double precision, term by term as `eachRow`. */
export function exactSquared(a: Features, i: number, b: Features, j: number): number {
  const { dim } = a;
  const [p, q] = [a.values, b.values];
  let sum = 0;
  for (let k = 0, s = i * dim, t = j * dim; k < dim; k++, s++, t++) {
    const d = p[s] - q[t];
    sum += d * d;
  }
  return sum;
}
