/** Where a part of a grid lies: the mean of its voxels. */
import { type Grid, type Vec3, voxelToWorld } from '../../volume/volume.ts';

/** LPS mm of the mean of the voxels of `data` on `grid`; undefined where there is none. */
export function centroidOf(grid: Grid, data: ArrayLike<number>): Vec3 | undefined {
  const [nx, ny] = grid.size;
  const sum = [0, 0, 0];
  let n = 0;
  for (let p = 0; p < data.length; p++) {
    if (data[p] === 0) continue;
    const row = Math.floor(p / nx);
    sum[0] += p - row * nx;
    sum[1] += row % ny;
    sum[2] += Math.floor(row / ny);
    n++;
  }
  return n === 0 ? undefined : voxelToWorld(grid, sum[0] / n, sum[1] / n, sum[2] / n);
}
