import { describe, expect, it } from 'vitest';
import { GridError } from '../../src/errors.ts';
import { PAPER } from '../../src/mesh/colours.ts';
import type { Image } from '../../src/mesh/png.ts';
import { gridFrame, renderDifference, renderMask, renderMaskViews } from '../../src/mesh/views.ts';
import { ball, cube, masked, maskWith } from './shapes.ts';

const solid = (image: Image): number => {
  let n = 0;
  for (let p = 0; p < image.data.length; p += 4) if (PAPER.some((v, s) => image.data[p + s] !== v)) n++;
  return n;
};
const tally = (image: Image, test: (r: number, g: number, b: number) => boolean): number => {
  let n = 0;
  for (let p = 0; p < image.data.length; p += 4)
    if (test(image.data[p], image.data[p + 1], image.data[p + 2])) n++;
  return n;
};
const blue = (image: Image) => tally(image, (r, _g, b) => b > r + 40);
const orange = (image: Image) => tally(image, (r, _g, b) => r > b + 80);

const small = masked(cube(32, 2), ball(14));
const large = masked(cube(32, 2), ball(22));

describe('renderMask', () => {
  it('keeps one scale within a grid, or fills the picture with the bone', () => {
    const area = (mask: typeof small, fit: 'grid' | 'bone') =>
      solid(renderMask(mask, { size: 128, view: 'front', fit }));
    // 2 pixels a mm; the volume of the voxels gives the radius that the surface has.
    for (const mask of [small, large]) {
      const voxels = mask.data.reduce((a, b) => a + b, 0);
      const r = 2 * Math.cbrt((8 * voxels * 3) / (4 * Math.PI));
      expect(area(mask, 'grid')).toBeGreaterThan(0.98 * Math.PI * r * r);
      expect(area(mask, 'grid')).toBeLessThan(Math.PI * r * r + 4 * r);
    }
    expect(area(small, 'bone') / area(large, 'bone')).toBeCloseTo(1, 1);
    expect(gridFrame(small, 'front')).toEqual({ centre: [0, 0, 0], halfWidth_mm: 32 });
    expect(gridFrame(small, 'threeQuarter').halfWidth_mm).toBeCloseTo(33.92, 9);
  });

  it('draws the bare ground for an empty mask', () => {
    expect(solid(renderMask(maskWith(cube(12), []), { size: 40 }))).toBe(0);
  });

  it('shows a single floating voxel: nothing is cleaned away', () => {
    expect(
      solid(renderMask(maskWith(cube(24), [[5, 12, 12]]), { size: 240, view: 'front' })),
    ).toBeGreaterThan(20);
  });

  it('sets letters at the sides only when they say something', () => {
    const pixels = (view: 'front' | 'threeQuarter', letters: boolean) =>
      solid(renderMask(small, { size: 96, view, letters }));
    expect(pixels('front', true)).toBeGreaterThan(pixels('front', false) + 10);
    expect(pixels('threeQuarter', true)).toBe(pixels('threeQuarter', false));
  });

  it('gives the same picture alone and among several views', () => {
    const [, left] = renderMaskViews(small, ['front', 'left'], { size: 60 });
    expect(Buffer.compare(left.data, renderMask(small, { size: 60, view: 'left' }).data)).toBe(0);
  });
});

describe('renderDifference', () => {
  it('has no blue or orange where masks agree, blue where bone is missing, orange where there is too much', () => {
    const same = renderDifference(large, large, { size: 100 });
    expect([blue(same), orange(same)]).toEqual([0, 0]);
    const missing = renderDifference(large, small, { size: 100 });
    const extra = renderDifference(small, large, { size: 100 });
    expect(blue(missing)).toBeGreaterThan(1500);
    expect(orange(missing)).toBe(0);
    expect(orange(extra)).toBeGreaterThan(1500);
    expect(blue(extra)).toBe(0);
  });

  it('refuses different grids', () => {
    expect(() => renderDifference(small, masked(cube(32, 1), ball(9)))).toThrow(GridError);
  });
});
