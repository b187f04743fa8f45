import { describe, expect, test } from 'vitest';
import { DatasetError, GridError, VolumeError } from '../../src/errors.ts';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import { findSharedCases, mirroredMask, sharedText } from '../../src/evaluation/sharedCases.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';
import { maskOf } from './helpers.ts';

const SIZE: Vec3 = [26, 24, 22];

/** Thin shells of random proportions and places, with a bump on one side: asymmetric, in 8 dimensions. */
function heads(index: number, count: number): Mask[] {
  const random = new RandomStream(9, 'test/heads', index);
  return Array.from({ length: count }, () => {
    const [x, y, z] = [12.5, 11.5, 10.5].map((c) => c + random.between(-1, 1));
    const [a, b, c] = [10, 9, 8].map((r) => r + random.between(-1.5, 1));
    const wall = random.between(0.12, 0.3);
    const bump = random.between(-0.5, 0.9);
    return maskOf(SIZE, [2, 2, 2], (i, j, k) => {
      const r = Math.hypot((i - x) / a, (j - y) / b, (k - z) / c);
      return r <= 1 + (i > x + 4 ? 0.15 * bump : 0) && r >= 1 - wall;
    });
  });
}
/** One voxel in `every` of the grid flipped beside the bone's own surface. */
function noisy(mask: Mask, every: number): Mask {
  const data = mask.data.slice();
  for (let at = 0; at < data.length; at += every) data[at] = 1 - data[at];
  return { ...mask, data };
}

const train = heads(0, 40);
const real = heads(1, 20);
const planted = (i: number, copy: Mask): Mask[] => real.map((mask, r) => (r === i ? copy : mask));

test('different heads share nothing, in sets of several draws', () => {
  for (let index = 1; index < 6; index++) {
    const { shared, limit } = findSharedCases(heads(index, 20), train);
    expect(shared).toEqual([]);
    expect(limit).toBeGreaterThan(0.02);
  }
});

test.each([
  ['the same voxels', train[7], { how: 'the same voxels', mirrored: false, distance: 0 }],
  ['a mirror image', mirroredMask(train[7]), { how: 'the same voxels', mirrored: true, distance: 0 }],
  ['a noisy copy', noisy(train[7], 260), { how: 'nearly the same voxels', mirrored: false }],
  [
    'a noisy mirror image',
    noisy(mirroredMask(train[7]), 260),
    { how: 'nearly the same voxels', mirrored: true },
  ],
])('%s of a training head is found, with its Dice', (_, copy, expected) => {
  const { shared, limit } = findSharedCases(planted(3, copy), train);
  expect(shared).toHaveLength(1);
  expect(shared[0]).toMatchObject({ real: 3, train: 7, ...expected });
  const other = expected.mirrored ? mirroredMask(train[7]) : train[7];
  expect(1 - shared[0].distance!).toBeCloseTo(diceOf(overlap(copy.data, other.data)), 12);
  expect(shared[0].distance).toBeLessThan(limit);
});

test('one subject on both sides is found by name; names of nobody are none', () => {
  const names = {
    real: { ids: real.map((_, i) => `r${i}`), subjects: real.map((_, i) => (i === 4 ? 'ann' : undefined)) },
    train: { subjects: train.map((_, i) => (i === 9 ? 'ann' : `s${i}`)) },
  };
  const found = findSharedCases(real, train, names);
  expect(found.shared).toEqual([{ real: 4, train: 9, how: 'the same subject', mirrored: false }]);
  expect(sharedText(found, names)).toBe('held-out r4 is training case 9: the same subject');
});

test('too few training heads calibrate nothing: only what is exactly the same is found', () => {
  const few = train.slice(0, 6);
  expect(findSharedCases(planted(0, noisy(few[2], 260)), few)).toEqual({ shared: [], limit: 0 });
  expect(findSharedCases(planted(0, few[2]), few).shared).toHaveLength(1);
});

describe('evaluateSets', () => {
  const fake = heads(2, 12);
  const options = { points: 64, chamferCases: 4 };

  test('refuses before any metric, naming the cases; evaluates and says so where that is allowed', () => {
    const names = {
      real: { ids: real.map((_, i) => `held-${i}`) },
      train: { ids: train.map((_, i) => `t-${i}`) },
    };
    const sets = { real: planted(3, train[7]), train, fake };
    let pairs = 0;
    const run = (more: object) =>
      evaluateSets(sets, { ...options, names, onProgress: () => pairs++, ...more });
    expect(() => run({})).toThrow(DatasetError);
    expect(() => run({})).toThrow(
      /1 held-out case was trained on: held-out held-3 is training t-7: the same voxels/,
    );
    expect(pairs).toBe(0);
    // The note goes into cards: it names no one.
    const notes = run({ allowOverlap: true }).notes.join();
    expect(notes).not.toContain('held-3');
    expect(notes).toMatch(/NOT HELD OUT: 1 of 20/);
    const all = { real: train.slice(0, 12), train, fake };
    expect(() => evaluateSets(all, options)).toThrow(/12 held-out cases were trained on.*and 4 more/s);
  });

  test('refuses grids that are no grids, masks that are all bone, and names them', () => {
    const broken = (change: Partial<Mask>) => [{ ...fake[0], ...change }, ...fake.slice(1)];
    const run = (made: Mask[]) => () => evaluateSets({ real, train, fake: made }, options);
    expect(run(broken({ spacing: [Number.NaN, 2, 2] }))).toThrow(GridError);
    expect(run(broken({ spacing: [0, 2, 2] }))).toThrow(/generated mask 0: .*spacing 0 x 2 x 2/);
    expect(run(broken({ data: fake[0].data.slice(1) }))).toThrow(/13727 voxels for 26x24x22/);
    expect(run(broken({ data: fake[0].data.map(() => 1) }))).toThrow(VolumeError);
    expect(run(broken({ data: fake[0].data.map(() => 1) }))).toThrow(/mask 0 is bone throughout/);
    const names = { fake: { ids: ['first'] } };
    expect(() =>
      evaluateSets({ real, train, fake: broken({ spacing: [1, 2, 2] }) }, { ...options, names }),
    ).toThrow(/generated mask 0 \(first\) on|generated mask 0 \(first\)/);
  });
});
