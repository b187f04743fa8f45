/** The interval of an AUC: never empty at the ends, and holding the truth as often as it says. */
import { expect, test } from 'vitest';
import { normalTail } from '../../../src/evaluation/normal.ts';
import { aucInterval } from '../../../src/privacy/membership/aucInterval.ts';
import { compareRanks } from '../../../src/privacy/membership/rank.ts';
import { normals } from './helpers.ts';

test('Newcombe: each end is as far as its own variance allows', () => {
  const [m, n] = [12, 30];
  const { low, high } = aucInterval(1, 0, m, n);
  expect(high).toBe(1);
  const big = (m + n) / 2 - 1;
  const variance = (low * (1 - low) * (1 + big * ((1 - low) / (2 - low) + low / (1 + low)))) / (m * n);
  expect(1 - low).toBeCloseTo(1.959964 * Math.sqrt(variance), 8);
  expect(aucInterval(0, 0, m, n).high).toBeCloseTo(1 - low, 12);
});

test.each([
  [0, 60, 45],
  [0, 160, 40],
  [1, 20, 20],
  [2.3, 15, 30],
])('normals %d apart, %d + %d: its interval holds the truth', (d, m, n) => {
  const truth = normalTail(-d / Math.SQRT2);
  const runs = 600;
  let held = 0;
  for (let r = 0; r < runs; r++) {
    const { auc, variance } = compareRanks(normals(m, d, 2 * r), normals(n, 0, 2 * r + 1));
    const { low, high } = aucInterval(auc, variance, m, n);
    if (low <= truth && truth <= high) held++;
  }
  // 0.95 less three deviations of 600 runs; and not everything is held.
  expect(held / runs).toBeGreaterThan(0.925);
  expect(held / runs).toBeLessThan(0.995);
});
