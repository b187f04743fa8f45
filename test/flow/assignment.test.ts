import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { solveAssignment } from '../../src/flow/assignment.ts';
import { RandomStream } from '../../src/random/stream.ts';

/** The least total over all n! pairings. */
function bruteForce(cost: Float64Array, n: number, row = 0, used = 0): number {
  if (row === n) return 0;
  let best = Number.POSITIVE_INFINITY;
  for (let j = 0; j < n; j++)
    if ((used & (1 << j)) === 0)
      best = Math.min(best, cost[row * n + j] + bruteForce(cost, n, row + 1, used | (1 << j)));
  return best;
}
const isPermutation = (p: Int32Array) => [...p].sort((a, b) => a - b).every((v, i) => v === i);

test('equals the least of all n! pairings, n up to 7, with ties and negative costs', () => {
  const problem = fc
    .integer({ min: 0, max: 7 })
    .chain((n) =>
      fc
        .oneof(
          fc.array(fc.integer({ min: -3, max: 3 }), { minLength: n * n, maxLength: n * n }),
          fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: n * n, maxLength: n * n }),
        )
        .map((values) => ({ n, cost: Float64Array.from(values) })),
    );
  fc.assert(
    fc.property(problem, ({ n, cost }) => {
      const { columnOfRow, total } = solveAssignment(cost, n);
      expect(isPermutation(columnOfRow)).toBe(true);
      expect(Math.abs(total - bruteForce(cost, n))).toBeLessThanOrEqual(1e-8);
    }),
    { numRuns: 300 },
  );
});

test('a hidden permutation of zeros among positive costs is found, n = 200', () => {
  const n = 200;
  const random = new RandomStream(1, 'test/assignment');
  const hidden = random.permutation(n);
  const cost = Float64Array.from({ length: n * n }, () => random.between(0.001, 1));
  for (let i = 0; i < n; i++) cost[i * n + hidden[i]] = 0;
  const { columnOfRow, total } = solveAssignment(cost, n);
  expect([...columnOfRow]).toEqual([...hidden]);
  expect(total).toBe(0);
});

test('sorted points on a line: the optimal pairing of squared distances is by rank, n = 300', () => {
  const n = 300;
  const random = new RandomStream(2, 'test/assignment');
  const x = random.fillNormal(new Float64Array(n));
  const y = random.fillNormal(new Float64Array(n));
  const cost = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) cost[i * n + j] = (x[i] - y[j]) ** 2;
  const xs = x.slice().sort();
  const ys = y.slice().sort();
  const byRank = xs.reduce((sum, value, i) => sum + (value - ys[i]) ** 2, 0);
  expect(solveAssignment(cost, n).total).toBeCloseTo(byRank, 9);
});

test('constants added to rows and columns, and the transpose, leave the solution', () => {
  const n = 40;
  const random = new RandomStream(3, 'test/assignment');
  const cost = random.fillNormal(new Float64Array(n * n));
  const { columnOfRow, total } = solveAssignment(cost, n);
  const shifted = cost.map((c, k) => c + Math.floor(k / n) - 2 * (k % n));
  expect([...solveAssignment(shifted, n).columnOfRow]).toEqual([...columnOfRow]);
  const transposed = cost.map((_, k) => cost[(k % n) * n + Math.floor(k / n)]);
  expect(solveAssignment(transposed, n).total).toBeCloseTo(total, 9);
});

test('not square, not finite', () => {
  expect(() => solveAssignment(new Float64Array(6), 2)).toThrow(ShapeError);
  expect(() => solveAssignment(Float64Array.of(1, 2, Number.NaN, 3), 2)).toThrow(NumericsError);
  expect(() => solveAssignment(Float64Array.of(1, 2, Number.POSITIVE_INFINITY, 3), 2)).toThrow(
    /row 1, column 0/,
  );
});
