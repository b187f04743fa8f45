import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { distributionNumbers } from '../../src/evaluation/distributionNumbers.ts';
import { type Features, pickRows } from '../../src/evaluation/featureSet.ts';
import { kid } from '../../src/evaluation/kid.ts';
import { prdc } from '../../src/evaluation/prdc.ts';
import { probabilisticPr } from '../../src/evaluation/probabilisticPr.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { featuresOf, fixture, normalFeatures } from './helpers.ts';

const few = { subsets: 7, subsetSize: 60, seed: 3, threads: 1 };

/** Compares the way by tiles with the plain functions: PRDC to the last bit, sums in float32 to `digits`. */
async function agrees(real: Features, fake: Features, tile: number, digits = 6): Promise<void> {
  const got = await distributionNumbers(real, fake, few, tile);
  expect(got.prdc).toEqual(prdc(real, fake));
  const shared = probabilisticPr(real, fake);
  expect(got.probabilisticPr.precision).toBeCloseTo(shared.precision, digits);
  expect(got.probabilisticPr.recall).toBeCloseTo(shared.recall, digits);
  const plain = kid(real, fake, few);
  const size = Math.abs(plain.value) + plain.deviation;
  for (const key of ['value', 'mean', 'deviation'] as const)
    expect(Math.abs(got.kid[key] - plain[key])).toBeLessThan(1e-5 * size);
  expect(got.kid).toMatchObject({ subsets: 7, subsetSize: 60 });
}

test('tiles and plain functions agree: sizes that fill no tile, one tile, far from 0, tiny and huge numbers', async () => {
  const [real, fake] = [normalFeatures(1, 331, 24), normalFeatures(2, 250, 24, 0.9, 0.2)];
  await agrees(real, fake, 100);
  await agrees(real, fake, 1024);
  const moved = (set: Features, scale: number, shift: number): Features => ({
    ...set,
    values: set.values.map((v) => scale * v + shift),
  });
  await agrees(moved(real, 1, 1000), moved(fake, 1, 1000), 128);
  for (const scale of [1e-18, 1e12]) {
    const got = await distributionNumbers(moved(real, scale, 0), moved(fake, scale, 0), few, 128);
    expect(got.prdc).toEqual(prdc(moved(real, scale, 0), moved(fake, scale, 0)));
  }
});

test('1300 features: rows in two chunks', () =>
  agrees(normalFeatures(1, 150, 1300), normalFeatures(2, 130, 1300), 64));

test('what float32 cannot tell apart is measured again: copies, clusters far apart, whole numbers full of ties', async () => {
  const real = normalFeatures(1, 140, 6);
  const copies = pickRows(
    real,
    Array.from({ length: 130 }, (_, i) => (i < 60 ? i : (3 * i) % 140)),
  );
  await agrees(real, copies, 64);
  const cluster = (set: Features): Features => ({
    ...set,
    values: set.values.map((v, at) => 1e-3 * v + (Math.floor(at / set.dim) % 2 === 0 ? 50 : -50)),
  });
  await agrees(cluster(normalFeatures(3, 160, 6)), cluster(normalFeatures(4, 150, 6)), 64);
  const random = new RandomStream(5, 'test/ties');
  const whole = (count: number) =>
    featuresOf(
      Array.from({ length: 3 * count }, () => random.integer(4)),
      3,
    );
  await agrees(whole(200), whole(170), 64);
  const same = featuresOf(new Array(300).fill(2), 2);
  expect((await distributionNumbers(same, same, few, 64)).prdc).toEqual(prdc(same, same));
});

test('numpy agrees on 70 against 55, by tiles', async () => {
  const golden = fixture('sets');
  const got = await distributionNumbers(
    featuresOf(golden.real, golden.dim),
    featuresOf(golden.fake, golden.dim),
    few,
    32,
  );
  for (const [name, value] of Object.entries(golden.prdc))
    expect(got.prdc[name as keyof typeof got.prdc]).toBeCloseTo(value as number, 12);
});

test('small sets take the plain functions; a draw of some; threads change nothing', async () => {
  const [real, fake] = [normalFeatures(1, 90, 5), normalFeatures(2, 80, 5)];
  const small = await distributionNumbers(real, fake, few);
  expect(small.kid).toEqual(kid(real, fake, few));
  expect(small.counts).toEqual({ real: 90, fake: 80 });
  const drawn = await distributionNumbers(real, fake, { ...few, most: 50 });
  expect(drawn.counts).toEqual({ real: 50, fake: 50 });
  expect(drawn).toEqual(await distributionNumbers(real, fake, { ...few, most: 50 }));
  const seen: number[] = [];
  const onTile = (done: number, total: number) => seen.push(done / total);
  const one = await distributionNumbers(real, fake, { ...few, onTile }, 32);
  expect(one).toEqual(await distributionNumbers(real, fake, { ...few, threads: 3 }, 32));
  expect(seen.length).toBe(6 + 6 + 9);
  expect(seen.at(-1)).toBe(1);
});

test('sets too small, features of two kinds, NaN, options without sense', async () => {
  const set = normalFeatures(1, 30, 3);
  await expect(distributionNumbers(normalFeatures(2, 5, 3), set)).rejects.toThrow(NumericsError);
  await expect(distributionNumbers(set, normalFeatures(2, 30, 2))).rejects.toThrow(ShapeError);
  await expect(distributionNumbers(set, { ...set, values: set.values.fill(NaN, 4, 5) })).rejects.toThrow(
    /finite/,
  );
  for (const bad of [{ subsets: 0 }, { neighbours: 1.5 }, { scale: 0 }, { most: 1 }, { subsetSize: 1 }])
    await expect(distributionNumbers(set, set, bad)).rejects.toThrow(/at least 1/);
  await expect(
    distributionNumbers(normalFeatures(1, 30, 3), normalFeatures(2, 30, 3), { most: 5 }),
  ).rejects.toThrow(/6/);
});
