/**
 * KID, the kernel distance of two sets of features (Binkowski et al. 2018): the unbiased squared maximum mean discrepancy
 *
 *   MMD^2 = mean_{i != i'} k(x_i, x_i') + mean_{j != j'} k(y_j, y_j') - 2 mean_{i, j} k(x_i, y_j)
 *   k(x, y) = (x.y / dim + 1)^3
 *
 * For equal distributions its expectation is 0 at any set size (it may be negative), which is why it leads where FID is
 * biased by small sets. The value takes all members; mean and deviation over random subsets tell how far it moves.
 * Kernels of small sets are tabulated once; those of large ones are summed a block of rows at a time, subset by subset. Time
 * grows with ((n + m)^2 + 4 subsets subsetSize^2) dim; distributionNumbers.ts does large sets many times as fast.
 */
import { NumericsError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { type DistanceMatrix, subMatrix } from './distanceMatrix.ts';
import { type Features, innerProducts, pickRows, requireFeatures } from './featureSet.ts';
import { mean } from './statistics.ts';

export interface KidOptions {
  /** Random subsets, drawn without replacement. */
  subsets: number;
  /** Members of a subset, of each set; at most half of the smaller set, so that subsets differ. */
  subsetSize: number;
  seed: number;
}

export const KID_DEFAULTS: KidOptions = { subsets: 100, subsetSize: 1000, seed: 0 };

export interface Kid {
  /** Over all members. */
  value: number;
  /** Over the subsets. */
  mean: number;
  deviation: number;
  subsets: number;
  subsetSize: number;
}

/** k(x_i, y_j) of all pairs inside and across two sets. */
export interface Kernels {
  realReal: DistanceMatrix;
  realFake: DistanceMatrix;
  fakeFake: DistanceMatrix;
}

/** Most kernel values held at once (32 MiB). */
const TABLE_LIMIT = 2 ** 22;
const BLOCK_ROWS = 256;

function kernelTable(a: Features, b: Features, from = 0, to = a.count): DistanceMatrix {
  const table = innerProducts(a, b, from, to);
  const { values } = table;
  for (let i = 0; i < values.length; i++) {
    const base = values[i] / a.dim + 1;
    values[i] = base * base * base;
  }
  return table;
}

/** All kernels of two sets, for many statistics of their subsets. Throws as `kid`. */
export function kernels(real: Features, fake: Features): Kernels {
  requireFeatures(real, fake, 2, 'for an unbiased estimate');
  return {
    realReal: kernelTable(real, real),
    realFake: kernelTable(real, fake),
    fakeFake: kernelTable(fake, fake),
  };
}

const sumOf = (values: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
};

/** MMD^2 from the sums of the kernels inside the sets (diagonals left out) and across. */
const combine = (n: number, m: number, xx: number, yy: number, xy: number): number =>
  xx / (n * (n - 1)) + yy / (m * (m - 1)) - (2 * xy) / (n * m);

function withoutDiagonal({ rows, values }: DistanceMatrix): number {
  let sum = sumOf(values);
  for (let i = 0; i < rows; i++) sum -= values[i * rows + i];
  return sum;
}

/** Unbiased MMD^2 from kernels; symmetric in the two sets. */
export function kernelDiscrepancy({ realReal, realFake, fakeFake }: Kernels): number {
  return combine(
    realFake.rows,
    realFake.columns,
    withoutDiagonal(realReal),
    withoutDiagonal(fakeFake),
    sumOf(realFake.values),
  );
}

/** The kernels of some members only. */
export function subKernels(
  { realReal, realFake, fakeFake }: Kernels,
  reals: ArrayLike<number>,
  fakes: ArrayLike<number>,
): Kernels {
  return {
    realReal: subMatrix(realReal, reals, reals),
    realFake: subMatrix(realFake, reals, fakes),
    fakeFake: subMatrix(fakeFake, fakes, fakes),
  };
}

/** The same number, holding `BLOCK_ROWS` rows of kernels at a time. */
function blockedDiscrepancy(real: Features, fake: Features): number {
  const blocked = (a: Features, b: Features): number => {
    let sum = 0;
    for (let from = 0; from < a.count; from += BLOCK_ROWS) {
      const { columns, rows, values } = kernelTable(a, b, from, Math.min(from + BLOCK_ROWS, a.count));
      sum += sumOf(values);
      if (a === b) for (let i = 0; i < rows; i++) sum -= values[i * columns + from + i];
    }
    return sum;
  };
  return combine(real.count, fake.count, blocked(real, real), blocked(fake, fake), blocked(real, fake));
}

/**
 * KID of two sets. Throws `ShapeError` where feature sizes differ, `NumericsError` for sets below 2 members, features
 * that are not finite, or options that are not whole numbers of at least 1 subset of 2. `tableLimit` is for tests.
 */
export function kid(
  real: Features,
  fake: Features,
  options: Partial<KidOptions> = {},
  tableLimit = TABLE_LIMIT,
): Kid {
  const { subsets, subsetSize, seed } = { ...KID_DEFAULTS, ...options };
  requireFeatures(real, fake, 2, 'for an unbiased estimate');
  if (!Number.isInteger(subsets) || subsets < 1 || !Number.isInteger(subsetSize) || subsetSize < 2)
    throw new NumericsError({
      found: `${subsets} subsets of ${subsetSize}`,
      expected: 'at least 1 subset of at least 2 members, in whole numbers',
      todo: 'leave both to their defaults',
    });
  const size = Math.max(2, Math.min(subsetSize, Math.floor(Math.min(real.count, fake.count) / 2)));
  const table = (real.count + fake.count) ** 2 <= tableLimit ? kernels(real, fake) : undefined;
  const random = new RandomStream(seed, 'evaluation/kid');
  const values = new Float64Array(subsets);
  for (let s = 0; s < subsets; s++) {
    const reals = random.permutation(real.count).subarray(0, size);
    const fakes = random.permutation(fake.count).subarray(0, size);
    values[s] =
      table === undefined
        ? blockedDiscrepancy(pickRows(real, reals), pickRows(fake, fakes))
        : kernelDiscrepancy(subKernels(table, reals, fakes));
  }
  const centre = mean(values);
  return {
    value: table === undefined ? blockedDiscrepancy(real, fake) : kernelDiscrepancy(table),
    mean: centre,
    deviation: subsets === 1 ? 0 : Math.sqrt(sumOf(values.map((v) => (v - centre) ** 2)) / (subsets - 1)),
    subsets,
    subsetSize: size,
  };
}
