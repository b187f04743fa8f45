/**
 * Permutation tests of two sets. Were the generated shapes drawn from where the real ones come from, the labels "real" and
 * "generated" would mean nothing, and the statistic of the true labelling would be one draw among those of shuffled ones:
 *
 *   p = (1 + shuffles at least as extreme) / (1 + shuffles)
 *
 * which is exact for any statistic and any size of sets (Phipson and Smyth 2010: never 0; P(p <= a) <= a). Sums of kernels
 * and nearest neighbours of the union do not change with the labels, so they are computed once and a shuffle costs n^2
 * look-ups (MMD, energy distance) or n + m (1-NNA).
 */
import { NumericsError, ShapeError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';
import { mean } from './statistics.ts';

/** Which values speak against "the same": large ones, small ones, or both. */
export type Tail = 'upper' | 'lower' | 'both';

export interface PermutationOptions {
  seed: number;
  /** Shuffles of the labels; the least p is 1 / (1 + this). */
  permutations: number;
  tail: Tail;
}

export const PERMUTATION_DEFAULTS: PermutationOptions = { seed: 0, permutations: 999, tail: 'upper' };

export interface PermutationTest {
  /** Of the true labels. */
  value: number;
  p: number;
  permutations: number;
}

/** Sums in another order differ in the last digits: what is this near counts as equal. */
const ROUNDING = 1e-10;

/**
 * Rank p-value of `value` among draws under the null hypothesis: (1 + as extreme) / (1 + draws), ties counted as extreme;
 * for both tails twice the smaller one, at most 1. Throws `NumericsError` without draws or where a number is not finite.
 */
export function rankP(value: number, draws: ArrayLike<number>, tail: Tail): number {
  let [above, below, most] = [0, 0, Math.abs(value)];
  for (let i = 0; i < draws.length; i++) most = Math.max(most, Math.abs(draws[i]));
  const slack = ROUNDING * most;
  for (let i = 0; i < draws.length; i++) {
    if (!(draws[i] < value - slack)) above++;
    if (!(draws[i] > value + slack)) below++;
  }
  if (draws.length === 0 || !Number.isFinite(most) || Number.isNaN(value))
    throw new NumericsError({
      found: draws.length === 0 ? 'no draws' : 'a statistic that is not finite',
      expected: 'finite numbers, one or more',
      todo: 'take more cases: every half of the pooled cases must still define the statistic',
    });
  const [upper, lower] = [above, below].map((count) => (1 + count) / (1 + draws.length));
  return tail === 'upper' ? upper : tail === 'lower' ? lower : Math.min(1, 2 * Math.min(upper, lower));
}

function requireOptions(n: number, m: number, permutations: number): void {
  if (n < 1 || m < 1 || !Number.isInteger(permutations) || permutations < 1)
    throw new NumericsError({
      found: `${n} and ${m} cases, ${permutations} permutations`,
      expected: 'at least one of each',
      todo: 'generate or hold out more cases',
    });
}

/**
 * Tests `statistic(a, b)` of two sets given by indices into their union, 0 .. n - 1 the first set and the rest the second.
 * Throws `NumericsError` for an empty set, no permutations, or a statistic that is not finite.
 */
export function permutationTest(
  n: number,
  m: number,
  statistic: (a: Uint32Array, b: Uint32Array) => number,
  options: Partial<PermutationOptions> = {},
): PermutationTest {
  const { seed, permutations, tail } = { ...PERMUTATION_DEFAULTS, ...options };
  requireOptions(n, m, permutations);
  const random = new RandomStream(seed, 'evaluation/permutation');
  const order = Uint32Array.from({ length: n + m }, (_, i) => i);
  const value = statistic(order.subarray(0, n), order.subarray(n));
  const draws = new Float64Array(permutations);
  for (let r = 0; r < permutations; r++) {
    const shuffled = random.permutation(n + m);
    draws[r] = statistic(shuffled.subarray(0, n), shuffled.subarray(n));
  }
  return { value, p: rankP(value, draws, tail), permutations };
}

/** Tests the difference of means, mean(a) - mean(b). Throws as `permutationTest`. */
export function meansTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: Partial<PermutationOptions> = {},
): PermutationTest {
  const all = Float64Array.from([...Array.from(a), ...Array.from(b)]);
  const total = mean(all) * all.length;
  return permutationTest(
    a.length,
    b.length,
    (first) => {
      let sum = 0;
      for (let i = 0; i < first.length; i++) sum += all[first[i]];
      return sum / a.length - (total - sum) / b.length;
    },
    options,
  );
}

