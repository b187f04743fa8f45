import { describe, expect, it } from 'vitest';
import { GridError } from '../../src/errors.ts';
import { BONE } from '../../src/mesh/colours.ts';
import type { Image } from '../../src/mesh/png.ts';
import {
  EXTRA,
  gridCorners,
  MISSING,
  renderDifferenceSlices,
  renderSlices,
  sliceImages,
} from '../../src/mesh/slices.ts';
import { worldToVoxel } from '../../src/volume/geometry.ts';
import { type Grid, voxelToWorld } from '../../src/volume/volume.ts';
import { ball, cube, masked, maskWith } from './shapes.ts';

const count = (image: Image, colour: readonly number[]): number => {
  let n = 0;
  for (let p = 0; p < image.data.length; p += 4) if (colour.every((v, s) => image.data[p + s] === v)) n++;
  return n;
};

/** Middle of the pixels of bone colour, as parts of width and height. */
function middle(image: Image): [number, number] {
  let [x, y, n] = [0, 0, 0];
  for (let p = 0; p < image.width * image.height; p++)
    if (BONE.every((v, s) => image.data[4 * p + s] === v)) {
      x += (p % image.width) + 0.5;
      y += Math.floor(p / image.width) + 0.5;
      n++;
    }
  return [x / n / image.width, y / n / image.height];
}

describe('worldToVoxel', () => {
  it('undoes voxelToWorld on an oblique grid', () => {
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const grid: Grid = {
      size: [9, 8, 7],
      spacing: [0.5, 2, 3],
      origin: [4, -5, 6],
      direction: [c, 0, s, 0, 1, 0, -s, 0, c],
    };
    const index = worldToVoxel(grid, voxelToWorld(grid, 1.5, 6, -2));
    for (const a of [0, 1, 2]) expect(index[a]).toBeCloseTo([1.5, 6, -2][a], 9);
  });
});

describe('sliceImages', () => {
  // A ball toward the patient's left, front and head.
  const centre = [8, -6, 4] as const;
  const options = { size: 120, at: centre, letters: false };

  it('hangs the slices as radiologists do', () => {
    const { axial, coronal, sagittal } = sliceImages(masked(cube(40), ball(5, centre)), options);
    const expected = { axial: [0.7, 0.35], coronal: [0.7, 0.4], sagittal: [0.35, 0.4] };
    for (const [image, [x, y]] of [
      [axial, expected.axial],
      [coronal, expected.coronal],
      [sagittal, expected.sagittal],
    ] as const) {
      expect(middle(image)[0]).toBeCloseTo(x, 2);
      expect(middle(image)[1]).toBeCloseTo(y, 2);
      expect(count(image, BONE) / (Math.PI * 15 ** 2)).toBeCloseTo(1, 1);
    }
  });

  it('shows the same whatever way the grid runs', () => {
    const plain = sliceImages(masked(cube(40), ball(5, centre)), options);
    const turned: Grid = {
      size: [40, 40, 40],
      spacing: [1, 1, 1],
      origin: [19.5, -19.5, -19.5],
      direction: [0, -1, 0, 0, 0, 1, 1, 0, 0],
    };
    const other = sliceImages(masked(turned, ball(5, centre)), options);
    for (const plane of ['axial', 'coronal', 'sagittal'] as const)
      expect(Buffer.compare(other[plane].data, plain[plane].data)).toBe(0);
  });

  it('places corners at the outer faces of the border voxels', () => {
    expect(Math.min(...gridCorners(cube(4, 2)))).toBe(-4);
    expect(Math.max(...gridCorners(cube(4, 2)))).toBe(4);
  });
});

describe('renderDifferenceSlices', () => {
  it('counts agreement, missing and extra bone in their colours', () => {
    const real = maskWith(cube(8), [
      [3, 4, 4],
      [4, 4, 4],
    ]);
    const made = maskWith(cube(8), [
      [4, 4, 4],
      [5, 4, 4],
      [6, 4, 4],
    ]);
    const at = [0.5, 0.5, 0.5] as const;
    const image = renderDifferenceSlices(real, made, { size: 80, at, letters: false });
    // One voxel is 10x10 pixels. Axial and coronal each show the row of voxels; the sagittal plane cuts x = 4 only.
    expect(count(image, BONE)).toBe(300);
    expect(count(image, MISSING)).toBe(200);
    expect(count(image, EXTRA)).toBe(400);
    expect(count(renderSlices(made, { size: 80, at, letters: false }), BONE)).toBe(700);
  });

  it('refuses different grids', () => {
    expect(() => renderDifferenceSlices(maskWith(cube(8), []), maskWith(cube(8, 2), []))).toThrow(GridError);
  });
});
