import { expect, test } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { boneMoments, centroidOf } from '../../src/volume/centroid.ts';
import { rotationAbout } from '../../src/volume/geometry.ts';
import { type Grid, voxelToWorld } from '../../src/volume/volume.ts';

test('centroid, spread and count of two voxels, on an oblique grid', () => {
  const grid: Grid = {
    size: [4, 5, 6],
    spacing: [1, 2, 3],
    origin: [10, -20, 30],
    direction: rotationAbout(2, 0.4),
  };
  const data = new Float32Array(120);
  data[1 + 4 * (2 + 5 * 3)] = 1;
  data[3 + 4 * (4 + 5 * 5)] = 0.5;
  const { centroid, radiusMm, count } = boneMoments({ ...grid, data });
  voxelToWorld(grid, 2, 3, 4).forEach((v, c) => void expect(centroid[c]).toBeCloseTo(v, 12));
  expect(centroidOf({ ...grid, data })).toEqual(centroid);
  // Each lies (1, 1, 1) voxels from the middle.
  expect(radiusMm).toBeCloseTo(Math.sqrt(1 + 4 + 9), 12);
  expect(count).toBe(2);
  expect(() => centroidOf({ ...grid, data: new Uint8Array(120) })).toThrow(VolumeError);
});
