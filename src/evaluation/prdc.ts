/**
 * Precision, recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020) of fakes Y, m of them, against
 * reals X, n of them, from features. With r_k(x) the distance to the k-th nearest other member of x's own set:
 *
 *   precision = mean_j [exists i: d(Y_j, X_i) < r_k(X_i)]              k = 3: are fakes where reals are?
 *   recall    = mean_i [exists j: d(X_i, Y_j) < r_k(Y_j)]              k = 3: are reals where fakes are?
 *   density   = 1/(k m) sum_j sum_i [d(Y_j, X_i) < r_k(X_i)]           k = 5: as precision, but outliers count little
 *   coverage  = 1/n sum_i [min_j d(X_i, Y_j) < r_k(X_i)]               k = 5: which reals have a fake near
 *
 * Distances are Euclidean, compared squared; they are taken a block of rows at a time, so memory stays small.
 */
import { NumericsError, ShapeError } from '../errors.ts';

/** Features of a set: `count` rows of `dim` numbers. */
export interface Features {
  values: Float32Array;
  count: number;
  dim: number;
}

export interface Prdc {
  precision: number;
  recall: number;
  density: number;
  coverage: number;
}

export const PRDC_DEFAULTS = { precisionNeighbours: 3, densityNeighbours: 5 };

const BLOCK_ROWS = 64;

/** Calls `use(i, row)` for each row i of `a` with its squared distances to all rows of `b` (the buffer is reused). */
function eachRow(a: Features, b: Features, use: (i: number, squared: Float64Array) => void): void {
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
function neighbourRadii(x: Features, ks: readonly number[]): Float64Array[] {
  const radii = ks.map(() => new Float64Array(x.count));
  const most = Math.max(...ks);
  const nearest = new Float64Array(most);
  eachRow(x, x, (i, squared) => {
    nearest.fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < x.count; j++) {
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

/**
 * The four numbers. Throws `ShapeError` where feature sizes differ and `NumericsError` where a set has no more than k
 * members or a feature is not finite.
 */
export function prdc(real: Features, fake: Features, options: Partial<typeof PRDC_DEFAULTS> = {}): Prdc {
  const { precisionNeighbours: kp, densityNeighbours: kd } = { ...PRDC_DEFAULTS, ...options };
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
    if (set.count <= Math.max(kp, kd))
      throw new NumericsError({
        found: `${set.count} ${name} cases`,
        expected: `more than ${Math.max(kp, kd)}, for the distance to the ${Math.max(kp, kd)}-th neighbour`,
        todo: 'generate or hold out more cases',
      });
    if (!set.values.every(Number.isFinite))
      throw new NumericsError({
        found: `a ${name} feature that is not finite`,
        expected: 'finite features',
        todo: 'look for NaN in what the features come from',
      });
  }
  const [realPrecision, realDensity] = neighbourRadii(real, [kp, kd]);
  const [fakeRecall] = neighbourRadii(fake, [kp]);
  const n = real.count;
  const m = fake.count;
  const precise = new Uint8Array(m);
  let inside = 0;
  let recalled = 0;
  let covered = 0;
  eachRow(real, fake, (i, squared) => {
    let isRecalled = false;
    let isCovered = false;
    for (let j = 0; j < m; j++) {
      const d = squared[j];
      if (d < realPrecision[i]) precise[j] = 1;
      if (d < fakeRecall[j]) isRecalled = true;
      if (d < realDensity[i]) {
        inside++;
        isCovered = true;
      }
    }
    if (isRecalled) recalled++;
    if (isCovered) covered++;
  });
  return {
    precision: precise.reduce((a, b) => a + b, 0) / m,
    recall: recalled / n,
    density: inside / (kd * m),
    coverage: covered / n,
  };
}
