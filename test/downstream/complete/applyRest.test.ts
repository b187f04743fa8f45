/** The bone that is left, as a surface: where the bone is, as large as it is, and small enough to be shown. */
import { expect, test } from 'vitest';
import { restSurface } from '../../../src/downstream/complete/applyRest.ts';
import { VolumeError } from '../../../src/errors.ts';
import { type Mesh, meshVolume } from '../../../src/mesh/mesh.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { type Grid, type Mask, type Vec3, voxelCount, voxelToWorld } from '../../../src/volume/volume.ts';

/** Voxels longer along z, turned axes, anywhere. */
const GRID: Grid = {
  size: [60, 50, 28],
  spacing: [1, 1, 2],
  origin: [40, -90, 12],
  direction: rotationAbout(2, 0.5),
};
const MIDDLE = voxelToWorld(GRID, 29, 24, 13.5);
const RADIUS = 20;

function ball(grid: Grid): Mask {
  const [nx, ny, nz] = grid.size;
  const data = new Uint8Array(voxelCount(grid.size));
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++)
        if (Math.hypot(...voxelToWorld(grid, i, j, k).map((x, a) => x - MIDDLE[a])) < RADIUS) data[p] = 1;
  return { ...grid, data };
}

const distances = ({ positions }: Mesh): number[] =>
  Array.from({ length: positions.length / 3 }, (_, v) =>
    Math.hypot(...[0, 1, 2].map((a) => positions[3 * v + a] - MIDDLE[a])),
  );

test.each([
  ['as fine as it is', {}, 2.01],
  ['with a tenth of the voxels', { voxels: 8000 }, 3],
])('a ball stays a ball of its size where it lies, %s', async (_, limits, voxel) => {
  const { mesh, voxelMm } = await restSurface(ball(GRID), limits);
  expect(voxelMm).toBeGreaterThanOrEqual(2);
  expect(voxelMm).toBeLessThan(voxel);
  expect(meshVolume(mesh) / ((4 / 3) * Math.PI * RADIUS ** 3)).toBeCloseTo(1, 1);
  for (const d of distances(mesh)) expect(Math.abs(d - RADIUS)).toBeLessThan(1.5);
});

test('triangles that no picture shows go', async () => {
  const bone = ball(GRID);
  const [all, few] = [await restSurface(bone), await restSurface(bone, { triangles: 400 })];
  expect(all.mesh.indices.length / 3).toBeGreaterThan(4000);
  expect(few.mesh.indices.length / 3).toBeLessThan(1500);
  for (const d of distances(few.mesh)) expect(Math.abs(d - RADIUS)).toBeLessThan(1.5);
});

test('no bone has no surface', async () => {
  const none: Mask = { ...GRID, data: new Uint8Array(voxelCount(GRID.size as Vec3)) };
  await expect(restSurface(none)).rejects.toThrow(VolumeError);
});
