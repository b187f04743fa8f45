import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { selfDistances } from '../../src/evaluation/distanceMatrix.ts';
import type { Features } from '../../src/evaluation/featureSet.ts';
import { diceDistance, packMask } from '../../src/evaluation/overlap.ts';
import { fitPca } from '../../src/evaluation/pca.ts';
import { signedDistanceFeatures } from '../../src/evaluation/signedDistance.ts';
import {
  featureVariances,
  meanSquaredPair,
  variationAlong,
  variationByDistance,
  variationByFeatures,
  variationByMode,
} from '../../src/evaluation/variation.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { boxMask, ellipsoid, featuresOf, normalFeatures } from './helpers.ts';

/** The set about its first member, each number scaled. */
const scaled = (set: Features, by: (k: number) => number): Features => ({
  ...set,
  values: set.values.map((v, at) => 5 + (v - 5) * by(at % set.dim)),
});

test('a set shrunk to 0.2 about a point has 4 % of the variation, along every axis and by distances', () => {
  const real = normalFeatures(1, 40, 6);
  const fake = scaled(real, () => 0.2);
  expect(variationByFeatures(fake, real)).toBeCloseTo(0.04, 5);
  const modes = variationAlong(fitPca(real), fake, real);
  for (const r of modes.ratios) expect(r).toBeCloseTo(0.04, 5);
  expect(modes.kept).toBeCloseTo(0.04, 5);
  expect(modes.axesKept).toBe(0);
  const rows = (set: Features) =>
    Array.from({ length: set.count }, (_, i) => set.values.subarray(6 * i, 6 * i + 6));
  const d = (p: Float32Array, q: Float32Array) => Math.hypot(...p.map((v, k) => v - q[k]));
  const [realReal, fakeFake] = [real, fake].map((s) => selfDistances(rows(s), d));
  expect(variationByDistance(fakeFake, realReal)).toBeCloseTo(0.04, 5);
  expect(meanSquaredPair(realReal) / 2).toBeCloseTo(
    featureVariances(real).reduce((p, q) => p + q),
    5,
  );
});

test('one axis lost and another exaggerated: the share hides it, the kept part does not', () => {
  const real = normalFeatures(2, 60, 2);
  const [a, b] = featureVariances(real);
  const fake = scaled(real, (k) => (k === 0 ? 0 : Math.sqrt((a + b) / b)));
  expect(variationByFeatures(fake, real)).toBeCloseTo(1, 5);
  const modes = variationByMode(fake, real);
  expect(modes.kept).toBeCloseTo(b / (a + b), 5);
  expect(modes.axesKept).toBe(1);
  expect(modes.ratios[0]).toBe(0);
});

test('Dice of pairs by hand: bars of 10 voxels shifted by 0, 2, 4', () => {
  const bars = (...shifts: number[]) =>
    selfDistances(
      shifts.map((s) => packMask(boxMask([20, 2, 2], [1, 1, 1], [s, 0, 0], [s + 9, 0, 0]).data)),
      diceDistance,
    );
  expect(meanSquaredPair(bars(0, 2, 4))).toBeCloseTo((0.04 + 0.04 + 0.16) / 3, 12);
  expect(variationByDistance(bars(0, 1), bars(0, 4))).toBeCloseTo(1 / 16, 12);
  expect(variationByDistance(bars(3, 3, 3), bars(0, 2, 4))).toBe(0);
});

test('shapes whose one measure varies: signed distance tells the ratio of its variances', () => {
  const random = new RandomStream(3, 'test/variation');
  const draw = Float64Array.from({ length: 24 }, () => random.between(-1, 1));
  const set = (amount: number) =>
    signedDistanceFeatures(
      Array.from(draw, (u) => {
        const r = 10 + amount * u;
        return ellipsoid([32, 32, 32], [1, 1, 1], [15.5, 15.5, 15.5], [r, r, r]);
      }),
    );
  const share = variationByFeatures(set(1.5), set(3));
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.3); // 0.25 but for the voxels
});

test('real copies, one case, distances across sets, other features', () => {
  const set = normalFeatures(1, 4, 2);
  expect(() => variationByFeatures(set, featuresOf([1, 1, 1, 1], 2))).toThrow(/without any variation/);
  expect(() => variationByFeatures(featuresOf([1, 1], 2), set)).toThrow(NumericsError);
  expect(() => variationByMode(set, normalFeatures(1, 4, 3))).toThrow(ShapeError);
  expect(() => meanSquaredPair({ rows: 2, columns: 3, values: new Float64Array(6) })).toThrow(ShapeError);
  expect(() => meanSquaredPair({ rows: 1, columns: 1, values: new Float64Array(1) })).toThrow(NumericsError);
});
