/**
 * Masks can be compared voxel by voxel only on one grid. Two grids are one when their sizes agree and no corner voxel
 * lies farther apart than a hundredth of a voxel: headers written by different programs round differently.
 */
import { GridError } from '../errors.ts';
import { type Grid, voxelToWorld } from './volume.ts';

const TOLERANCE_VOXELS = 0.01;

const describe = (g: Grid): string => {
  const list = (v: readonly number[]) => v.map((n) => Number(n.toFixed(4))).join(' x ');
  return `${list(g.size)} voxels of ${list(g.spacing)} mm from (${g.origin.map((n) => n.toFixed(2)).join(', ')})`;
};

/** Throws `GridError`, naming both, unless `a` and `b` are the same grid in space. */
export function requireSameGrid(a: Grid, b: Grid, nameA: string, nameB: string): void {
  const limit = TOLERANCE_VOXELS * Math.min(...a.spacing);
  let same = a.size.every((n, axis) => n === b.size[axis]);
  for (const corner of [0, 1, 2, 4]) {
    const [i, j, k] = [0, 1, 2].map((axis) => ((corner >> axis) & 1) * (a.size[axis] - 1));
    const p = voxelToWorld(a, i, j, k);
    const q = voxelToWorld(b, i, j, k);
    same &&= Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) <= limit;
  }
  if (!same)
    throw new GridError({
      found: `${nameA} is on ${describe(a)}, ${nameB} on ${describe(b)}`,
      expected: 'masks on one grid',
      todo: 'ingest both with the same --spacing and --grid',
    });
}
