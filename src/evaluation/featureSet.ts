/**
 * A set described by features: `count` rows of `dim` numbers, and what every metric on features needs: checks, rows
 * picked out, rows centred and scaled, all squared distances a block of rows at a time, all inner products.
 */
import { NumericsError, ShapeError } from '../errors.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';

/** Features of a set: `count` rows of `dim` numbers. */
export interface Features {
  values: Float32Array;
  count: number;
  dim: number;
}

const BLOCK_ROWS = 64;

/**
 * Refuses two sets that no metric can compare: `ShapeError` where feature sizes differ or do not fill their rows,
 * `NumericsError` where a set has fewer than `least` members (`why`) or a feature is not finite.
 */
export function requireFeatures(real: Features, fake: Features, least: number, why: string): void {
  if (real.dim !== fake.dim)
    throw new ShapeError({
      found: `real features of ${real.dim} numbers, generated ones of ${fake.dim}`,
      expected: 'features of one kind',
      todo: 'describe both sets by the same function',
    });
  for (const [set, name] of [
    [real, 'real'],
    [fake, 'generated'],
  ] as const) {
    if (set.values.length !== set.count * set.dim)
      throw new ShapeError({
        found: `${set.values.length} numbers for ${set.count} ${name} cases of ${set.dim}`,
        expected: `${set.count * set.dim} numbers`,
        todo: 'give one row a case',
      });
    if (set.count < least)
      throw new NumericsError({
        found: `${set.count} ${name} cases`,
        expected: `at least ${least}, ${why}`,
        todo: 'generate or hold out more cases',
      });
    if (!set.values.every(Number.isFinite))
      throw new NumericsError({
        found: `a ${name} feature that is not finite`,
        expected: 'finite features',
        todo: 'look for NaN in what the features come from',
      });
  }
}

/** The rows with the given indices, copied. */
export function pickRows({ values, dim }: Features, indices: ArrayLike<number>): Features {
  const out = new Float32Array(indices.length * dim);
  for (let i = 0; i < indices.length; i++)
    out.set(values.subarray(indices[i] * dim, (indices[i] + 1) * dim), i * dim);
  return { values: out, count: indices.length, dim };
}

/** Mean of each feature. */
export function featureMean({ values, count, dim }: Features): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = 0, at = 0; i < count; i++) for (let k = 0; k < dim; k++, at++) mean[k] += values[at];
  return mean.map((sum) => sum / count);
}

/** Trace of the covariance (n - 1): mean squared distance of a pair of members, halved. */
export function totalVariance(set: Features): number {
  const { values, count, dim } = set;
  const mean = featureMean(set);
  let sum = 0;
  for (let i = 0, at = 0; i < count; i++)
    for (let k = 0; k < dim; k++, at++) sum += (values[at] - mean[k]) ** 2;
  return sum / (count - 1);
}

/**
 * The frame of a set: subtract its mean, divide by one number, its root mean variance a feature. In it the set has mean 0
 * and total variance `dim`; distances between shapes keep their proportions. A set without any variance is not scaled.
 */
export function frameOf(set: Features): (other: Features) => Features {
  const mean = featureMean(set);
  const variance = set.count > 1 ? totalVariance(set) / set.dim : 0;
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 1;
  return ({ values, count, dim }) => {
    const out = new Float32Array(values.length);
    for (let i = 0, at = 0; i < count; i++)
      for (let k = 0; k < dim; k++, at++) out[at] = (values[at] - mean[k]) * scale;
    return { values: out, count, dim };
  };
}

/** A source of squared distances: calls `use(i, row)` for each row in turn (the buffer may be reused). */
export type EachRow = (use: (i: number, squared: Float64Array) => void) => void;

/** Squared distances inside and across two sets, of n reals and m fakes. */
export interface SquaredDistances {
  n: number;
  m: number;
  realReal: EachRow;
  realFake: EachRow;
  fakeFake: EachRow;
}

/** From features, computed when asked for, a block of rows at a time. */
export function squaredDistancesOf(real: Features, fake: Features): SquaredDistances {
  return {
    n: real.count,
    m: fake.count,
    realReal: (use) => eachRow(real, real, use),
    realFake: (use) => eachRow(real, fake, use),
    fakeFake: (use) => eachRow(fake, fake, use),
  };
}

