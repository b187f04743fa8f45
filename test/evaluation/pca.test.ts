import { describe, expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { type Features, totalVariance } from '../../src/evaluation/featureSet.ts';
import { axesFor, compactness, firstAxes, fitPca, project, residuals } from '../../src/evaluation/pca.ts';
import { featuresOf, normalFeatures } from './helpers.ts';

/** Normal rows with the given deviation of each number. */
function spread(seed: number, count: number, deviations: number[]): Features {
  const dim = deviations.length;
  const set = normalFeatures(seed, count, dim);
  return { ...set, values: set.values.map((v, at) => v * deviations[at % dim] + 1) };
}

for (const [name, count] of [
  ['more members than features', 30],
  ['fewer members than features', 5],
] as const)
  describe(name, () => {
    const set = spread(1, count, [5, 4, 3, 2, 1, 0.5, 0.2]);
    const pca = fitPca(set);

    test('axes of length 1 at right angles; variances fall and add up', () => {
      const { axes, variances, total } = pca;
      expect(axes.count).toBe(Math.min(count - 1, 7));
      for (let a = 0; a < axes.count; a++)
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let k = 0; k < 7; k++) dot += axes.values[a * 7 + k] * axes.values[b * 7 + k];
          expect(dot).toBeCloseTo(a === b ? 1 : 0, 5);
        }
      for (let a = 1; a < axes.count; a++) expect(variances[a]).toBeLessThanOrEqual(variances[a - 1]);
      expect(total).toBeCloseTo(totalVariance(set), 4);
      expect(variances.reduce((p, q) => p + q)).toBeCloseTo(total, 4);
    });

    test('coordinates have the variances of the axes, no correlation and, with all axes, nothing is left over', () => {
      const { values, dim } = project(pca, set);
      for (let a = 0; a < dim; a++)
        for (let b = 0; b <= a; b++) {
          let sum = 0;
          for (let i = 0; i < count; i++) sum += values[i * dim + a] * values[i * dim + b];
          expect(sum / (count - 1)).toBeCloseTo(a === b ? pca.variances[a] : 0, 3);
        }
      for (const r of residuals(pca, set)) expect(r).toBeLessThan(1e-2);
    });
  });

test('a known axis: points along (3, 4) / 5', () => {
  const pca = fitPca(featuresOf([-3, -4, 0, 0, 3, 4, 0, 0], 2));
  expect(pca.axes.count).toBe(1);
  expect(Math.abs(pca.axes.values[0])).toBeCloseTo(0.6, 6);
  expect(pca.variances[0]).toBeCloseTo(50 / 3, 6);
  expect(residuals(pca, featuresOf([4, -3, 3, 4], 2))[0]).toBeCloseTo(5, 5);
  expect(Math.abs(project(pca, featuresOf([6, 8], 2)).values[0])).toBeCloseTo(10, 5);
});

test('compactness: shares of 9, 4, 1 in 14; axes for a share', () => {
  const pca = fitPca(featuresOf([3, 0, 0, -3, 0, 0, 0, 2, 0, 0, -2, 0, 0, 0, 1, 0, 0, -1], 3));
  const shares = [...compactness(pca)];
  expect(shares[0]).toBeCloseTo(9 / 14, 6);
  expect(shares[1]).toBeCloseTo(13 / 14, 6);
  expect(shares[2]).toBeCloseTo(1, 6);
  expect([0.5, 9 / 14 - 1e-6, 0.7, 0.99, 1].map((s) => axesFor(pca, s))).toEqual([1, 1, 2, 3, 3]);
  const first = fitPca(featuresOf([3, 0, 0, -3, 0, 0, 0, 2, 0, 0, -2, 0, 0, 0, 1, 0, 0, -1], 3), 1);
  expect(first.axes.count).toBe(1);
  expect(firstAxes(pca, 1)).toEqual(first);
  expect(firstAxes(pca, 9)).toEqual(pca);
  expect(axesFor(first, 0.9)).toBe(1);
  expect(compactness(first)[0]).toBeCloseTo(9 / 14, 6);
});

test('copies, one member, other features', () => {
  expect(() => fitPca(featuresOf([1, 2, 1, 2, 1, 2], 2))).toThrow(/all alike/);
  expect(() => fitPca(featuresOf([1, 2], 2))).toThrow(NumericsError);
  expect(() => project(fitPca(normalFeatures(1, 5, 3)), normalFeatures(1, 5, 2))).toThrow(ShapeError);
});
