/** The figures a study is judged by, against `evaluateSets` and on sets whose answer is known. */
import { expect, test } from 'vitest';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { frameOf } from '../../src/evaluation/featureSet.ts';
import { setFeatures } from '../../src/evaluation/features.ts';
import { kid } from '../../src/evaluation/kid.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { HEADLINES, headlineFigures } from '../../src/study/headline.ts';
import { centredGrid, type Mask } from '../../src/volume/volume.ts';

/** A box of random size around the middle of a 16^3 grid, `wide` voxels more along x. */
function box(seed: number, index: number, wide = 0): Mask {
  const random = new RandomStream(seed, 'test/box', index);
  const half = [0, 1, 2].map((a) => 2 + random.uniform() * 3 + (a === 0 ? wide : 0));
  const grid = centredGrid([16, 16, 16], [2, 2, 2]);
  const data = new Uint8Array(16 ** 3);
  for (let k = 0, at = 0; k < 16; k++)
    for (let j = 0; j < 16; j++)
      for (let i = 0; i < 16; i++, at++)
        if ([i, j, k].every((v, a) => Math.abs(v - 7.5) < half[a])) data[at] = 1;
  return { ...grid, data };
}
const boxes = (seed: number, count: number, wide = 0): Mask[] =>
  Array.from({ length: count }, (_, i) => box(seed, i, wide));

const train = boxes(9, 24);
const options = {
  seed: 4,
  points: 128,
  chamfer: 8,
  resamples: 60,
  frame: frameOf(setFeatures(train)),
};

test('the values are those of evaluateSets, with other draws for other sizes', () => {
  const [real, fake] = [boxes(1, 12), boxes(2, 16, 1)];
  const ours = headlineFigures(real, fake, options);
  const { metrics } = evaluateSets(
    { real, train, fake },
    { seed: 4, points: 128, chamferCases: 8, allowOverlap: true },
  );
  for (const name of ['oneNnaSidedDice', 'mmdChamfer'])
    expect(ours[name].value, name).toBeCloseTo(metrics[name].value, 10);
  expect(Object.keys(ours)).toEqual(HEADLINES.map((h) => h.name));
  expect(ours.oneNnaSidedDice).toMatchObject({ cases: 12, trials: 24 });
  expect(ours.mmdChamfer.cases).toBe(8);
  for (const name of Object.keys(ours)) {
    expect(ours[name].halves).toHaveLength(60);
    expect(ours[name].halves.every(Number.isFinite), name).toBe(true);
  }
});

test('coverage is that of evaluateSets at equal sizes, and its halves keep the radii of the whole', () => {
  const [real, fake] = [boxes(1, 12), boxes(2, 12, 1)];
  const { value, halves } = headlineFigures(real, fake, options).coverageFeatures;
  const { metrics } = evaluateSets(
    { real, train, fake },
    { seed: 4, points: 64, chamferCases: 4, allowOverlap: true },
  );
  expect(value).toBeCloseTo(metrics.coverageFeatures.value, 10);
  // Half of the made ones cannot cover more than all; with the larger radii of half a set they could.
  expect(halves.reduce((a, b) => a + b, 0) / halves.length).toBeLessThanOrEqual(value);
  expect(() => headlineFigures(real.slice(0, 5), fake, options)).toThrow(/5-th neighbour/);
});

test('KID is that of the features in the frame of the training set', () => {
  const [real, fake] = [boxes(1, 12), boxes(2, 12, 2)];
  const ours = headlineFigures(real, fake, options).kidFeatures.value;
  expect(ours).toBeGreaterThan(0);
  const [x, y] = [real, fake].map((masks) => options.frame(setFeatures(masks)));
  expect(ours).toBeCloseTo(kid(x, y).value, 8);
});

test('a better set is better in every figure that can tell', () => {
  const real = boxes(1, 16);
  const [near, far] = [boxes(2, 16), boxes(2, 16, 3)].map((fake) => headlineFigures(real, fake, options));
  expect(Math.abs(near.oneNnaSidedDice.value - 0.5)).toBeLessThan(Math.abs(far.oneNnaSidedDice.value - 0.5));
  expect(near.mmdChamfer.value).toBeLessThan(far.mmdChamfer.value);
  expect(near.coverageFeatures.value).toBeGreaterThan(far.coverageFeatures.value);
  expect(near.kidFeatures.value).toBeLessThan(far.kidFeatures.value);
});
