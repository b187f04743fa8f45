import { expect, test } from 'vitest';
import { GridError, NumericsError, VolumeError } from '../../src/errors.ts';
import { signedDistance, signedDistanceFeatures } from '../../src/evaluation/signedDistance.ts';
import { maskOf } from './helpers.ts';

const half = (from: number) => maskOf([32, 32, 32], [1, 1, 1], (i) => i >= from);

test('a half space: distance to the first voxel of the other kind', () => {
  const d = signedDistance(maskOf([6, 2, 2], [2, 1, 1], (i) => i >= 3));
  expect([...d.subarray(0, 6)]).toEqual([6, 4, 2, -2, -4, -6]);
});

test('moving a wall by 1 mm changes the description by 1 mm where the distance is not clipped', () => {
  const clip = Math.hypot(32, 32, 32) / 16; // 3.46 mm
  const { values, count, dim } = signedDistanceFeatures([half(15), half(16)], { cells: 32 });
  expect([count, dim]).toEqual([2, 32 ** 3]);
  const row = (i: number) => {
    const d = i < 15 ? 15 - i : i - 14 === 0 ? 1 : -(i - 14);
    return Math.max(-clip, Math.min(clip, d));
  };
  for (let i = 0; i < 32; i++) expect(values[i] * Math.sqrt(dim)).toBeCloseTo(row(i), 4);
  let squared = 0;
  for (let k = 0; k < dim; k++) squared += (values[k] - values[dim + k]) ** 2;
  const rows = Array.from({ length: 32 }, (_, i) => (row(i) - row(i - 1)) ** 2);
  expect(squared).toBeCloseTo(rows.reduce((p, q) => p + q) / 32, 5);
});

test('boxes of whole voxels, at most 24 a side: 32 voxels make 16 boxes, the last of 25 is smaller', () => {
  expect(signedDistanceFeatures([half(9)]).dim).toBe(16 ** 3);
  const odd = maskOf([25, 24, 10], [1, 1, 1], (i) => i >= 9);
  const { dim, values } = signedDistanceFeatures([odd]);
  expect(dim).toBe(13 * 24 * 10);
  const clip = Math.hypot(25, 24, 10) / 16;
  const root = Math.sqrt(dim);
  expect(values[4] * root).toBeCloseTo((1 - 1) / 2, 5); // voxels 8 and 9: 1 and -1
  expect(values[12] * root).toBeCloseTo(-clip, 5);
});

test('empty or full, of two grids, one cell; none at all', () => {
  expect(() => signedDistance(half(32))).toThrow(VolumeError);
  expect(() => signedDistance(half(0))).toThrow(VolumeError);
  expect(() => signedDistanceFeatures([half(4), maskOf([31, 32, 32], [1, 1, 1], (i) => i > 3)])).toThrow(
    GridError,
  );
  expect(() => signedDistanceFeatures([half(4)], { cells: 1 })).toThrow(NumericsError);
  expect(signedDistanceFeatures([]).count).toBe(0);
});
