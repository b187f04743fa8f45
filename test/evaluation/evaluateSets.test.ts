import { describe, expect, test } from 'vitest';
import { GridError, NumericsError, VolumeError } from '../../src/errors.ts';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';
import { ellipsoid } from './helpers.ts';

const SIZE: Vec3 = [24, 22, 20];
const SPACING: Vec3 = [2, 2, 2.5];

/** Ellipsoids of random proportions; `spread` 0 makes them all one. */
function shapes(index: number, count: number, spread = 1, scale = 1): Mask[] {
  const random = new RandomStream(4, 'test/shapes', index);
  const axis = (middle: number) => scale * (middle + spread * random.between(-2.5, 2.5));
  return Array.from({ length: count }, () =>
    ellipsoid(SIZE, SPACING, [11.5, 10.5, 9.5], [axis(8), axis(7), axis(6)]),
  );
}
const options = { points: 200 };
const real = shapes(0, 16);
const train = shapes(1, 30);

describe('what it says of', () => {
  test('a perfect generator: near the references throughout', () => {
    const { metrics, nearestTraining, counts, notes } = evaluateSets(
      { real, train, fake: shapes(2, 16) },
      options,
    );
    expect(counts).toEqual({ real: 16, train: 30, fake: 16, emptyFake: 0 });
    expect(notes).toEqual([
      'no draws of real shapes as a floor: 30 training shapes, 32 are needed; verdicts rest on shuffled labels alone',
    ]);
    for (const name of ['oneNnaDice', 'oneNnaChamfer'])
      expect(Math.abs(metrics[name].value - 0.5)).toBeLessThan(0.25);
    expect(metrics.coverageDice.value).toBeGreaterThan(0.4);
    expect(metrics.fakeToTrainDice.value / metrics.fakeToTrainDice.reference!).toBeGreaterThan(0.7);
    expect(metrics.fakeToTrainDice.value / metrics.fakeToTrainDice.reference!).toBeLessThan(1.4);
    expect(nearestTraining.ratio).toBeCloseTo(
      metrics.fakeToTrainDice.value / metrics.fakeToTrainDice.reference!,
      12,
    );
    expect(metrics.components).toMatchObject({ value: 1, low: 1, high: 1, reference: 1 });
    expect(metrics.largestShare.value).toBe(1);
    expect(metrics.precisionFeatures.value).toBeGreaterThan(0.6);
    expect(metrics.coverageFeatures.value).toBeGreaterThan(0.6);
  });

  test('a copier: at distance 0 from training, found out by the comparison with held-out reals', () => {
    const { metrics, nearestTraining } = evaluateSets({ real, train, fake: train.slice(0, 16) }, options);
    expect(metrics.fakeToTrainDice.value).toBe(0);
    expect(metrics.fakeToTrainDice.reference).toBeGreaterThan(0.02);
    expect(nearestTraining).toMatchObject({ ratio: 0, shareBelowReal05: 1 });
    const { metrics: ofReal } = evaluateSets({ real, train, fake: real }, options);
    expect([
      ofReal.oneNnaDice.value,
      ofReal.oneNnaChamfer.value,
      ofReal.mmdChamfer.value,
      ofReal.coverageDice.value,
    ]).toEqual([0, 0, 0, 1]);
  });

  test('a collapsed generator: told apart, low coverage', () => {
    const { metrics } = evaluateSets({ real, train, fake: shapes(2, 16, 0.02) }, options);
    expect(metrics.oneNnaDice.value).toBeGreaterThan(0.7);
    expect(metrics.coverageDice.value).toBeLessThan(0.3);
    expect(metrics.recallFeatures.value).toBeLessThan(0.3);
  });

  test('shapes too small: the volume in cm^3 against the real one, in closed form', () => {
    const { metrics } = evaluateSets({ real, train, fake: shapes(2, 16, 0, 0.8) }, options);
    const cm3 = ((4 / 3) * Math.PI * (8 * 2) * (7 * 2) * (6 * 2.5) * 0.8 ** 3) / 1000;
    expect(metrics.volumeCm3.value / cm3).toBeGreaterThan(0.97);
    expect(metrics.volumeCm3.value / cm3).toBeLessThan(1.03);
    expect(metrics.volumeCm3.reference).toBeGreaterThan(1.5 * cm3);
  });

  test('broken shapes: pieces and the share of the largest', () => {
    const fake = shapes(2, 8).map((mask) => {
      const data = mask.data.slice();
      data[0] = 1; // a speck in the corner
      return { ...mask, data };
    });
    const { metrics } = evaluateSets({ real, train, fake }, options);
    expect(metrics.components).toMatchObject({ value: 2, reference: 1 });
    expect(metrics.largestShare.value).toBeLessThan(1);
  });
});

