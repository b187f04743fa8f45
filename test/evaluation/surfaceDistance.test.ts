import { expect, test } from 'vitest';
import { GridError, VolumeError } from '../../src/errors.ts';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import {
  assd,
  hd95DirectedMax,
  hd95Pooled,
  surfaceDice,
  surfaceDistances,
  surfaceVoxels,
} from '../../src/evaluation/surfaceDistance.ts';
import { centredGrid, type Mask, type Vec3 } from '../../src/volume/volume.ts';
import { boxMask, fixture, maskOf } from './helpers.ts';

test('scipy agrees on two blobs with anisotropic spacing', () => {
  const golden = fixture('surface');
  const grid = centredGrid(golden.size, golden.spacing);
  const [a, b] = [golden.a, golden.b].map((text: string) => ({
    ...grid,
    data: Uint8Array.from(text, Number),
  }));
  const d = surfaceDistances(a, b);
  expect([d.aToB.length, d.bToA.length]).toEqual(golden.surfaceVoxels);
  expect(hd95Pooled(d)).toBeCloseTo(golden.hd95Pooled, 6);
  expect(hd95DirectedMax(d)).toBeCloseTo(golden.hd95DirectedMax, 6);
  expect(assd(d)).toBeCloseTo(golden.assd, 6);
  for (const [tolerance, share] of Object.entries(golden.surfaceDice))
    expect(surfaceDice(d, Number(tolerance))).toBeCloseTo(share as number, 12);
});

test('two plates one voxel thick, m apart along each axis: every distance is m times that spacing', () => {
  const size: Vec3 = [9, 10, 11];
  const spacing: Vec3 = [0.5, 1.25, 3];
  for (let axis = 0; axis < 3; axis++) {
    const plate = (at: number) => {
      const low: [number, number, number] = [0, 0, 0];
      const high: [number, number, number] = [8, 9, 10];
      low[axis] = high[axis] = at;
      return boxMask(size, spacing, low, high);
    };
    const d = surfaceDistances(plate(2), plate(6));
    const expected = 4 * spacing[axis];
    expect([hd95Pooled(d), hd95DirectedMax(d), assd(d)]).toEqual([expected, expected, expected]);
    expect(surfaceDice(d, expected)).toBe(1);
    expect(surfaceDice(d, expected - 0.01)).toBe(0);
  }
});

test('a box inside a longer one: closed form where the two HD95 differ', () => {
  // Lines along x, 2 mm apart: A holds voxels 0..39, B only 0..9. A's voxels 10..39 lie 2, 4, .. 60 mm from B.
  const size: Vec3 = [40, 3, 3];
  const spacing: Vec3 = [2, 1, 1];
  const a = boxMask(size, spacing, [0, 1, 1], [39, 1, 1]);
  const b = boxMask(size, spacing, [0, 1, 1], [9, 1, 1]);
  const d = surfaceDistances(a, b);
  expect(assd(d)).toBeCloseTo((2 * (30 * 31)) / 2 / 50, 12);
  expect(hd95DirectedMax(d)).toBeCloseTo(60 - 1.95 * 2, 10); // position 0.95 * 39 = 37.05 of 40, the largest being 60
  expect(hd95Pooled(d)).toBeCloseTo(60 - 2.45 * 2, 10); // position 0.95 * 49 = 46.55 of 50
  const swapped = surfaceDistances(b, a);
  expect([hd95Pooled(swapped), assd(swapped)]).toEqual([hd95Pooled(d), assd(d)]);
});

test('equal masks are at distance 0; the surface of a solid box is its shell', () => {
  const box = boxMask([8, 9, 10], [1, 2, 3], [1, 1, 1], [6, 7, 8]);
  expect(surfaceVoxels(box.data, box.size).length).toBe(6 * 7 * 8 - 4 * 5 * 6);
  const d = surfaceDistances(box, box);
  expect([hd95Pooled(d), hd95DirectedMax(d), assd(d), surfaceDice(d, 0)]).toEqual([0, 0, 0, 1]);
  const full = boxMask([4, 4, 4], [1, 1, 1], [0, 0, 0], [3, 3, 3]);
  expect(surfaceVoxels(full.data, full.size).length).toBe(64 - 8); // the edge of the grid counts as background
});

