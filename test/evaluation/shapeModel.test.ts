import { expect, test } from 'vitest';
import { GridError, NumericsError, VolumeError } from '../../src/errors.ts';
import { nearestSurfaces } from '../../src/evaluation/shapeModel.ts';
import { surfaceDistances } from '../../src/evaluation/surfaceDistance.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';
import { boxMask, ellipsoid } from './helpers.ts';

const SIZE: Vec3 = [18, 16, 14];
const SPACING: Vec3 = [1, 1.5, 2];
const shape = (r: number, x = 8.5): Mask => ellipsoid(SIZE, SPACING, [x, 7.5, 6.5], [r, r * 0.8, r * 0.7]);

test('brute force over all pairs, by the distances of surfaceDistance.ts', () => {
  const shapes = Array.from({ length: 35 }, (_, i) => shape(4 + (i % 7) * 0.6, 7 + (i % 5) * 0.5)); // three blocks of 16
  const others = [shape(3.5), shape(5.1, 8), shape(7.2)];
  const got = nearestSurfaces(shapes, others, { points: 1e6 }, 16 * shapes[0].data.length);
  const average = (v: Float64Array) => v.reduce((p, q) => p + q) / v.length;
  shapes.forEach((s, i) => {
    const all = others.map((o) => {
      const { aToB, bToA } = surfaceDistances(s, o);
      return (average(aToB) + average(bToA)) / 2;
    });
    expect(got.distances[i]).toBeCloseTo(Math.min(...all), 5);
    expect(all[got.nearest[i]]).toBeCloseTo(Math.min(...all), 5);
  });
});

test('two plates 3 voxels of 2 mm apart: 6 mm; a copy: 0; fewer points near the same', () => {
  const plate = (k: number) => boxMask(SIZE, SPACING, [0, 0, k], [17, 15, k]);
  expect([...nearestSurfaces([plate(4), plate(9)], [plate(7), plate(13)]).distances]).toEqual([6, 4]);
  const shapes = [shape(5), shape(6)];
  expect([...nearestSurfaces(shapes, [shape(6), shape(3)]).distances][1]).toBe(0);
  const [few, all] = [80, 1e6].map(
    (points) => nearestSurfaces([shape(6)], [shape(4)], { points }).distances[0],
  );
  expect(Math.abs(few / all - 1)).toBeLessThan(0.1);
});

test('calls after each pair; empty sets, empty masks and other grids are refused', () => {
  let calls = 0;
  nearestSurfaces([shape(4), shape(5)], [shape(4), shape(6), shape(5)], { onPair: () => calls++ });
  expect(calls).toBe(6);
  expect(() => nearestSurfaces([], [shape(4)])).toThrow(NumericsError);
  expect(() => nearestSurfaces([shape(4)], [])).toThrow(NumericsError);
  const empty = { ...shape(4), data: new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]) };
  expect(() => nearestSurfaces([shape(4)], [shape(4), empty])).toThrow(VolumeError);
  expect(() => nearestSurfaces([shape(4)], [{ ...shape(4), spacing: [1, 1, 1] }])).toThrow(GridError);
});
