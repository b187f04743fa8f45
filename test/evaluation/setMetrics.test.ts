import { describe, expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { crossDistances, selfDistances } from '../../src/evaluation/distanceMatrix.ts';
import {
  coverageShare,
  minimumMatchingDistance,
  nearestNeighbourAccuracy,
  nearestNeighbourShares,
  twoSidedAccuracy,
} from '../../src/evaluation/setMetrics.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { fixture } from './helpers.ts';

const euclid = (p: readonly number[], q: readonly number[]) => Math.hypot(...p.map((v, i) => v - q[i]));
const accuracy = (real: number[][], fake: number[][]) =>
  nearestNeighbourAccuracy(
    selfDistances(real, euclid),
    crossDistances(real, fake, euclid),
    selfDistances(fake, euclid),
  );
const normals = (seed: number, n: number, shift = 0) =>
  Array.from({ length: n }, (_, i) => {
    const random = new RandomStream(seed, 'test/sets', i);
    return [random.normal() + shift, random.normal(), random.normal()];
  });

test('numpy agrees on 70 against 55', () => {
  const { real, fake, dim, oneNna, cov, mmd } = fixture('sets');
  const rows = (flat: number[]) =>
    Array.from({ length: flat.length / dim }, (_, i) => flat.slice(i * dim, (i + 1) * dim));
  const cross = crossDistances(rows(real), rows(fake), euclid);
  expect(accuracy(rows(real), rows(fake))).toBeCloseTo(oneNna, 12);
  expect(coverageShare(cross)).toBeCloseTo(cov, 12);
  expect(minimumMatchingDistance(cross)).toBeCloseTo(mmd, 12);
});

test('scattered rubbish fools 1-NNA, not its two sides', () => {
  const real = normals(1, 40);
  // Each its own way: pieces lie farther from each other than from the reals.
  const rubbish = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 43 }, (_, k) => (k === i + 3 ? 100 : 0)),
  );
  const wide = (p: number[]) => [...p, ...new Array(40).fill(0)];
  const tables = [
    selfDistances(real.map(wide), euclid),
    crossDistances(real.map(wide), rubbish, euclid),
    selfDistances(rubbish, euclid),
  ] as const;
  expect(nearestNeighbourShares(...tables)).toEqual({ real: 1, fake: 0 });
  expect(nearestNeighbourAccuracy(...tables)).toBe(0.5);
  expect(twoSidedAccuracy(...tables)).toBe(1);
  const alike = [real, normals(2, 40)];
  const two = twoSidedAccuracy(
    selfDistances(alike[0], euclid),
    crossDistances(alike[0], alike[1], euclid),
    selfDistances(alike[1], euclid),
  );
  expect(two).toBeGreaterThanOrEqual(0.5);
  expect(two).toBeLessThan(0.62);
});

describe('1-NNA', () => {
  test('far apart: 1; copies: 0; alike: near one half', () => {
    expect(accuracy(normals(1, 20), normals(2, 20, 100))).toBe(1);
    const real = normals(1, 20);
    expect(
      accuracy(
        real,
        real.map((p) => [...p]),
      ),
    ).toBe(0);
    const alike = Array.from({ length: 40 }, (_, s) => accuracy(normals(2 * s, 50), normals(2 * s + 1, 50)));
    expect(Math.abs(alike.reduce((a, b) => a + b) / 40 - 0.5)).toBeLessThan(0.03);
  });

  test('a constructed line: 0 and 1 real, 1.5 and 10 fake', () => {
    // 0 -> 1 (own), 1 -> 1.5 (other), 1.5 -> 1 (other), 10 -> 1.5 (own): 2 of 4.
    expect(accuracy([[0], [1]], [[1.5], [10]])).toBe(0.5);
  });

  test('ties count by share and in either order: one point four times', () => {
    expect(accuracy([[0], [0]], [[0], [0]])).toBeCloseTo(1 / 3, 14); // one own among three equals
    expect(accuracy([[0], [2]], [[1], [9]])).toBe(accuracy([[1], [9]], [[0], [2]]));
  });

  test('mode collapse: fakes all alike are told apart', () => {
    expect(
      accuracy(
        normals(1, 30),
        Array.from({ length: 30 }, (_, i) => [i * 1e-6, 0, 0]),
      ),
    ).toBeGreaterThan(0.9);
  });
});

test('coverage and MMD on a line: fakes near one real only', () => {
  const cross = crossDistances([[0], [10], [20]], [[1], [-1], [2]], euclid);
  expect(coverageShare(cross)).toBeCloseTo(1 / 3, 14);
  expect(minimumMatchingDistance(cross)).toBeCloseTo((1 + 8 + 18) / 3, 14);
  expect(coverageShare(crossDistances([[0], [10]], [[9], [1]], euclid))).toBe(1);
});

test('sets too small, matrices that do not belong together', () => {
  expect(() => accuracy([[0]], [[1], [2]])).toThrow(NumericsError);
  expect(() => accuracy([[0], [1]], [[1]])).toThrow(NumericsError);
  expect(() => coverageShare({ rows: 2, columns: 0, values: new Float64Array(0) })).toThrow(NumericsError);
  const two = selfDistances([[0], [1]], euclid);
  expect(() =>
    nearestNeighbourAccuracy(two, crossDistances([[0], [1], [2]], [[1], [2]], euclid), two),
  ).toThrow(ShapeError);
});
