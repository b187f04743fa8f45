import { expect, test } from 'vitest';
import { GridError, NumericsError } from '../../src/errors.ts';
import { badness, ComparisonTable, compareSets } from '../../src/evaluation/compareSets.ts';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { mean } from '../../src/evaluation/statistics.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';
import { ellipsoid } from './helpers.ts';

const SIZE: Vec3 = [24, 22, 20];

function shapes(index: number, count: number, spread = 1): Mask[] {
  const random = new RandomStream(4, 'test/compared', index);
  const axis = (middle: number) => middle + spread * random.between(-2.5, 2.5);
  return Array.from({ length: count }, () =>
    ellipsoid(SIZE, [2, 2, 2.5], [11.5, 10.5, 9.5], [axis(8), axis(7), axis(6)]),
  );
}
const real = shapes(0, 14);
const train = shapes(1, 30);
const options = { points: 64, chamferCases: 8, emdCases: 6, extended: true, allowOverlap: true };

test('badness: less is better whatever the figure', () => {
  expect([badness(2, 'lower'), badness(2, 'higher'), badness(0.2, 'near 0.5')]).toEqual([2, -2, 0.3]);
  expect([badness(1.5, 'near 1'), badness(5, 'near reference', 7)]).toEqual([0.5, 2]);
});

test('values are those of each set alone; a better set is told, by an interval above 0 and a small p', () => {
  const [a, b] = [shapes(2, 14), shapes(3, 14, 0.15)];
  const calls: [number, number][] = [];
  const found = compareSets(
    { real, train, a, b },
    { ...options, onProgress: (done, total) => calls.push([done, total]) },
  );
  expect(calls.at(-1)![0]).toBe(calls.at(-1)![1]);
  expect(calls).toHaveLength(calls[0][1]);
  const [ofA, ofB] = [a, b].map((fake) =>
    evaluateSets({ real, train, fake }, { ...options, verdicts: true }),
  );
  expect(Object.keys(found.metrics).sort()).toEqual(Object.keys(ofA.metrics).sort());
  for (const [name, m] of Object.entries(found.metrics)) {
    expect(m.a.value, name).toBeCloseTo(ofA.metrics[name].value, 8);
    expect(m.b.value, name).toBeCloseTo(ofB.metrics[name].value, 8);
    if (m.advantage.low === undefined) expect(m.noInterval, name).toBeDefined();
    else {
      expect(m.advantage.low, name).toBeLessThanOrEqual(m.advantage.value);
      expect(m.advantage.high, name).toBeGreaterThanOrEqual(m.advantage.value);
    }
    expect(m.p).toBeGreaterThan(0);
  }
  for (const name of ['realToFakeDice', 'pRecallShape', 'recallFeatures']) {
    expect(found.metrics[name].better, name).toBe('A');
    expect(found.metrics[name].advantage.low, name).toBeGreaterThan(0);
  }
  // Seen from the other side.
  const mirrored = compareSets({ real, train, a: b, b: a }, { ...options, extended: false });
  expect(mirrored.metrics.recallFeatures.better).toBe('B');
  expect(mirrored.metrics.recallFeatures.advantage.value).toBeCloseTo(
    -found.metrics.recallFeatures.advantage.value,
    8,
  );
  expect(compareSets({ real, train, a: b, b: a }, { ...options, extended: false })).toEqual(mirrored);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});

test('two sets of one distribution: p is uniform, whatever the figure asks', () => {
  const RUNS = 80;
  const ps = { mean: [] as number[], ideal: [] as number[], nearest: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    const random = new RandomStream(run, 'test/compare-null');
    const values = random.fillNormal(new Float64Array(24));
    const distances = random.fillNormal(new Float64Array(6 * 24)).map(Math.abs);
    const table = new ComparisonTable(run);
    table.addMean('a', values, { better: 'lower', meaning: '' });
    table.addMean('b', values, { better: 'near reference', reference: 0.3, meaning: '' });
    table.addNearest('c', { rows: 6, columns: 24, values: distances }, { better: 'lower', meaning: '' });
    ps.mean.push(table.metrics.a.p);
    ps.ideal.push(table.metrics.b.p);
    ps.nearest.push(table.metrics.c.p);
  }
  for (const [name, values] of Object.entries(ps))
    for (const level of [0.05, 0.25, 0.5, 0.75])
      expect(
        Math.abs(values.filter((p) => p <= level).length / RUNS - level),
        `${name} ${level}`,
      ).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / RUNS));
});

test('an interval of the advantage covers the truth', () => {
  const RUNS = 80;
  let covered = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = new RandomStream(run, 'test/compare-cover');
    // A is lower by 0.5.
    const values = Float64Array.from({ length: 40 }, (_, i) => random.normal() + (i % 2 === 0 ? 0 : 0.5));
    const table = new ComparisonTable(run);
    table.addMean('a', values, { better: 'lower', meaning: '' });
    const { low, high } = table.metrics.a.advantage;
    if (low! <= 0.5 && 0.5 <= high!) covered++;
  }
  expect(covered / RUNS).toBeGreaterThan(0.87);
  expect(covered / RUNS).toBeLessThanOrEqual(1);
});

test('sets of unequal size, empty masks, and sets that cannot be compared', () => {
  const empty = { ...real[0], data: new Uint8Array(real[0].data.length) };
  const quick = { ...options, extended: false };
  const found = compareSets({ real, train, a: [...shapes(2, 12), empty, empty], b: shapes(3, 9) }, quick);
  expect(found.counts).toMatchObject({ a: 14, b: 9, compared: 9, emptyA: 2, emptyB: 0 });
  expect(found.notes.join()).toMatch(/2 empty masks of A.*9 of the 12 of A are compared/);
  expect(found.metrics.emptyShare.a.value).toBeCloseTo(2 / 14, 12);
  expect(found.metrics.emptyShare).toMatchObject({ b: { value: 0 }, better: 'cannot tell' });
  expect(found.metrics.volumeCm3.n).toBe(9);
  expect(Number.isFinite(mean([found.metrics.oneNnaDice.a.value]))).toBe(true);
  const other = shapes(3, 9).map((m) => ({ ...m, spacing: [1, 1, 1] as const }));
  expect(() => compareSets({ real, train, a: shapes(2, 9), b: other }, quick)).toThrow(GridError);
  expect(() => compareSets({ real, train, a: shapes(2, 9), b: other }, quick)).toThrow(/set B/);
  expect(() => compareSets({ real, train, a: [], b: other }, quick)).toThrow(NumericsError);
  expect(() => compareSets({ real, train, a: [], b: other }, quick)).toThrow(/set A: 0 generated/);
});
