import { expect, test } from 'vitest';
import { normalTail } from '../../src/evaluation/normal.ts';
import { rankSum } from '../../src/evaluation/rankSum.ts';
import { cellCount, cellsOf, cellTest } from '../../src/privacy/cellTest.ts';
import type { Near } from '../../src/privacy/near.ts';
import { spaceFigures } from '../../src/privacy/spaceFigures.ts';
import { RandomStream } from '../../src/random/stream.ts';

/** Points of a plane near `train` points: the neighbours of each. */
function near(points: number[][], train: number[][], self = false): Near[] {
  return points.map((p, i) => {
    const all = train
      .map((t, index) => ({ index, d: Math.hypot(p[0] - t[0], p[1] - t[1]) }))
      .filter(({ index }) => !self || index !== i)
      .sort((a, b) => a.d - b.d);
    return { index: all[0].index, distances: all.slice(0, 4).map((n) => n.d) };
  });
}
function cloud(n: number, seed: number): number[][] {
  const random = new RandomStream(seed, 'test/cloud');
  return Array.from({ length: n }, () => [random.normal(), random.normal()]);
}
const train = cloud(200, 1);
const heldOut = near(cloud(60, 2), train);
const trainNear = near(train, train, true);
const figuresOf = (fake: Near[]) =>
  spaceFigures({ space: 'Plane', words: '' }, { fake, heldOut, train: trainNear }, new Uint8Array(200));

test('new points look like held-out ones', () => {
  const f = figuresOf(near(cloud(100, 3), train));
  for (const { p } of [f.ct, f.copyRate, f.authenticity, f.isolation]) expect(p).toBeGreaterThan(0.01);
  expect(f.copyRate.reference).toBeCloseTo(3 / 61, 12);
  expect(f.distance.real.min).toBeGreaterThan(0);
});

test('copies with a little noise show in every figure', () => {
  const random = new RandomStream(4, 'test/noise');
  const copies = train.slice(0, 100).map((p) => p.map((v) => v + 0.002 * random.normal()));
  const f = figuresOf(near(copies, train));
  expect(f.ct.z).toBeLessThan(-6);
  expect(f.copyRate.value).toBeGreaterThan(0.8);
  expect(f.authenticity.value).toBeGreaterThan(0.9);
  for (const { p } of [f.ct, f.copyRate, f.authenticity, f.isolation]) expect(p).toBeLessThan(1e-6);
});

test('shapes far from everything are no copies', () => {
  const f = figuresOf(
    near(
      cloud(100, 5).map(([x, y]) => [x + 8, y]),
      train,
    ),
  );
  expect(f.ct.z).toBeGreaterThan(6);
  for (const { p } of [f.ct, f.copyRate]) expect(p).toBeGreaterThan(0.99);
});

test('a correlation, where there is one, is what the copy rate is taken on', () => {
  const with_ = (list: Near[], correlation: number): Near[] => list.map((n) => ({ ...n, correlation }));
  const f = spaceFigures(
    { space: 'Latent', words: '' },
    { fake: with_(near(cloud(50, 6), train), 0.99), heldOut: with_(heldOut, 0.5), train: trainNear },
    new Uint8Array(200),
  );
  expect(f.copyRate.value).toBe(1);
});

test('C_T by cells finds copying in one region that blurred shapes elsewhere make up for', () => {
  const random = new RandomStream(7, 'test/cells');
  const cell = (shift: number, c: number, n: number) =>
    Array.from({ length: n }, () => ({ value: Math.abs(random.normal()) + shift, cell: c }));
  const reals = [...cell(1, 0, 40), ...cell(1, 1, 40)];
  const fakes = [...cell(0, 0, 40), ...cell(2, 1, 40)];
  const one = cellTest(
    fakes.map((f) => ({ ...f, cell: 0 })),
    reals.map((f) => ({ ...f, cell: 0 })),
  );
  expect(one).toMatchObject({ tested: 1, cells: 1 });
  const { z } = rankSum(
    fakes.map((f) => f.value),
    reals.map((f) => f.value),
  );
  expect(one).toMatchObject({ z, p: normalTail(-z) });
  const both = cellTest(fakes, reals);
  expect(both.tested).toBe(2);
  const weighted = [0, 1].map(
    (c) =>
      rankSum(
        fakes.filter((f) => f.cell === c).map((f) => f.value),
        reals.filter((f) => f.cell === c).map((f) => f.value),
      ).z / 2,
  );
  expect(both.z).toBeCloseTo(weighted[0] + weighted[1], 12);
});

test('cells too small to test are one', () => {
  const few = Array.from({ length: 12 }, (_, i) => ({ value: i, cell: i % 3 }));
  expect(cellTest(few, few)).toMatchObject({ tested: 1, cells: 1, z: 0 });
  expect(cellCount(100, 40)).toBe(1);
  expect(cellCount(1000, 200)).toBe(5);
});

test('cellsOf parts two clouds, and is the same for the same seed', () => {
  const rows = Float32Array.from([...cloud(30, 8), ...cloud(30, 9).map(([x, y]) => [x + 20, y])].flat());
  const cells = cellsOf(rows, 2, 2, 1);
  expect(new Set(cells.slice(0, 30)).size).toBe(1);
  expect(new Set(cells.slice(30)).size).toBe(1);
  expect(cells[0]).not.toBe(cells[59]);
  expect(cellsOf(rows, 2, 2, 1)).toEqual(cells);
  expect(new Set(cellsOf(rows, 2, 1, 1)).size).toBe(1);
});