/** All squared distances from `a` to `b` as a table. */
export function squaredTable(a: Features, b: Features): DistanceMatrix {
  const values = new Float64Array(a.count * b.count);
  eachRow(a, b, (i, squared) => values.set(squared, i * b.count));
  return { rows: a.count, columns: b.count, values };
}

/** From tables, looking at some members only: for many statistics of subsets. */
export function tabledDistances(
  { realReal, realFake, fakeFake }: Record<'realReal' | 'realFake' | 'fakeFake', DistanceMatrix>,
  reals: ArrayLike<number>,
  fakes: ArrayLike<number>,
): SquaredDistances {
  const part = (d: DistanceMatrix, rows: ArrayLike<number>, columns: ArrayLike<number>): EachRow => {
    const buffer = new Float64Array(columns.length);
    return (use) => {
      for (let i = 0; i < rows.length; i++) {
        const at = rows[i] * d.columns;
        for (let j = 0; j < columns.length; j++) buffer[j] = d.values[at + columns[j]];
        use(i, buffer);
      }
    };
  };
  return {
    n: reals.length,
    m: fakes.length,
    realReal: part(realReal, reals, reals),
    realFake: part(realFake, reals, fakes),
    fakeFake: part(fakeFake, fakes, fakes),
  };
}

/** Calls `use(i, row)` for each row i of `a` with its squared distances to all rows of `b` (the buffer is reused). */
export function eachRow(a: Features, b: Features, use: (i: number, squared: Float64Array) => void): void {
  const { dim } = a;
  const block = Array.from({ length: Math.min(BLOCK_ROWS, a.count) }, () => new Float64Array(b.count));
  for (let start = 0; start < a.count; start += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, a.count - start);
    // One row of b meets the whole block of a while both are in the cache.
    for (let j = 0; j < b.count; j++) {
      const q = b.values.subarray(j * dim, (j + 1) * dim);
      for (let r = 0; r < rows; r++) {
        const at = (start + r) * dim;
        let sum = 0;
        for (let k = 0; k < dim; k++) {
          const d = a.values[at + k] - q[k];
          sum += d * d;
        }
        block[r][j] = sum;
      }
    }
    for (let r = 0; r < rows; r++) use(start + r, block[r]);
  }
}

/** Squared distances to the `k`-th nearest other member for each k of `ks`, for every member of a set. */
export function neighbourRadii(rows: EachRow, count: number, ks: readonly number[]): Float64Array[] {
  const radii = ks.map(() => new Float64Array(count));
  const most = Math.max(...ks);
  const nearest = new Float64Array(most);
  rows((i, squared) => {
    nearest.fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < count; j++) {
      const d = squared[j];
      if (j === i || d >= nearest[most - 1]) continue;
      let at = most - 1; // insertion into the short sorted list
      for (; at > 0 && nearest[at - 1] > d; at--) nearest[at] = nearest[at - 1];
      nearest[at] = d;
    }
    for (let c = 0; c < ks.length; c++) radii[c][i] = nearest[ks[c] - 1];
  });
  return radii;
}

/** Inner products of `a`'s rows from `from` up to `to` with all rows of `b`, as a table of `to - from` rows. */
export function innerProducts(a: Features, b: Features, from = 0, to = a.count): DistanceMatrix {
  const { dim } = a;
  const columns = b.count;
  const rows = to - from;
  const out = new Float64Array(rows * columns);
  const [p, q] = [a.values, b.values];
  for (let j = 0; j < columns; j++) {
    const atB = j * dim;
    let i = 0;
    // Four rows at once: each number of b is read once for four products.
    for (; i + 4 <= rows; i += 4) {
      const at0 = (from + i) * dim;
      const at1 = at0 + dim;
      const at2 = at1 + dim;
      const at3 = at2 + dim;
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let k = 0; k < dim; k++) {
        const v = q[atB + k];
        s0 += p[at0 + k] * v;
        s1 += p[at1 + k] * v;
        s2 += p[at2 + k] * v;
        s3 += p[at3 + k] * v;
      }
      out[i * columns + j] = s0;
      out[(i + 1) * columns + j] = s1;
      out[(i + 2) * columns + j] = s2;
      out[(i + 3) * columns + j] = s3;
    }
    for (; i < rows; i++) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += p[(from + i) * dim + k] * q[atB + k];
      out[i * columns + j] = sum;
    }
  }
  return { rows, columns, values: out };
}
