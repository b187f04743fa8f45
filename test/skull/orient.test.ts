import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { boneBounds, boneFrame, cropToBone, extentOf, toFrame } from '../../src/skull/orient.ts';
import { determinant3 } from '../../src/volume/geometry.ts';
import { centredGrid, IDENTITY, type Mask, type Mat3, voxelToWorld } from '../../src/volume/volume.ts';
import { dice, shape, shapeMask, TURNS } from './helpers.ts';

describe('boneBounds and cropToBone', () => {
  const mask: Mask = { ...centredGrid([5, 6, 7], [1, 2, 3]), data: new Uint8Array(210) };
  mask.data[1 + 5 * (2 + 6 * 3)] = 1;
  mask.data[3 + 5 * (5 + 6 * 3)] = 1;

  it('find the box and keep it where it is', () => {
    expect(boneBounds(mask)).toEqual([
      [1, 2, 3],
      [3, 5, 3],
    ]);
    const cropped = cropToBone(mask);
    expect(cropped.size).toEqual([3, 4, 1]);
    expect(cropped.origin).toEqual(voxelToWorld(mask, 1, 2, 3));
    expect([...cropped.data]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('refuse an empty mask', () => {
    const empty = { ...mask, data: new Uint8Array(210) };
    expect(boneBounds(empty)).toBeUndefined();
    expect(() => cropToBone(empty)).toThrow(VolumeError);
  });
});

describe('boneFrame, patient', () => {
  it('centres the box on the grid, keeps left left, and counts whole voxels', () => {
    const mask = shapeMask(IDENTITY, [40, -70, 900], 1);
    const frame = boneFrame(mask, 'patient');
    expect(frame.axes).toEqual(IDENTITY);
    const placed = toFrame(mask, frame, [64, 64, 64], 1);
    const [low, high] = boneBounds(placed)!;
    for (let c = 0; c < 3; c++) expect(Math.abs(low[c] + high[c] - 63)).toBeLessThanOrEqual(1);
    // An odd extent is half a voxel off an even grid, and its two end layers are then exact halves, or less.
    extentOf(frame).forEach((mm, c) => {
      expect(Math.abs(mm - (high[c] - low[c] + 1))).toBeLessThanOrEqual(1 + 1e-6);
    });
    // The shape spans [-11, 14] x [-25, 20] x [-11, 18]: 25 or so, 45 or so, 28 or so voxels.
    extentOf(frame).forEach((mm, c) => {
      expect(Math.abs(mm - [25, 46, 28.5][c])).toBeLessThanOrEqual(1.5);
    });
    expect(dice(placed.data, shapeMask(IDENTITY, [0, 0, 0], 1, true).data)).toBeGreaterThan(0.95);
  });

  it('gives one mask for one bone, however the file stores it', () => {
    const straight = shapeMask(IDENTITY, [3, 4, 5], 1);
    const stored: Mat3 = [-1, 0, 0, 0, 0, 1, 0, 1, 0];
    const turned = shapeMask(IDENTITY, [3, 4, 5], 1, false, stored);
    expect(turned.direction).toEqual(stored);
    const [a, b] = [straight, turned].map((m) => toFrame(m, boneFrame(m, 'patient'), [64, 64, 64], 1).data);
    expect(dice(a, b)).toBeGreaterThan(0.97);
  });
});

describe('boneFrame, principal', () => {
  it('finds the same frame however the bone is turned, and never mirrors', () => {
    const reference = shapeMask(IDENTITY, [0, 0, 0], 1);
    const first = boneFrame(reference, 'principal');
    const expected = toFrame(reference, first, [64, 64, 64], 1).data;
    for (const turn of TURNS) {
      const mask = shapeMask(turn, [20, -10, 30], 1);
      const frame = boneFrame(mask, 'principal');
      expect(determinant3(frame.axes)).toBeCloseTo(1, 8);
      expect(dice(toFrame(mask, frame, [64, 64, 64], 1).data, expected)).toBeGreaterThan(0.9);
    }
  });

  it('puts the thin end to -y and the mirror plane across x', () => {
    // The test shape is a skull of sorts: long in y, thin at -y, its ridge at +z; the frame is its own axes.
    const { axes } = boneFrame(shapeMask(IDENTITY, [0, 0, 0], 1), 'principal');
    expect(axes[4]).toBeGreaterThan(0.97);
    expect(axes[8]).toBeGreaterThan(0.97);
    expect(axes[0]).toBeGreaterThan(0.99);
    expect(shape(0, -24, 0)).toBe(true);
  });
});
