import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { type Features, pickRows, squaredTable, tabledDistances } from '../../src/evaluation/featureSet.ts';
import { prdc, prdcOfDistances } from '../../src/evaluation/prdc.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { fixture } from './helpers.ts';

const normal = (seed: number, count: number, dim: number, shift = 0): Features => ({
  values: new RandomStream(seed, 'test/prdc').fillNormal(new Float32Array(count * dim)).map((v) => v + shift),
  count,
  dim,
});
const line = (...values: number[]): Features => ({
  values: Float32Array.from(values),
  count: values.length,
  dim: 1,
});

test('numpy agrees on 70 against 55 in 6 dimensions', () => {
  const golden = fixture('sets');
  const set = (flat: number[]): Features => ({
    values: Float32Array.from(flat),
    count: flat.length / golden.dim,
    dim: golden.dim,
  });
  const got = prdc(set(golden.real), set(golden.fake));
  for (const [name, value] of Object.entries(golden.prdc))
    expect(got[name as keyof typeof got]).toBeCloseTo(value as number, 12);
});

test('two sets of one distribution: all four near one; coverage close to its expectation 1 - C(2n-k,n)/C(2n,n) ~ 1 - 2^-k', () => {
  const got = prdc(normal(1, 600, 8), normal(2, 600, 8));
  expect(got.density).toBeGreaterThan(0.9);
  expect(got.density).toBeLessThan(1.1);
  expect(got.coverage).toBeGreaterThan(1 - 2 ** -5 - 0.03);
  expect(got.coverage).toBeLessThan(1 - 2 ** -5 + 0.02);
  expect(Math.abs(got.precision - got.recall)).toBeLessThan(0.08);
});

test('by hand on a line, k = 1', () => {
  // Radii: reals 0, 1, 3 have 1, 1, 2; fakes 0.5, 2.5, 9 have 2, 2, 6.5.
  const got = prdc(line(0, 1, 3), line(0.5, 2.5, 9), { precisionNeighbours: 1, densityNeighbours: 1 });
  expect(got.precision).toBeCloseTo(2 / 3, 14); // 0.5 in the balls of 0 and 1, 2.5 in that of 3, 9 in none
  expect(got.recall).toBeCloseTo(1, 14); // 0 and 1 within 2 of 0.5; 3 within 2 of 2.5
  expect(got.density).toBeCloseTo(3 / 3, 14);
  expect(got.coverage).toBe(1);
});

test('the ball is open: a fake exactly at r_k is outside', () => {
  const got = prdc(line(0, 1, 2), line(-1, 3, 50), { precisionNeighbours: 1, densityNeighbours: 1 });
  expect([got.precision, got.density, got.coverage]).toEqual([0, 0, 0]);
});

test('far apart: all zero; fakes in one corner: precision without recall', () => {
  expect(prdc(normal(1, 30, 3), normal(2, 30, 3, 100))).toEqual({
    precision: 0,
    recall: 0,
    density: 0,
    coverage: 0,
  });
  const real = normal(1, 200, 2);
  const corner = normal(2, 200, 2);
  const collapsed = prdc(real, { ...corner, values: corner.values.map((v) => 0.05 * v) });
  expect(collapsed.precision).toBe(1);
  expect(collapsed.recall).toBeLessThan(0.1);
  expect(collapsed.coverage).toBeLessThan(0.2);
});

test('sets too small, features of two kinds, NaN', () => {
  expect(() => prdc(normal(1, 5, 2), normal(2, 30, 2))).toThrow(NumericsError);
  expect(() => prdc(normal(1, 30, 2), normal(2, 30, 3))).toThrow(ShapeError);
  expect(() => prdc({ ...normal(1, 30, 2), count: 29 }, normal(2, 30, 2))).toThrow(ShapeError);
  const bad = normal(1, 30, 2);
  bad.values[3] = Number.NaN;
  expect(() => prdc(bad, normal(2, 30, 2))).toThrow(/not finite/);
});

test('some members, by tables of distances: as of sets of those alone', () => {
  const [real, fake] = [normal(1, 40, 3), normal(2, 30, 3, 0.4)];
  const tables = {
    realReal: squaredTable(real, real),
    realFake: squaredTable(real, fake),
    fakeFake: squaredTable(fake, fake),
  };
  const [reals, fakes] = [new RandomStream(1, 'a').permutation(40).slice(0, 20), [3, 5, 7, 9, 11, 2, 0, 29]];
  expect(prdcOfDistances(tabledDistances(tables, reals, fakes))).toEqual(
    prdc(pickRows(real, reals), pickRows(fake, fakes)),
  );
});

test('two standard normal sets: within four deviations of what numpy found over 60 draws of its own', () => {
  const { count, dim, draws, mean, deviation } = fixture('normalPrdc');
  const got = prdc(normal(3, count, dim), normal(4, count, dim), {
    precisionNeighbours: 5,
    densityNeighbours: 5,
  });
  for (const key of ['precision', 'recall', 'density', 'coverage'] as const)
    expect(Math.abs(got[key] - mean[key])).toBeLessThan(4 * deviation[key] * Math.sqrt(1 + 1 / draws));
});
