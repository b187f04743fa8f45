/** AUC, DeLong's variance and Mann-Whitney against scipy, brute force and closed forms. */
import { describe, expect, test } from 'vitest';
import { NumericsError } from '../../../src/errors.ts';
import { normalTail } from '../../../src/evaluation/normal.ts';
import { aucOf, compareRanks } from '../../../src/privacy/membership/rank.ts';
import { choices, fixture, normals } from './helpers.ts';

describe.each(fixture.rank.map((f) => ({ size: `${f.members.length} + ${f.others.length}`, ...f })))(
  '$size',
  (f) => {
    const found = compareRanks(f.members, f.others);
    test('AUC and variance as DeLong defines them', () => {
      expect(found.auc).toBeCloseTo(f.auc, 12);
      expect(aucOf(Float64Array.from(f.members), Float64Array.from(f.others))).toBeCloseTo(f.auc, 12);
      expect(found.variance).toBeCloseTo(f.variance, 12);
    });
    test('the p-value is that of scipy', () => {
      expect(Math.abs(found.pValue / f.pValue - 1)).toBeLessThan(1e-9);
    });
  },
);

test('two normals d apart have an AUC of Phi(d / sqrt 2)', () => {
  for (const d of [0, 0.5, 1.5, 3]) {
    const { auc, variance } = compareRanks(normals(4000, d, 1), normals(4000, 0, 2));
    expect(Math.abs(auc - normalTail(-d / Math.SQRT2))).toBeLessThan(3 * Math.sqrt(variance));
  }
});

test('the exact p-value counts arrangements', () => {
  // All ways 3 members can stand among 7.
  const value = (places: number[]) => {
    const others = [0, 1, 2, 3, 4, 5, 6].filter((p) => !places.includes(p));
    return compareRanks(places, others);
  };
  const all = choices(7, 3).map(value);
  for (const { auc, pValue } of all)
    expect(pValue).toBeCloseTo(all.filter((other) => other.auc >= auc - 1e-9).length / all.length, 12);
});

test('two or more finite scores are asked for', () => {
  expect(() => compareRanks([1], [1, 2])).toThrow(NumericsError);
  expect(() => compareRanks([1, 2], [1, Number.NaN])).toThrow(/NaN among the non-members/);
});

test('equal scores everywhere say nothing', () => {
  expect(compareRanks([1, 1, 1], [1, 1])).toEqual({ auc: 0.5, variance: 0, pValue: 1 });
});
