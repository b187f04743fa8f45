import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { pickRows } from '../../src/evaluation/featureSet.ts';
import { covariance, frechetDistance, frechetOfGaussians } from '../../src/evaluation/fid.ts';
import { featuresOf, fixture, normalFeatures } from './helpers.ts';

test("scipy's matrix root agrees: two sets, two given Gaussians", () => {
  const golden = fixture('fid');
  const real = featuresOf(golden.real, golden.dim);
  const fake = featuresOf(golden.fake, golden.dim);
  expect(frechetDistance(real, fake)).toBeCloseTo(golden.fid, 9);
  expect(frechetDistance(fake, real)).toBeCloseTo(golden.fid, 9);
  const { meanA, covA, meanB, covB, frechet } = golden.gaussians;
  expect(frechetOfGaussians(meanA, covA, meanB, covB)).toBeCloseTo(frechet, 9);
});

test('diagonal covariances in closed form: |a - b|^2 + sum (s_i - t_i)^2', () => {
  const got = frechetOfGaussians(
    [1, 2, 3],
    [4, 0, 0, 0, 9, 0, 0, 0, 0],
    [0, 2, 5],
    [1, 0, 0, 0, 16, 0, 0, 0, 4],
  );
  expect(got).toBeCloseTo(1 + 4 + (2 - 1) ** 2 + (3 - 4) ** 2 + (0 - 2) ** 2, 10);
});

test('commuting covariances: the same in turned axes', () => {
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
  const turned = (p: number, q: number) => {
    const off = c * s * (p - q);
    return [c * c * p + s * s * q, off, off, s * s * p + c * c * q];
  };
  expect(frechetOfGaussians([0, 0], turned(9, 1), [0, 0], turned(4, 25))).toBeCloseTo(1 + 16, 10);
  expect(frechetOfGaussians([0, 0], turned(9, 1), [0, 0], turned(9, 1))).toBeCloseTo(0, 10);
});

test('fewer members than features: as by covariances; as in the space the members span', () => {
  const real = normalFeatures(1, 6, 15);
  const fake = normalFeatures(2, 9, 15, 0.5, 0.3);
  const mean = (set: typeof real) =>
    Array.from({ length: 15 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < set.count; i++) sum += set.values[i * 15 + k];
      return sum / set.count;
    });
  const full = frechetOfGaussians(mean(real), covariance(real), mean(fake), covariance(fake));
  expect(frechetDistance(real, fake)).toBeCloseTo(full, 5);
  // Two members each: one axis a set, so the trace of the root is |u.v|.
  const x = featuresOf([0, 0, 0, 2, 0, 0], 3); // S = 2 e1 e1^T
  const y = featuresOf([0, 0, 0, 3, 4, 0], 3); // S = 12.5 u u^T, u = (.6, .8, 0)
  const expected = 0.5 ** 2 + 2 ** 2 + 2 + 12.5 - 2 * Math.sqrt(2 * 12.5) * 0.6;
  expect(frechetDistance(x, y)).toBeCloseTo(expected, 6);
});

test('a set against itself, shuffled: 0; shifted: the squared shift; scaled: the closed form', () => {
  const set = normalFeatures(4, 12, 40);
  const shuffled = pickRows(set, [3, 1, 2, 0, 11, 10, 9, 8, 7, 6, 5, 4]);
  expect(frechetDistance(set, shuffled)).toBeLessThan(1e-4);
  const shifted = { ...set, values: set.values.map((v) => v + 0.5) };
  expect(frechetDistance(set, shifted)).toBeCloseTo(40 * 0.25, 3);
  const many = normalFeatures(5, 20000, 3);
  const wide = normalFeatures(6, 20000, 3, 2, 1);
  expect(Math.abs(frechetDistance(many, wide) - (3 + 3))).toBeLessThan(0.26); // four deviations;
});

test('sets without any variance: the squared distance of their places', () => {
  expect(frechetDistance(featuresOf([1, 1, 1, 1], 2), featuresOf([4, 5, 4, 5, 4, 5], 2))).toBeCloseTo(25, 10);
});

test('no covariance, sizes that differ, NaN, one member', () => {
  expect(() => frechetOfGaussians([0, 0], [1, 0, 0, 1], [0], [1])).toThrow(ShapeError);
  expect(() => frechetOfGaussians([0, 0], [1, 0, 0], [0, 0], [1, 0, 0, 1])).toThrow(ShapeError);
  expect(() => frechetOfGaussians([0, 0], [1, 2, 0, 1], [0, 0], [1, 0, 0, 1])).toThrow(/symmetric/);
  expect(() => frechetOfGaussians([0, 0], [1, 0, 0, -1], [0, 0], [1, 0, 0, 1])).toThrow(/eigenvalue -1/);
  expect(() => frechetOfGaussians([0, 0], [1, 0, 0, 1], [0, 0], [1, 0, 0, -1])).toThrow(/second/);
  expect(() => frechetOfGaussians([0, Number.NaN], [1, 0, 0, 1], [0, 0], [1, 0, 0, 1])).toThrow(
    NumericsError,
  );
  expect(() => frechetDistance(featuresOf([1, 2], 2), featuresOf([1, 2, 3, 4], 2))).toThrow(NumericsError);
});
