import { expect, test } from 'vitest';
import { asymmetry } from '../../../src/evaluation/plausibility/asymmetry.ts';
import { surfaceVoxels } from '../../../src/evaluation/surfaceDistance.ts';
import type { Mask } from '../../../src/volume/volume.ts';
import { boxMask, ellipsoid, maskOf } from '../helpers.ts';

test('symmetric bone has none, wherever it lies and however thick voxels are', () => {
  for (const x of [9, 9.5, 11, 7.5])
    expect(asymmetry(ellipsoid([20, 18, 16], [0.7, 1, 2], [x, 9, 8], [5, 6, 5]))).toEqual({
      distance: 0,
      plane: x,
    });
});

test('a box with a plate on one side, in closed form', () => {
  // 40 voxels long in x, with a plate of 4 x 4 voxels, 5 high, on one end of its top.
  const box = boxMask([60, 12, 24], [2, 2, 2], [10, 4, 4], [49, 7, 10]);
  const bump = maskOf(
    [60, 12, 24],
    [2, 2, 2],
    (i, j, k) => i >= 14 && i <= 17 && j >= 4 && j <= 7 && k >= 11 && k <= 15,
  );
  const both: Mask = { ...box, data: box.data.map((v, at) => v | bump.data[at]) };
  const { distance, plane } = asymmetry(both);
  expect(plane).toBe(29.5);
  // Off the mirror image lie the plate's voxels, each as high as it is above the top, and of the plain top opposite the
  // 4 x 2 that the mirrored plate takes from the surface, a voxel each.
  const surface = surfaceVoxels(both.data, both.size);
  let sum = 4 * 2 * 2;
  for (const at of surface) sum += 2 * Math.max(0, Math.floor(at / (60 * 12)) - 10);
  expect(distance).toBeCloseTo(sum / surface.length, 6);
});

test('the mirror image is as asymmetric; a plane beyond the grid is bounded, empty masks refused', () => {
  const odd = maskOf([24, 20, 18], [1, 1, 1], (i, j, k) => i + j + k < 16 || (i > 18 && j > 14));
  const data = odd.data.slice();
  for (let row = 0; row < data.length; row += 24) data.subarray(row, row + 24).reverse();
  const there = asymmetry(odd).distance;
  expect(there).toBeGreaterThan(0.3);
  expect(asymmetry({ ...odd, data }).distance).toBeCloseTo(there, 6);
  expect(() => asymmetry({ ...odd, data: new Uint8Array(data.length) })).toThrow(/empty/);
});
