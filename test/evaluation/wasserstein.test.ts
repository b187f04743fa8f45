import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean } from '../../src/evaluation/statistics.ts';
import { wasserstein } from '../../src/evaluation/wasserstein.ts';

test('worked by hand: a shift, a point against two, samples of unequal size', () => {
  expect(wasserstein([0, 1, 2], [5, 6, 7])).toBe(5);
  expect(wasserstein([0], [-1, 3])).toBe(2);
  // scipy.stats.wasserstein_distance([3, 1, 4, 1, 5], [9, 2, 6]) = 2.866...
  expect(wasserstein([3, 1, 4, 1, 5], [9, 2, 6])).toBeCloseTo(2.8666666666666667, 12);
  expect(wasserstein([2, 2], [2])).toBe(0);
});

test('of equal sizes, the mean gap of sorted values; never below the gap of means', () => {
  const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(values, values, (a, b) => {
      const [x, y] = [a, b].map((v) => [...v].sort((p, q) => p - q));
      const gap = mean(x.map((v, i) => Math.abs(v - y[i])));
      expect(wasserstein(a, b)).toBeCloseTo(gap, 8);
      expect(wasserstein(a, b)).toBeGreaterThanOrEqual(Math.abs(mean(a) - mean(b)) - 1e-9);
    }),
  );
});

test('nothing and what is not finite is refused', () => {
  expect(() => wasserstein([], [1])).toThrow(/0 and 1/);
  expect(() => wasserstein([Number.NaN], [1])).toThrow(/finite/);
});
