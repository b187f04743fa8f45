import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import type { Features } from '../../src/evaluation/featureSet.ts';
import { probabilisticPr } from '../../src/evaluation/probabilisticPr.ts';
import { featuresOf, normalFeatures } from './helpers.ts';

/** As the formulas read, with sorted lists. */
function bruteForce(
  real: Features,
  fake: Features,
  k: number,
  a: number,
): { precision: number; recall: number } {
  const rows = (s: Features) =>
    Array.from({ length: s.count }, (_, i) => [...s.values.subarray(i * s.dim, (i + 1) * s.dim)]);
  const d = (p: number[], q: number[]) => Math.hypot(...p.map((v, i) => v - q[i]));
  const radius = (set: number[][]) =>
    (a * set.reduce((sum, p) => sum + set.map((q) => d(p, q)).sort((x, y) => x - y)[k], 0)) / set.length;
  const within = (from: number[][], set: number[][]) => {
    const r = radius(set);
    const each = from.map((y) => 1 - set.reduce((prod, x) => prod * (1 - Math.max(0, 1 - d(x, y) / r)), 1));
    return each.reduce((p, q) => p + q) / from.length;
  };
  const [x, y] = [rows(real), rows(fake)];
  return { precision: within(y, x), recall: within(x, y) };
}

test('the formulas by brute force', () => {
  const real = normalFeatures(1, 80, 4);
  const fake = normalFeatures(2, 33, 4, 0.7, 0.6);
  for (const [neighbours, scale] of [
    [4, 1.2],
    [2, 1.5],
  ]) {
    const want = bruteForce(real, fake, neighbours, scale);
    const got = probabilisticPr(real, fake, { neighbours, scale });
    expect(got.precision).toBeCloseTo(want.precision, 12);
    expect(got.recall).toBeCloseTo(want.recall, 12);
    expect(want.precision).not.toBe(want.recall);
  }
});

test('by hand on a line, k = 1, a = 1', () => {
  // Reals 0, 1, 3: radii 1, 1, 2, R = 4/3. Fakes 0.5, 9: R = 8.5.
  const got = probabilisticPr(featuresOf([0, 1, 3], 1), featuresOf([0.5, 9], 1), { neighbours: 1, scale: 1 });
  expect(got.precision).toBeCloseTo((1 - (0.5 / (4 / 3)) ** 2) / 2, 12); // 0.5 is in two balls, 9 in none
  const missed = [0.5 / 8.5, (0.5 / 8.5) * (8 / 8.5), (2.5 / 8.5) * (6 / 8.5)];
  expect(got.recall).toBeCloseTo(missed.reduce((s, m) => s + 1 - m, 0) / 3, 12);
});

test('equal sets 1, far sets 0, a collapsed set: precise but of low recall; copies give no NaN', () => {
  const real = normalFeatures(1, 60, 3);
  expect(probabilisticPr(real, real)).toEqual({ precision: 1, recall: 1 });
  expect(probabilisticPr(real, normalFeatures(2, 60, 3, 1, 100))).toEqual({ precision: 0, recall: 0 });
  const collapsed = probabilisticPr(real, normalFeatures(2, 60, 3, 0.05));
  expect(collapsed.precision).toBeGreaterThan(0.95);
  expect(collapsed.recall).toBeLessThan(0.1);
  const copies = featuresOf([...real.values.subarray(0, 3), ...real.values.subarray(0, 3)], 3);
  expect(probabilisticPr(real, copies, { neighbours: 1 })).toEqual({ precision: 1, recall: 1 / 60 });
});

test('sets too small, features of two kinds, a scale of 0', () => {
  expect(() => probabilisticPr(normalFeatures(1, 4, 2), normalFeatures(2, 30, 2))).toThrow(NumericsError);
  expect(() => probabilisticPr(normalFeatures(1, 30, 2), normalFeatures(2, 30, 3))).toThrow(ShapeError);
  expect(() => probabilisticPr(normalFeatures(1, 30, 2), normalFeatures(2, 30, 2), { scale: 0 })).toThrow(
    /scale/,
  );
});