test('it can be repeated, is plain JSON, reports progress to the end, and says what it drew', () => {
  const sets = { real, train, fake: shapes(2, 24) };
  const calls: [number, number][] = [];
  const result = evaluateSets(sets, {
    ...options,
    chamferCases: 6,
    onProgress: (done, total) => calls.push([done, total]),
  });
  expect(evaluateSets(sets, { ...options, chamferCases: 6 })).toEqual(result);
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  expect(calls.at(-1)![0]).toBe(calls.at(-1)![1]);
  expect(calls.length).toBe(calls[0][1]);
  expect(result.notes).toEqual([
    '1-NNA and coverage compare 16 drawn from 16 real and 24 generated',
    'Chamfer numbers compare 6 of each set',
    'no draws of real shapes as a floor: 30 training shapes, 32 are needed; verdicts rest on shuffled labels alone',
    'oneNnaChamfer with 6 cases: steps of 1 / (2 n) are wide and real sets score anywhere from 0.2 to 0.8',
    'oneNnaSidedChamfer with 6 cases: chance alone puts it above 0.6',
    'coverageChamfer with 6 cases: it moves in steps of 1 / n',
    'mmdChamfer with 6 cases: the mean and its interval hang on single shapes',
  ]);
  expect(result.metrics.oneNnaChamfer.n).toBe(6);
  expect(result.metrics.fakeToTrainDice.n).toBe(24);
});

test('few cases: no features, no reference, and it says so', () => {
  const { metrics, notes } = evaluateSets(
    { real: real.slice(0, 3), train: train.slice(0, 2), fake: shapes(2, 3) },
    options,
  );
  expect(metrics.precisionFeatures).toBeUndefined();
  expect(metrics.oneNnaDice.reference).toBeUndefined();
  expect(notes.join('\n')).toMatch(/no reference.*2 training shapes, 3 are needed.*more than 5/s);
});

describe('bad sets', () => {
  const empty = (mask: Mask): Mask => ({ ...mask, data: new Uint8Array(mask.data.length) });

  test('empty generated masks are counted and left out; too few left is an error', () => {
    const fake = shapes(2, 8);
    fake[3] = empty(fake[3]);
    const { metrics, counts, notes } = evaluateSets({ real, train, fake }, options);
    expect(counts).toMatchObject({ fake: 8, emptyFake: 1 });
    expect(metrics.emptyShare.value).toBe(1 / 8);
    expect(metrics.volumeCm3.n).toBe(7);
    expect(notes[0]).toMatch(/1 empty generated/);
    expect(() => evaluateSets({ real, train, fake: fake.map(empty) }, options)).toThrow(
      /8 of 8 generated masks are empty/,
    );
  });

  test('too few, of two grids, or empty real ones', () => {
    const fake = shapes(2, 8);
    expect(() => evaluateSets({ real: real.slice(0, 1), train, fake })).toThrow(NumericsError);
    expect(() => evaluateSets({ real, train: [], fake })).toThrow(NumericsError);
    expect(() => evaluateSets({ real, train, fake: [] })).toThrow(NumericsError);
    expect(() => evaluateSets({ real, train, fake: [fake[0], { ...fake[1], spacing: [1, 1, 1] }] })).toThrow(
      GridError,
    );
    expect(() => evaluateSets({ real: [real[0], empty(real[1])], train, fake })).toThrow(VolumeError);
    expect(() => evaluateSets({ real, train: [empty(real[1])], fake })).toThrow(/training mask 0 is empty/);
  });
});
