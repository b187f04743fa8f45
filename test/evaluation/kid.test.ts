import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { kernelDiscrepancy, kernels, kid, subKernels } from '../../src/evaluation/kid.ts';
import { featuresOf, fixture, normalFeatures } from './helpers.ts';

test('numpy agrees on 23 against 31 in 5 dimensions', () => {
  const golden = fixture('kid');
  const got = kid(featuresOf(golden.real, golden.dim), featuresOf(golden.fake, golden.dim));
  expect(got.value).toBeCloseTo(golden.kid, 12);
  expect(got).toMatchObject({ subsets: 100, subsetSize: 11 });
});

test('by hand on a line: reals 0, 1, fakes 2, -1', () => {
  // k(0,1) = 1; k(2,-1) = (-1)^3 = -1; across: 1, 1, 27, 0.
  expect(kid(featuresOf([0, 1], 1), featuresOf([2, -1], 1)).value).toBeCloseTo(1 - 1 - (2 * 29) / 4, 12);
});

test('unbiased: the mean over 400 draws of small sets of one distribution is 0 within its error; a shift is seen', () => {
  const draws = Float64Array.from({ length: 400 }, (_, r) =>
    kernelDiscrepancy(kernels(normalFeatures(2 * r, 8, 4), normalFeatures(2 * r + 1, 6, 4))),
  );
  const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
  const error = Math.sqrt(draws.reduce((a, b) => a + (b - mean) ** 2, 0)) / draws.length;
  expect(Math.abs(mean)).toBeLessThan(3 * error);
  expect(draws.some((v) => v < 0)).toBe(true);
  const shifted = kid(normalFeatures(1, 60, 4), normalFeatures(2, 60, 4, 1, 0.7));
  expect(shifted.mean - 3 * shifted.deviation).toBeGreaterThan(0);
});

test('the expectation in closed form on a line: k = (xy + 1)^3 compares the first three moments', () => {
  // MMD^2 = sum_{d=1..3} C(3, d) (E x^d - E y^d)^2; standard normal against normal(1, 1): moments 0 1 0 and 1 2 4.
  const expected = 3 * 1 + 3 * 1 + 1 * 16;
  const got = kid(normalFeatures(5, 4000, 1), normalFeatures(6, 4000, 1, 1, 1), { subsets: 1 }, 0);
  expect(Math.abs(got.value / expected - 1)).toBeLessThan(0.15);
});

test('blocks and table agree; subsets are the same members; it can be repeated', () => {
  const real = normalFeatures(1, 530, 6);
  const fake = normalFeatures(2, 300, 6, 1.2);
  const options = { subsets: 4, seed: 3 };
  const table = kid(real, fake, options);
  const blocked = kid(real, fake, options, 0);
  expect(blocked.value).toBeCloseTo(table.value, 12);
  expect(blocked.mean).toBeCloseTo(table.mean, 12);
  expect(blocked.deviation).toBeCloseTo(table.deviation, 12);
  expect(kid(real, fake, options)).toEqual(table);
  expect(kid(real, fake, { ...options, seed: 4 }).mean).not.toBe(table.mean);
});

test('kernels of some members are the kernels of a set of those alone', () => {
  const all = kernels(normalFeatures(1, 9, 3), normalFeatures(2, 7, 3));
  const few = kernels(
    featuresOf(normalFeatures(1, 9, 3).values.subarray(3, 15), 3),
    featuresOf(normalFeatures(2, 7, 3).values.subarray(0, 9), 3),
  );
  expect(kernelDiscrepancy(subKernels(all, [1, 2, 3, 4], [0, 1, 2]))).toBeCloseTo(kernelDiscrepancy(few), 12);
});

test('one member, two kinds of features, NaN, half a subset', () => {
  const set = normalFeatures(1, 9, 3);
  expect(() => kid(set, normalFeatures(2, 1, 3))).toThrow(NumericsError);
  expect(() => kid(set, normalFeatures(2, 9, 2))).toThrow(ShapeError);
  expect(() => kid(set, featuresOf([1, Number.NaN, 1, 1, 1, 1], 3))).toThrow(/not finite/);
  expect(() => kid(set, set, { subsets: 0 })).toThrow(NumericsError);
  expect(() => kid(set, set, { subsetSize: 2.5 })).toThrow(NumericsError);
});
