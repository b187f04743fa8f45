/**
 * The Euler number of bone: pieces - tunnels + cavities. A ball has 1, a ring 0, a hollow ball 2. Bone voxels are taken as
 * closed cubes, so that cubes sharing a corner are one piece (26-connected bone, 6-connected background), and the cells of
 * their union are counted:
 *
 *   chi = corners - edges + faces - cubes
 *
 * Every edge of the union has 2 corners, every face 4, every cube 8; so each corner takes a half of its 6 edges, a quarter
 * of its 12 faces and an eighth of its 8 cubes. What a corner contributes depends on the 2 x 2 x 2 voxels around it alone:
 * a table of 256 entries, in eighths (the counting of Kong and Rosenfeld 1989). Exact; one look-up a corner.
 */
import type { Mask } from '../../volume/volume.ts';

/** Eighths that the voxels around a corner contribute; bit dx + 2 dy + 4 dz of the index is the voxel (dx, dy, dz). */
const EIGHTHS = Int8Array.from({ length: 256 }, (_, pattern) => {
  if (pattern === 0) return 0;
  let edges = 0;
  let faces = 0;
  let cubes = 0;
  for (let axis = 0; axis < 3; axis++) {
    const others = [0, 1, 2].filter((a) => a !== axis);
    for (const side of [0, 1]) {
      // The edge from the corner along `axis`, to this side, touches the 4 voxels on this side.
      const touching = [0, 1, 2, 3, 4, 5, 6, 7].filter((voxel) => ((voxel >> axis) & 1) === side);
      if (touching.some((voxel) => (pattern >> voxel) & 1)) edges++;
      // A face across `axis` at the corner lies between two voxels that differ in this axis alone.
      for (const other of [0, 1]) {
        const below = (side << others[0]) | (other << others[1]);
        if (((pattern >> below) | (pattern >> (below | (1 << axis)))) & 1) faces++;
      }
    }
  }
  for (let voxel = 0; voxel < 8; voxel++) cubes += (pattern >> voxel) & 1;
  return 8 - 4 * edges + 2 * faces - cubes;
});

/** chi = pieces - tunnels + cavities of the bone (0 is background; outside the grid is background); 0 for an empty mask. */
export function eulerNumber({ data, size }: Pick<Mask, 'data' | 'size'>): number {
  const [nx, ny, nz] = size;
  const nothing = new Uint8Array(nx);
  const row = (j: number, k: number): Uint8Array =>
    j < 0 || j >= ny || k < 0 || k >= nz
      ? nothing
      : (data.subarray((k * ny + j) * nx, (k * ny + j + 1) * nx) as Uint8Array);
  let eighths = 0;
  for (let k = 0; k <= nz; k++)
    for (let j = 0; j <= ny; j++) {
      // The four rows that meet at the corners (., j, k).
      const a = row(j - 1, k - 1);
      const b = row(j, k - 1);
      const c = row(j - 1, k);
      const d = row(j, k);
      let pattern = 0;
      for (let i = 0; i <= nx; i++) {
        // What was on the right of the last corner is on the left of this one.
        pattern = (pattern >> 1) & 0x55;
        if (i < nx)
          pattern |=
            (a[i] !== 0 ? 2 : 0) | (b[i] !== 0 ? 8 : 0) | (c[i] !== 0 ? 32 : 0) | (d[i] !== 0 ? 128 : 0);
        eighths += EIGHTHS[pattern];
      }
    }
  return eighths / 8;
}
