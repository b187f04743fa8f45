import { describe, expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../../src/errors.ts';
import { evaluateSets } from '../../../src/evaluation/evaluateSets.ts';
import type { Features } from '../../../src/evaluation/featureSet.ts';
import { setFeatures } from '../../../src/evaluation/features.ts';
import {
  constantFeatures,
  type DescribedSpace,
  describeSets,
  prepareSpaces,
} from '../../../src/evaluation/spaces/describedSpace.ts';
import { plainSpace } from '../../../src/evaluation/spaces/plain.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { Mask, Vec3 } from '../../../src/volume/volume.ts';
import { ellipsoid, featuresOf, normalFeatures } from '../helpers.ts';

const SIZE: Vec3 = [20, 18, 16];

/** Ellipsoids of random proportions. */
function shapes(index: number, count: number, scale = 1): Mask[] {
  const random = new RandomStream(4, 'test/spaceShapes', index);
  const axis = (middle: number) => scale * (middle + random.between(-2, 2));
  return Array.from({ length: count }, () =>
    ellipsoid(SIZE, [2, 2, 2], [9.5, 8.5, 7.5], [axis(6.5), axis(6), axis(5)]),
  );
}
const real = shapes(0, 12);
const train = shapes(1, 36);
const empty: Mask = { ...real[0], data: new Uint8Array(real[0].data.length) };
const sets = { real, train, fake: [empty, ...shapes(2, 12, 0.93)] };
const options = { points: 60, emdCases: 2, chamferCases: 4 };

test('the plain features as a space of one’s own give the very numbers of the built-in plain space', async () => {
  let told = 0;
  const space = { ...plainSpace(), name: 'Again' };
  const described = await describeSets(space, sets, () => told++);
  expect(told).toBe(12 + 12 + 36);
  expect(described.real).toEqual(setFeatures(real));
  const { metrics, notes } = evaluateSets(sets, { ...options, extended: true, spaces: [described] });
  // KID and its kin draw in one order in both; precision and its kin take all references and their own halves.
  const alike = (name: string, ...keys: ('value' | 'low' | 'high' | 'reference')[]) => {
    const [own, known] = [metrics[`${name}Again`], metrics[`${name}Features`]];
    for (const key of keys)
      expect(Math.abs(own[key]! - known[key]!), `${name} ${key}`).toBeLessThan(
        2e-4 * Math.abs(known[key]!) + 1e-6,
      );
    expect(own.meaning).toContain('plain shape features');
  };
  for (const name of ['kid', 'fid', 'pPrecision', 'pRecall'])
    alike(name, 'value', 'low', 'high', 'reference');
  for (const name of ['precision', 'recall', 'density', 'coverage']) alike(name, 'value');
  expect(metrics.kidAgain.value).toBeGreaterThan(2 * Math.abs(metrics.kidAgain.reference!));
  // The corners of the grid are outside of every ellipsoid.
  expect(notes.join('\n')).toMatch(/space Again: \d+ of 1024 features are the same in every shape/);
  const plain = evaluateSets(sets, { ...options });
  expect(Object.keys(plain.metrics).filter((name) => name.endsWith('Again'))).toEqual([]);
});

test('a row depends on its mask alone', async () => {
  const all = await plainSpace().describe(real);
  const some = await plainSpace().describe([real[7], real[2]]);
  expect(some.values.subarray(0, 1024)).toEqual(all.values.subarray(7 * 1024, 8 * 1024));
  expect(some.values.subarray(1024)).toEqual(all.values.subarray(2 * 1024, 3 * 1024));
});

describe('features that do not vary', () => {
  const draws = {
    real: Uint32Array.of(1, 0, 2),
    fake: Uint32Array.of(0, 1, 2),
    train: undefined,
    counts: { real: 3, fake: 3, train: 4 },
  };
  /** The same numbers with constant ones put in. */
  const withConstants = ({ values, count, dim }: Features, odd = 5): Features => {
    const wide = new Float32Array(count * (dim + 2));
    for (let i = 0; i < count; i++) {
      wide[i * (dim + 2)] = 5;
      wide.set(values.subarray(i * dim, (i + 1) * dim), i * (dim + 2) + 1);
      wide[i * (dim + 2) + dim + 1] = odd;
    }
    return { values: wide, count, dim: dim + 2 };
  };
  const base = { name: 'Test', words: 'test features' };
  const plain = {
    real: normalFeatures(1, 3, 4),
    fake: normalFeatures(2, 3, 4),
    train: normalFeatures(3, 4, 4),
  };

  test('are left out, named, and change nothing', () => {
    const space = {
      ...base,
      real: withConstants(plain.real),
      fake: withConstants(plain.fake),
      train: withConstants(plain.train),
    };
    const [dropped] = prepareSpaces([space], draws);
    const [kept] = prepareSpaces([{ ...base, ...plain }], draws);
    expect(dropped.notes).toEqual([
      'space Test: 2 of 6 features are the same in every shape and left out (0, 5)',
    ]);
    expect(dropped.real).toEqual(kept.real);
    expect(dropped.fake).toEqual(kept.fake);
    expect(kept.notes).toEqual([]);
    // Rows in the order of the draw.
    expect(kept.real.values[4] - kept.real.values[0]).toBeCloseTo(
      (plain.real.values[0] - plain.real.values[4]) * ratio(kept.real, plain.real),
      5,
    );
  });

  /** How much the frame stretched. */
  const ratio = (framed: Features, raw: Features): number =>
    (framed.values[8] - framed.values[0]) / (raw.values[8] - raw.values[4]);

  test('but differ in a generated shape stay: it is odd', () => {
    const fake = withConstants(plain.fake, 7);
    const space = { ...base, real: withConstants(plain.real), fake, train: withConstants(plain.train) };
    expect(prepareSpaces([space], draws)[0].notes[0]).toMatch(/1 of 6 .*\(0\)/);
  });

  test('a space without any that vary is refused', () => {
    const same = (count: number) => featuresOf(new Float32Array(count * 2).fill(3), 2);
    const dead = { ...base, real: same(3), fake: same(3), train: same(4) };
    expect(() => prepareSpaces([dead], draws)).toThrow(NumericsError);
    expect(() => prepareSpaces([dead], draws)).toThrow(/all 2 features are the same in every shape/);
    const deadTrain = { ...base, ...plain, train: featuresOf(new Float32Array(16), 4) };
    expect(() => prepareSpaces([deadTrain], draws)).toThrow(/same in each of 4 training shapes/);
  });

  test('constantFeatures looks at all sets, up to rounding', () => {
    const a = featuresOf([1, 2, 3, 1, 2, 4], 3);
    const b = featuresOf([1 + 1e-7, 2.1, 3], 3);
    expect(constantFeatures([a])).toEqual([0, 1]);
    expect(constantFeatures([a, b])).toEqual([0]);
  });
});

describe('what does not belong together', () => {
  const described = (change: Partial<DescribedSpace>): DescribedSpace => ({
    name: 'Test',
    words: 'test features',
    real: normalFeatures(1, 12, 3),
    fake: normalFeatures(2, 12, 3),
    train: normalFeatures(3, 36, 3),
    ...change,
  });
  const refused = (...changes: Partial<DescribedSpace>[]) => {
    return () => evaluateSets(sets, { ...options, spaces: changes.map(described) });
  };

  test('is refused before anything is compared', () => {
    const pairs: number[] = [];
    const onProgress = (done: number) => pairs.push(done);
    const spaces = [described({ fake: normalFeatures(2, 11, 3) })];
    expect(() => evaluateSets(sets, { ...options, spaces, onProgress })).toThrow(ShapeError);
    expect(() => evaluateSets(sets, { ...options, spaces, onProgress })).toThrow(
      /11 rows for 12 fake shapes[\s\S]*that has bone/,
    );
    expect(pairs).toEqual([]);
  });

  test.each([
    ['another size', { fake: normalFeatures(2, 12, 4) }, ShapeError, /features of 3 numbers/],
    [
      'no number',
      { train: featuresOf(new Float32Array(108).fill(Number.NaN), 3) },
      NumericsError,
      /not finite/,
    ],
    ['a name that is taken', { name: 'Shape' }, NumericsError, /"Shape", which another has/],
    ['a name of no letters', { name: 'my space' }, NumericsError, /named "my space"/],
  ])('%s', (_, change, kind, words) => {
    expect(refused(change)).toThrow(kind);
    expect(refused(change)).toThrow(words);
  });

  test('two spaces of one name', () => expect(refused({}, {})).toThrow(/"Test", which another has/));
});
