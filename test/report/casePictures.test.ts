import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { blankImage, type Image } from '../../src/mesh/png.ts';
import type { Plane } from '../../src/mesh/slices.ts';
import {
  CASE_SIZES,
  type CasePicture,
  renderCase,
  shrink,
  sliceImage,
} from '../../src/report/casePictures.ts';
import { rotationAbout } from '../../src/volume/geometry.ts';
import { centredGrid, type Grid, type Mask, type Volume } from '../../src/volume/volume.ts';
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

/** Width and height in a PNG's header, and whether its pixels unpack to that many. */
function sizeOf({ png }: CasePicture): [number, number] {
  const bytes = Buffer.from(png, 'base64');
  expect(bytes.toString('latin1', 1, 4)).toBe('PNG');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const length = bytes.readUInt32BE(33);
  const channels = bytes[25] === 2 ? 3 : 4;
  expect(inflateSync(bytes.subarray(41, 41 + length)).length).toBe(height * (1 + channels * width));
  return [width, height];
}

/** A ball of 20 mm about (4, -6, 9). */
const bone = masked(cube(64), ball(20, [4, -6, 9]));

describe('sliceImage', () => {
  it("draws the bone's contour as a circle in the middle, to scale, in all three planes", () => {
    for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
      const image = sliceImage({ mask: bone }, plane);
      const points = contourPixels(image);
      expect(points.length).toBeGreaterThan(300);
      // 40 mm of bone and a margin of 5 % on each side fill 208 pixels.
      const radius = 104 / 1.1;
      for (const [x, y] of points)
        expect(Math.abs(Math.hypot(x - 103.5, y - 103.5) - radius)).toBeLessThan(5);
      expect(pixel(image, 104, 104)[0]).toBeGreaterThan(150);
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
    expect(pixel(image, 104, 104)[0]).toBeGreaterThan(180);
    expect(pixel(image, 8, 8)[0]).toBeLessThan(80);
    for (const [x, y] of contourPixels(image))
      expect(Math.abs(Math.hypot(x - 103.5, y - 103.5) - 104 / 1.1)).toBeLessThan(5);
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

describe('renderCase', () => {
  it('gives three slices, the views and the steps as PNG of the stated sizes', () => {
    const wide = blankImage(400, 100, [1, 2, 3]);
    const pictures = renderCase({
      mask: bone,
      steps: [{ title: 'Bone', image: wide, note: 'x' }, { title: 'No picture' }],
    });
    expect(pictures.slices.map((p) => p.title)).toEqual(['axial', 'coronal', 'sagittal']);
    expect(pictures.views).toHaveLength(CASE_SIZES.views.length);
    for (const p of pictures.slices) expect(sizeOf(p)).toEqual([208, 208]);
    for (const p of pictures.views) {
      expect(sizeOf(p)).toEqual([150, 150]);
      expect(p.alt).toContain(p.title);
    }
    expect(sizeOf(pictures.steps[0].picture as CasePicture)).toEqual([176, 44]);
    expect(pictures.steps[0].note).toBe('x');
    expect(pictures.steps[1]).toEqual({ title: 'No picture' });
    expect(JSON.parse(JSON.stringify(pictures))).toEqual(pictures);
  });

  it('takes what there is: an empty mask, a scan alone, nothing', () => {
    const empty: Mask = { ...cube(8), data: new Uint8Array(512) };
    expect(renderCase({ mask: empty })).toEqual({ slices: [], views: [], steps: [] });
    const scan = sampled(cube(8), (x) => 100 * x);
    expect(renderCase({ mask: empty, scan }).slices).toHaveLength(3);
    expect(renderCase({ scan }).views).toEqual([]);
    expect(renderCase({})).toEqual({ slices: [], views: [], steps: [] });
  });

  it('draws a fine mask as it draws a coarse one: the views agree', () => {
    const render = (grid: Grid): CasePicture[] =>
      renderCase({ mask: masked(grid, ball(20)) }, { view: 40, views: ['front', 'top'] }).views;
    const coarse = render(centredGrid([48, 48, 48], [1, 1, 1]));
    const fine = render(centredGrid([144, 144, 144], [1 / 3, 1 / 3, 1 / 3]));
    const open = ({ png }: CasePicture): Buffer => {
      const bytes = Buffer.from(png, 'base64');
      return inflateSync(bytes.subarray(41, 41 + bytes.readUInt32BE(33)));
    };
    expect(fine.map((p) => open(p).length)).toEqual(coarse.map((p) => open(p).length));
    for (const [v, p] of coarse.entries())
      expect(Math.abs(p.png.length / fine[v].png.length - 1)).toBeLessThan(0.25);
  });
});

describe('shrink', () => {
  it('takes means, keeps the shape, and leaves small images alone', () => {
    const image = blankImage(8, 4, [0, 0, 0]);
    for (let p = 0; p < 32; p++) image.data.set([p % 2 ? 100 : 0, 60, 7], 4 * p);
    const small = shrink(image, 4);
    expect([small.width, small.height]).toEqual([4, 2]);
    for (let p = 0; p < 8; p++) expect([...small.data.subarray(4 * p, 4 * p + 4)]).toEqual([50, 60, 7, 255]);
    expect(shrink(image, 8)).toBe(image);
    expect(shrink(blankImage(1000, 1), 10).height).toBe(1);
  });
});