test('an empty mask, another size, spacing or place are refused', () => {
  const box = boxMask([8, 8, 8], [1, 1, 1], [2, 2, 2], [5, 5, 5]);
  expect(() => surfaceDistances(box, { ...box, data: new Uint8Array(512) })).toThrow(VolumeError);
  expect(() => surfaceDistances(box, { ...box, spacing: [1, 1, 1.1] })).toThrow(GridError);
  expect(() => surfaceDistances(box, { ...box, origin: [0, 0, 0] })).toThrow(/from \(0\.00, 0\.00, 0\.00\)/);
  expect(() => surfaceDistances(box, boxMask([8, 8, 9], [1, 1, 1], [2, 2, 2], [5, 5, 5]))).toThrow(GridError);
  expect(() => surfaceDistances(box, { ...box, spacing: [1, 1, 1.0001] })).not.toThrow(); // a header's rounding
});

interface Solid {
  centre?: Vec3;
  radius?: number;
  low?: Vec3;
  high?: Vec3;
}

/** Voxels whose centre, index times spacing, lies in a ball or a box in mm. */
function solid(size: Vec3, spacing: Vec3, { centre, radius, low, high }: Solid): Mask {
  return maskOf(size, spacing, (...ijk) => {
    const p = ijk.map((n, axis) => n * spacing[axis]);
    return centre !== undefined
      ? p.reduce((sum, v, axis) => sum + (v - centre[axis]) ** 2, 0) <= radius! ** 2
      : p.every((v, axis) => v >= low![axis] && v <= high![axis]);
  });
}

test.each(Object.keys(fixture('solids').pairs))('scipy agrees on %s, voxels of 0.8 x 1.25 x 3 mm', (name) => {
  const { size, spacing, pairs } = fixture('solids');
  const golden = pairs[name];
  const [a, b] = [golden.a, golden.b].map((s: Solid) => solid(size, spacing, s));
  expect(diceOf(overlap(a.data, b.data))).toBeCloseTo(golden.dice, 12);
  const d = surfaceDistances(a, b);
  expect(hd95Pooled(d)).toBeCloseTo(golden.hd95Pooled, 5);
  expect(hd95DirectedMax(d)).toBeCloseTo(golden.hd95DirectedMax, 5);
  expect(assd(d)).toBeCloseTo(golden.assd, 5);
  for (const [tolerance, share] of Object.entries(golden.surfaceDice))
    expect(surfaceDice(d, Number(tolerance))).toBeCloseTo(share as number, 12);
});

test('balls about one centre: all distances the difference of the radii, to a voxel; Dice that of the volumes', () => {
  const [size, spacing]: [Vec3, Vec3] = [
    [80, 64, 50],
    [0.6, 0.75, 1],
  ];
  const centre: Vec3 = [23.7, 23.6, 24.5];
  const [a, b] = [20, 15].map((radius) => solid(size, spacing, { centre, radius }));
  const d = surfaceDistances(a, b);
  // A surface voxel's centre lies at most a voxel inside the sphere, whichever way the nearest face looks.
  for (const v of [...d.aToB, ...d.bToA]) expect(Math.abs(v - 5)).toBeLessThan(Math.hypot(...spacing));
  for (const v of [hd95Pooled(d), hd95DirectedMax(d), assd(d)]) expect(Math.abs(v - 5)).toBeLessThan(0.75);
  expect(surfaceDice(d, 7)).toBe(1);
  expect(surfaceDice(d, 3)).toBe(0);
  expect(diceOf(overlap(a.data, b.data))).toBeCloseTo((2 * 15 ** 3) / (20 ** 3 + 15 ** 3), 2);
});
