/** U and Z by counting pairs, and against scipy. (The one-sided p-value: test/privacy/membership/rank.test.ts.) */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalTail } from '../../src/evaluation/normal.ts';
import { midranks, rankSum } from '../../src/evaluation/rankSum.ts';

test('equal values share the mean of their ranks', () => {
  expect([...midranks([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
});

describe('Mann-Whitney', () => {
  test('U is the count of pairs, ties a half; Z its standard score', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }),
        (a, b) => {
          let u = 0;
          for (const x of a) for (const y of b) u += x > y ? 1 : x === y ? 0.5 : 0;
          const all = [...a, ...b];
          const N = all.length;
          const ties = [...new Set(all)].reduce((s, v) => {
            const t = all.filter((w) => w === v).length;
            return s + t ** 3 - t;
          }, 0);
          const variance = ((a.length * b.length) / 12) * (N + 1 - ties / (N * (N - 1)));
          const z = variance > 1e-9 ? (u - (a.length * b.length) / 2) / Math.sqrt(variance) : 0;
          const found = rankSum(a, b);
          expect(found.u).toBe(u);
          expect(found.z).toBeCloseTo(z, 9);
        },
      ),
    );
  });

  test('a lower list has a negative Z and a small p', () => {
    const { z } = rankSum([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]);
    expect(z).toBeCloseTo(-2.882, 3); // scipy.stats.mannwhitneyu, no continuity
    expect(normalTail(-z)).toBeCloseTo(0.001976, 5);
    const equal = rankSum([1, 1], [1, 1]);
    expect([equal.u, equal.z, equal.above()]).toEqual([2, 0, 1]);
    expect(() => rankSum([], [1])).toThrow(/sets of 0 and 1/);
  });
});
