import { expect, test } from 'vitest';
import { GridError } from '../../src/errors.ts';
import { requireSameGrid } from '../../src/volume/sameGrid.ts';
import { centredGrid, type Grid, type Vec3 } from '../../src/volume/volume.ts';

const grid = centredGrid([20, 10, 8], [2, 2, 2]);
const shifted = (mm: number) => grid.origin.map((v) => v + mm) as unknown as Vec3;
const check = (b: Grid) => () => requireSameGrid(grid, b, 'the first', 'the second');

test('rounded headers pass', () => {
  expect(check(grid)).not.toThrow();
  expect(check({ ...grid, spacing: [2.0005, 2, 2] })).not.toThrow();
  expect(check({ ...grid, origin: shifted(0.01) })).not.toThrow();
});

test.each([
  ['another size', { ...grid, size: [20, 10, 9] as Grid['size'] }],
  ['another spacing', { ...grid, spacing: [2, 2, 2.1] as Grid['spacing'] }],
  ['half a voxel apart', { ...grid, origin: shifted(1) }],
  ['a turned axis', { ...grid, direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] as unknown as Grid['direction'] }],
])('%s is refused, both grids named', (_, other) => {
  expect(check(other)).toThrow(GridError);
  expect(check(other)).toThrow(/the first is on 20 x 10 x 8 voxels of 2 x 2 x 2 mm .* the second on/);
});
