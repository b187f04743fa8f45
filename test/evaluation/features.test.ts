import { expect, test } from 'vitest';
import { GridError, VolumeError } from '../../src/errors.ts';
import { setFeatures, shapeFeatures } from '../../src/evaluation/features.ts';
import { boxMask, ellipsoid } from './helpers.ts';

const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, i) => v - b[i]));

test('a half space: occupancies 1 and 0, distances of a plane in closed form', () => {
  // 16 voxels of 2 mm a side, bone where i < 8: the centre of column i is 2 (i - 7) mm from the last bone voxel.
  const f = shapeFeatures(boxMask([16, 16, 16], [2, 2, 2], [0, 0, 0], [7, 15, 15]), { cells: 4 });
  expect([...f.subarray(0, 4)]).toEqual([1, 1, 0, 0]);
  const clip = Math.hypot(32, 32, 32) / 8; // 6.93 mm
  const mean = (...mm: number[]) =>
    Math.fround(mm.reduce((s, v) => s + Math.max(-clip, Math.min(clip, v)), 0) / 4 / clip);
  const expected = [mean(-16, -14, -12, -10), mean(-8, -6, -4, -2), mean(2, 4, 6, 8), mean(10, 12, 14, 16)];
  for (let i = 0; i < 4; i++) expect(f[64 + i]).toBeCloseTo(expected[i], 6);
  expect([...f.subarray(64, 68)]).toEqual([...f.subarray(124, 128)]); // every row alike
});

test('the distance between descriptions grows with a shift and with a change of size', () => {
  const at = (x: number, r: number) =>
    shapeFeatures(ellipsoid([32, 30, 28], [1, 1.2, 0.9], [x, 15, 14], [r, 8, 7]));
  const here = at(15, 8);
  expect(distance(here, at(15, 8))).toBe(0);
  const shifts = [16, 17, 19, 22].map((x) => distance(here, at(x, 8)));
  const sizes = [9, 10, 12].map((r) => distance(here, at(15, r)));
  for (const list of [shifts, sizes]) expect(list).toEqual([...list].sort((a, b) => a - b));
  expect(shifts[0]).toBeGreaterThan(0);
});

test('the size of the voxels does not matter, only proportions: mouse and man alike', () => {
  const large = shapeFeatures(ellipsoid([24, 24, 24], [2, 2, 2], [12, 12, 12], [7, 6, 5]));
  const small = shapeFeatures(ellipsoid([24, 24, 24], [0.125, 0.125, 0.125], [12, 12, 12], [7, 6, 5]));
  expect(distance(large, small)).toBeLessThan(1e-5);
});

test('empty, full, too small, and sets of two grids', () => {
  const box = (high: number) => boxMask([16, 16, 16], [1, 1, 1], [0, 0, 0], [high, 15, 15]);
  expect(() => shapeFeatures(box(-1))).toThrow(VolumeError);
  expect(() => shapeFeatures(box(15))).toThrow(/4096 of 4096/);
  expect(() => shapeFeatures(box(3), { cells: 17 })).toThrow(VolumeError);
  expect(setFeatures([box(3), box(4)], { cells: 2 })).toMatchObject({ count: 2, dim: 16 });
  expect(() => setFeatures([box(3), { ...box(3), spacing: [2, 1, 1] }])).toThrow(GridError);
});
