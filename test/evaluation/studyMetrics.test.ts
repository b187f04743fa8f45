import { expect, test } from 'vitest';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';
import { ellipsoid } from './helpers.ts';

const SIZE: Vec3 = [24, 22, 20];
const SPACING: Vec3 = [2, 2, 2.5];

/** Ellipsoids of random proportions; `spread` tells how random. */
function shapes(index: number, count: number, spread = 1): Mask[] {
  const random = new RandomStream(4, 'test/study-shapes', index);
  const axis = (middle: number) => middle + spread * random.between(-2.5, 2.5);
  return Array.from({ length: count }, () =>
    ellipsoid(SIZE, SPACING, [11.5, 10.5, 9.5], [axis(8), axis(7), axis(6)]),
  );
}
const options = { points: 100, chamferCases: 6, extended: true, emdCases: 4, allowOverlap: true };
const real = shapes(0, 16);
const train = shapes(1, 40);

const NAMES = [
  'kidFeatures fidFeatures pPrecisionFeatures pRecallFeatures kidShape fidShape pPrecisionShape pRecallShape',
  'precisionShape recallShape densityShape coverageShape variationDice variationShape variationKept axes90',
  'msSsim mmdEmd specificity generalisation',
].flatMap((line) => line.split(' '));

test('a perfect generator: every number there, near its reference, with an interval that holds the value', () => {
  const calls: [number, number][] = [];
  const onProgress = (done: number, total: number): void => void calls.push([done, total]);
  const { metrics, notes } = evaluateSets({ real, train, fake: shapes(2, 16) }, { ...options, onProgress });
  for (const name of NAMES) {
    expect(metrics[name], name).toBeDefined();
    const { value, low, high, reference } = metrics[name];
    expect(Number.isFinite(value) && Number.isFinite(reference), name).toBe(true);
    expect(low, name).toBeLessThanOrEqual(value);
    expect(high, name).toBeGreaterThanOrEqual(value);
  }
  expect(calls.at(-1)![0]).toBe(calls.at(-1)![1]);
  expect(calls).toHaveLength(calls[0][1]);
  expect(metrics.kidShape.low).toBeLessThan(0);
  for (const name of ['specificity', 'generalisation', 'mmdEmd', 'msSsim']) {
    expect(metrics[name].value / metrics[name].reference!).toBeGreaterThan(0.6);
    expect(metrics[name].value / metrics[name].reference!).toBeLessThan(1.6);
  }
  expect(metrics.variationShape.value).toBeGreaterThan(0.4);
  expect(metrics.variationKept.value).toBeGreaterThan(0.5);
  expect(notes[0]).toBe('Chamfer numbers compare 6 of each set');
  expect(notes.slice(1).every((note) => / with \d+ cases: /.test(note))).toBe(true);
  expect(notes.join()).toMatch(/fidFeatures with 16 cases: fewer cases than its 1024 features/);
});

test('a generator with a fifth of the spread: 4 % of the variation, high likeness, no recall, precise', () => {
  const { metrics } = evaluateSets({ real, train, fake: shapes(2, 16, 0.2) }, options);
  for (const name of ['variationDice', 'variationShape']) {
    expect(metrics[name].value).toBeGreaterThan(0.01);
    expect(metrics[name].value).toBeLessThan(0.15);
    expect(metrics[name].high).toBeLessThan(0.5);
  }
  expect(metrics.variationKept.value).toBeLessThan(0.15);
  expect(metrics.msSsim.value).toBeGreaterThan(metrics.msSsim.reference! + 0.1);
  expect(metrics.recallShape.value).toBeLessThan(0.3);
  expect(metrics.pRecallShape.value).toBeLessThan(0.5 * metrics.pRecallShape.reference!);
  expect(metrics.precisionShape.value).toBeGreaterThan(0.8);
  expect(metrics.fidShape.value).toBeGreaterThan(1.5 * metrics.fidShape.reference!);
  expect(metrics.specificity.value).toBeLessThan(metrics.generalisation.value);
});

test('a copier: specificity 0; shapes of another kind: KID and FID far from 0, precision 0', () => {
  const copier = evaluateSets({ real, train, fake: train.slice(0, 16) }, options).metrics;
  expect(copier.specificity).toMatchObject({ value: 0, low: 0, high: 0 });
  expect(copier.specificity.reference).toBeGreaterThan(0.1);
  const thin = shapes(2, 16).map((m) => ({ ...m, data: m.data.map((v, at) => (at % SIZE[0] < 12 ? v : 0)) }));
  const { metrics } = evaluateSets({ real, train, fake: thin }, options);
  expect(metrics.kidShape.low).toBeGreaterThan(0);
  expect(metrics.kidFeatures.low).toBeGreaterThan(0);
  expect(metrics.fidShape.value).toBeGreaterThan(10 * metrics.fidShape.reference!);
  expect(metrics.precisionShape.value).toBeLessThan(0.2);
});

test('few or equal training shapes, few cases: what cannot be said is left out, with a note', () => {
  const few = evaluateSets({ real: real.slice(0, 3), train: train.slice(0, 2), fake: shapes(2, 3) }, options);
  expect(few.notes.join('\n')).toMatch(/no shape space: 2 training/);
  expect(few.metrics.kidShape).toBeUndefined();
  expect(few.metrics.pRecallFeatures).toBeUndefined();
  expect(few.metrics.kidFeatures.low).toBeUndefined();
  expect(few.metrics.variationDice.reference).toBeUndefined();
  expect(few.metrics.specificity.n).toBe(3);
  const copies = Array.from({ length: 20 }, () => train[0]);
  expect(
    evaluateSets({ real, train: copies, fake: shapes(2, 16) }, options).metrics.kidShape,
  ).toBeUndefined();
  const alike = evaluateSets({ real: copies.slice(0, 6), train, fake: shapes(2, 6) }, options);
  expect(alike.notes.join('\n')).toMatch(/no variation/);
});
