/** The box around two masks of one grid, so that a piece of a large scan costs no more than the bone. */
import type { Grid, Mask, Vec3 } from '../../volume/volume.ts';

export interface Box {
  /** First voxel of the box in the grid; below 0 where the margin reaches beyond it. */
  low: Vec3;
  size: Vec3;
}

/** The box of all voxels set in either mask, `margin` voxels wider on each side (beyond the grid too); 1 voxel where none is. */
export function boxOf(a: Mask, b: Mask, margin: number): Box {
  const [nx, ny, nz] = a.size;
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = nx * (j + ny * k);
      for (const { data } of [a, b]) {
        let first = 0;
        while (first < nx && data[row + first] === 0) first++;
        if (first === nx) continue;
        let last = nx - 1;
        while (data[row + last] === 0) last--;
        low[0] = Math.min(low[0], first);
        high[0] = Math.max(high[0], last);
        low[1] = Math.min(low[1], j);
        high[1] = Math.max(high[1], j);
        low[2] = Math.min(low[2], k);
        high[2] = k;
      }
    }
  if (high[2] < 0) return { low: [0, 0, 0], size: [1, 1, 1] };
  return {
    low: low.map((l) => l - margin) as unknown as Vec3,
    size: low.map((l, c) => high[c] - l + 1 + 2 * margin) as unknown as Vec3,
  };
}

/** The mask's voxels in the box, as 0 and 1; beyond the grid there is none. */
export function cropTo({ data, size }: Mask, box: Box): Uint8Array {
  const out = new Uint8Array(box.size[0] * box.size[1] * box.size[2]);
  forEachRow(box, size, (from, to, length) => {
    for (let i = 0; i < length; i++) out[to + i] = data[from + i] !== 0 ? 1 : 0;
  });
  return out;
}

/** The other way: the box's voxels in a mask of the whole grid. */
export function pasteFrom(data: Uint8Array, box: Box, { size }: Grid): Uint8Array {
  const out = new Uint8Array(size[0] * size[1] * size[2]);
  forEachRow(box, size, (from, to, length) => out.set(data.subarray(to, to + length), from));
  return out;
}

/** Calls `visit` with the first index in the grid and in the box, and the length, of each row that both share. */
function forEachRow(
  { low, size: [bx, by, bz] }: Box,
  [nx, ny, nz]: Vec3,
  visit: (grid: number, box: number, length: number) => void,
): void {
  const i0 = Math.max(0, low[0]);
  const length = Math.min(nx, low[0] + bx) - i0;
  for (let k = Math.max(0, low[2]); k < Math.min(nz, low[2] + bz); k++)
    for (let j = Math.max(0, low[1]); j < Math.min(ny, low[1] + by); j++)
      visit(i0 + nx * (j + ny * k), i0 - low[0] + bx * (j - low[1] + by * (k - low[2])), length);
}