/** Distances (or kernels) inside and across two sets as one square table of their union. Throws `ShapeError`. */
export function unionTable(
  realReal: DistanceMatrix,
  realFake: DistanceMatrix,
  fakeFake: DistanceMatrix,
): DistanceMatrix {
  const { rows: n, columns: m } = realFake;
  if (realReal.rows !== n || realReal.columns !== n || fakeFake.rows !== m || fakeFake.columns !== m)
    throw new ShapeError({
      found: `tables ${realReal.rows}x${realReal.columns}, ${n}x${m}, ${fakeFake.rows}x${fakeFake.columns}`,
      expected: 'n x n, n x m and m x m',
      todo: 'compute all three from the same two sets',
    });
  const size = n + m;
  const values = new Float64Array(size * size);
  for (let i = 0; i < n; i++) {
    values.set(realReal.values.subarray(i * n, (i + 1) * n), i * size);
    values.set(realFake.values.subarray(i * m, (i + 1) * m), i * size + n);
  }
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) values[(n + j) * size + i] = realFake.values[i * m + j];
    values.set(fakeFake.values.subarray(j * m, (j + 1) * m), (n + j) * size + n);
  }
  return { rows: size, columns: size, values };
}

/**
 * Tests the unbiased squared MMD, mean k(x, x') + mean k(y, y') - 2 mean k(x, y), of a table of kernels of the union whose
 * first `n` members are the first set; the diagonal is ignored. Negated distances as kernels give the energy distance.
 * Throws as `permutationTest`, and for sets below 2.
 */
export function kernelTest(
  { rows, values }: DistanceMatrix,
  n: number,
  options: Partial<PermutationOptions> = {},
): PermutationTest {
  const m = rows - n;
  if (n < 2 || m < 2) requireOptions(n - 1, m - 1, 1);
  const rowSums = new Float64Array(rows);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) if (j !== i) rowSums[i] += values[i * rows + j];
    total += rowSums[i];
  }
  return permutationTest(
    n,
    m,
    (a) => {
      // All else follows from the sum inside the first set and the sums of its rows.
      let [inside, out] = [0, 0];
      for (let i = 0; i < n; i++) {
        const row = a[i] * rows;
        out += rowSums[a[i]];
        for (let j = 0; j < i; j++) inside += values[row + a[j]];
      }
      inside *= 2;
      const across = out - inside;
      return inside / (n * (n - 1)) + (total - inside - 2 * across) / (m * (m - 1)) - (2 * across) / (n * m);
    },
    options,
  );
}

/**
 * Tests 1-NNA, the share of the union whose nearest other member has its own label, ties by share (setMetrics.ts), from a
 * table of distances of the union. Throws as `permutationTest`.
 */
export function nearestTest(
  { rows, values }: DistanceMatrix,
  n: number,
  options: Partial<PermutationOptions> = {},
): PermutationTest {
  const nearest = Array.from({ length: rows }, (_, i) => {
    let least = Number.POSITIVE_INFINITY;
    let ties: number[] = [];
    for (let j = 0; j < rows; j++) {
      const d = values[i * rows + j];
      if (j === i || d > least) continue;
      if (d < least) ties = [];
      least = d;
      ties.push(j);
    }
    return ties;
  });
  const isFirst = new Uint8Array(rows);
  return permutationTest(
    n,
    rows - n,
    (a) => {
      isFirst.fill(0);
      for (let i = 0; i < n; i++) isFirst[a[i]] = 1;
      let own = 0;
      for (let i = 0; i < rows; i++) {
        const ties = nearest[i];
        let same = 0;
        for (let t = 0; t < ties.length; t++) if (isFirst[ties[t]] === isFirst[i]) same++;
        own += same / ties.length;
      }
      return own / rows;
    },
    { tail: 'both', ...options },
  );
}

/**
 * Holm's step-down adjustment: p-values that stay below a level with at most that chance that any is wrong, however the
 * tests depend on each other.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => ps[i] - ps[j]);
  const out = new Array<number>(ps.length);
  let most = 0;
  order.forEach((i, rank) => {
    most = Math.max(most, Math.min(1, ps[i] * (ps.length - rank)));
    out[i] = most;
  });
  return out;
}
