import { describe, expect, it } from 'vitest';
import type { Image } from '../../src/mesh/png.ts';
import type { Plane } from '../../src/mesh/slices.ts';
import { boneBox, sliceImage } from '../../src/report/caseSlice.ts';
import { rotationAbout } from '../../src/volume/geometry.ts';
import type { Grid, Mask, Volume } from '../../src/volume/volume.ts';
import { ball, cube, masked, sampled } from '../mesh/shapes.ts';

const CONTOUR = [255, 140, 26];
const pixel = (image: Image, x: number, y: number): number[] => [
  ...image.data.subarray(4 * (y * image.width + x), 4 * (y * image.width + x) + 3),
];
const isContour = (image: Image, x: number, y: number): boolean => `${pixel(image, x, y)}` === `${CONTOUR}`;
const contourPixels = (image: Image): [number, number][] =>
  Array.from({ length: image.width * image.height }, (_, p): [number, number] => [
    p % image.width,
    Math.floor(p / image.width),
  ]).filter(([x, y]) => isContour(image, x, y));

/** A ball of 20 mm about (4, -6, 9). */
const bone = masked(cube(64), ball(20, [4, -6, 9]));

describe('sliceImage', () => {
  it("draws the bone's contour as a circle in the middle, to scale, in all three planes", () => {
    for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
      const image = sliceImage({ mask: bone }, plane);
      const points = contourPixels(image);
      expect(points.length).toBeGreaterThan(300);
      // 40 mm of bone and a margin of 5 % on each side fill 216 pixels.
      const radius = 108 / 1.1;
      for (const [x, y] of points)
        expect(Math.abs(Math.hypot(x - 107.5, y - 107.5) - radius)).toBeLessThan(5);
      expect(pixel(image, 108, 108)[0]).toBeGreaterThan(150);
      expect(pixel(image, 2, 2)).toEqual([22, 24, 28]);
    }
  });

  it('lays the contour on the scan where the bone is, also when their grids differ', () => {
    const grid: Grid = {
      size: [50, 40, 30],
      spacing: [1.3, 1.7, 2.2],
      origin: [-30, -36, -20],
      direction: rotationAbout(2, 0.2),
    };
    const field = sampled(grid, (x, y, z) => (ball(20, [4, -6, 9])(x, y, z) > 0 ? 1000 : 0));
    const image = sliceImage({ mask: bone, scan: field }, 'axial');
    // Well inside white-ish, well outside dark grey, both within the window; the contour between.
    expect(pixel(image, 108, 108)[0]).toBeGreaterThan(180);
    expect(pixel(image, 8, 8)[0]).toBeLessThan(80);
    for (const [x, y] of contourPixels(image))
      expect(Math.abs(Math.hypot(x - 107.5, y - 107.5) - 108 / 1.1)).toBeLessThan(5);
  });

  it("has the patient's left on the right of axial and coronal, the face to the left of sagittal", () => {
    // A ball with a small horn to the left or to the front: the contour's rows or columns near its tip are few.
    const horned = (x0: number, y0: number): Mask =>
      masked(cube(60), (x, y, z) => Math.max(ball(14)(x, y, z), ball(4, [x0, y0, 0])(x, y, z)));
    const left = horned(20, 0);
    const front = horned(0, -20);
    const spread = (points: [number, number][], axis: 0 | 1, end: 'low' | 'high'): number => {
      const along = points.map((p) => p[axis]);
      const edge = end === 'low' ? Math.min(...along) + 5 : Math.max(...along) - 5;
      const across = points
        .filter((p) => (end === 'low' ? p[axis] <= edge : p[axis] >= edge))
        .map((p) => p[1 - axis]);
      return Math.max(...across) - Math.min(...across);
    };
    const of = (mask: Mask, plane: Plane): [number, number][] =>
      contourPixels(sliceImage({ mask }, plane, { slice: 100 }));
    const tipAt = (mask: Mask, plane: Plane, axis: 0 | 1): 'low' | 'high' => {
      const [low, high] = [spread(of(mask, plane), axis, 'low'), spread(of(mask, plane), axis, 'high')];
      expect(Math.min(low, high)).toBeLessThan(0.7 * Math.max(low, high));
      return low < high ? 'low' : 'high';
    };
    expect(tipAt(left, 'axial', 0)).toBe('high');
    expect(tipAt(left, 'coronal', 0)).toBe('high');
    expect(tipAt(front, 'axial', 1)).toBe('low');
    expect(tipAt(front, 'sagittal', 0)).toBe('low');
  });

  it('shows the ground where the scan has no value', () => {
    const scan: Volume = sampled(cube(16), (x) => (x < 0 ? Number.NaN : 1500));
    const image = sliceImage({ scan }, 'axial', { slice: 80 });
    expect(pixel(image, 20, 20)).toEqual([22, 24, 28]);
    expect(pixel(image, 60, 20)).toEqual([255, 255, 255]);
    expect(() => sliceImage({}, 'axial')).toThrow(RangeError);
  });
});

describe('boneBox', () => {
  it('is tight on grids of any direction', () => {
    for (const angle of [0, 0.5, 2.4]) {
      const direction = rotationAbout(1, angle);
      const half = 31.5 * 1.25;
      const origin = [0, 3, 6].map((r) => -half * (direction[r] + direction[r + 1] + direction[r + 2]));
      const grid = { size: [64, 64, 64], spacing: [1.25, 1.25, 1.25], origin, direction } as unknown as Grid;
      const box = boneBox(masked(grid, ball(20, [4, -6, 9])));
      // The box of the ball, with up to half a diagonal of a voxel around it.
      [4, -6, 9].forEach((c, a) => {
        expect(box?.low[a]).toBeLessThan(c - 19);
        expect(box?.low[a]).toBeGreaterThan(c - 21.1);
        expect(box?.high[a]).toBeGreaterThan(c + 19);
        expect(box?.high[a]).toBeLessThan(c + 21.1);
      });
    }
  });
});
