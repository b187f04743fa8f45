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

/** 2 x 2 row by row: R(angle) diag(p, q) R(angle)^T. */
function covarianceOf(angle: number, p: number, q: number): [number, number, number, number] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const off = c * s * (p - q);
  return [c * c * p + s * s * q, off, off, s * s * p + c * c * q];
}

/** Closed form in two dimensions, covariances that need not commute: Tr (S T)^1/2 = sqrt(Tr(S T) + 2 sqrt(det S det T)). */
function frechetInThePlane(shift: number[], s: number[], t: number[]): number {
  const product = s[0] * t[0] + s[1] * t[2] + s[2] * t[1] + s[3] * t[3];
  const det = (m: number[]) => m[0] * m[3] - m[1] * m[2];
  const root = Math.sqrt(product + 2 * Math.sqrt(Math.max(0, det(s) * det(t))));
  return shift[0] ** 2 + shift[1] ** 2 + s[0] + s[3] + t[0] + t[3] - 2 * root;
}

test('covariances that do not commute, in closed form; samples approach it; of equal ones it stands above 0 by 1 / n', () => {
  const cases: [number, number, number, number, number, number][] = [
    [0.3, 9, 1, 1.2, 4, 25],
    [0, 1, 100, Math.PI / 2, 1, 100],
    [0.7, 5, 0, -0.4, 3, 2], // one of them singular
  ];
  for (const [u, p, q, v, r, w] of cases) {
    const [s, t] = [covarianceOf(u, p, q), covarianceOf(v, r, w)];
    const expected = frechetInThePlane([1, -2], s, t);
    expect(frechetOfGaussians([1, 0], s, [0, 2], t)).toBeCloseTo(expected, 6);
  }
  const [s, t] = [covarianceOf(0.3, 9, 1), covarianceOf(1.2, 4, 25)];
  const sample = (seed: number, count: number, angle: number, p: number, q: number, shift: number[]) => {
    const z = normalFeatures(seed, count, 2).values;
    const [c, n] = [Math.cos(angle), Math.sin(angle)];
    return featuresOf(
      Array.from({ length: count }, (_, i) => {
        const [a, b] = [Math.sqrt(p) * z[2 * i], Math.sqrt(q) * z[2 * i + 1]];
        return [c * a - n * b + shift[0], n * a + c * b + shift[1]];
      }).flat(),
      2,
    );
  };
  const expected = frechetInThePlane([1, -2], s, t);
  for (const count of [1000, 100000]) {
    const [x, y] = [sample(1, count, 0.3, 9, 1, [1, 0]), sample(2, count, 1.2, 4, 25, [0, 2])];
    // Deviation about 2 |shift| sqrt(largest variance / n): 0.7 at 1000, 0.07 at 100,000; four of them.
    const error = Math.abs(frechetDistance(x, y) - expected);
    expect(error).toBeLessThan(4 * 2 * Math.sqrt(5) * Math.sqrt(25 / count));
  }
  // Equal distributions: above 0 by the bias of small sets, falling as 1 / n.
  const bias = (count: number) =>
    Array.from({ length: 30 }, (_, r) =>
      frechetDistance(normalFeatures(10 + 2 * r, count, 4), normalFeatures(11 + 2 * r, count, 4)),
    ).reduce((a, b) => a + b) / 30;
  const [few, many] = [bias(50), bias(500)];
  expect(many).toBeGreaterThan(0);
  expect(few / many).toBeGreaterThan(7);
  expect(few / many).toBeLessThan(14);
});
