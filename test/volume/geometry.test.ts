import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import {
  apply3,
  checkGrid,
  determinant3,
  indexMap,
  multiply3,
  rotationAbout,
  transpose3,
  worldToVoxel,
} from '../../src/volume/geometry.ts';
import { centredGrid, type Grid, IDENTITY, type Mat3, voxelToWorld } from '../../src/volume/volume.ts';

const c = Math.cos(0.7);
const s = Math.sin(0.7);
const GRID: Grid = {
  size: [4, 5, 6],
  spacing: [0.5, 1.5, 2.5],
  origin: [3, -4, 5],
  direction: [c, 0, s, 0, 1, 0, -s, 0, c],
};

describe('geometry', () => {
  it('worldToVoxel undoes voxelToWorld', () => {
    worldToVoxel(GRID, voxelToWorld(GRID, 1.25, -2, 7)).forEach((x, i) => {
      expect(x).toBeCloseTo([1.25, -2, 7][i], 10);
    });
  });

  it('indexMap goes the way of both grids through space', () => {
    const target = centredGrid([3, 3, 3], [1.1, 2.2, 0.7]);
    const map = indexMap(target, GRID);
    const expected = worldToVoxel(GRID, voxelToWorld(target, 2, 1, 3));
    for (let r = 0; r < 3; r++)
      expect(map[4 * r] * 2 + map[4 * r + 1] + map[4 * r + 2] * 3 + map[4 * r + 3]).toBeCloseTo(
        expected[r],
        10,
      );
  });

  it('a rotation times its transpose is the identity, its determinant 1; a mirror has -1', () => {
    multiply3(GRID.direction, transpose3(GRID.direction)).forEach((x, i) => {
      expect(x).toBeCloseTo(IDENTITY[i], 12);
    });
    expect(determinant3(GRID.direction)).toBeCloseTo(1, 12);
    expect(determinant3([1, 0, 0, 0, 1, 0, 0, 0, -1])).toBe(-1);
  });

  it('rotationAbout turns x to y, y to z, z to x by a right angle', () => {
    const turned = [
      apply3(rotationAbout(2, Math.PI / 2), [1, 0, 0]),
      apply3(rotationAbout(0, Math.PI / 2), [0, 1, 0]),
      apply3(rotationAbout(1, Math.PI / 2), [0, 0, 1]),
    ].flat();
    turned.forEach((x, i) => {
      expect(x).toBeCloseTo([0, 1, 0, 0, 0, 1, 1, 0, 0][i], 12);
    });
  });

  it('checkGrid refuses what no length can be trusted on', () => {
    const sheared: Mat3 = [1, 0, 0, 0, 1, 0.1, 0, 0, 1];
    const doubled: Mat3 = [2, 0, 0, 0, 1, 0, 0, 0, 1];
    expect(() => checkGrid(GRID, 'a')).not.toThrow();
    for (const bad of [
      { ...GRID, direction: sheared },
      { ...GRID, direction: doubled },
      { ...GRID, direction: [NaN, 0, 0, 0, 1, 0, 0, 0, 1] as Mat3 },
      { ...GRID, spacing: [1, 0, 1] as const },
      { ...GRID, spacing: [1, -1, 1] as const },
      { ...GRID, origin: [0, NaN, 0] as const },
      { ...GRID, size: [4, 0, 1] as const },
    ])
      expect(() => checkGrid(bad, 'a')).toThrow(VolumeError);
  });
});
