/**
 * Connected components of a 3D mask, by union-find in one sweep: each bone voxel joins the already visited neighbours
 * (3 of the 6, or 13 of the 26), then roots are numbered from the largest component down.
 */
import type { Vec3 } from './volume.ts';

export type Connectivity = 6 | 26;

export interface Components {
  /** Per voxel: 0 background, 1 the largest component, 2 the next .. */
  labels: Int32Array;
  /** Voxels of component 1, 2 ..: `sizes[label - 1]`, falling. */
  sizes: number[];
}

/** Labels the components of `mask` (0 is background; x fastest); equal sizes are ordered by their first voxel. */
export function labelComponents(
  mask: ArrayLike<number>,
  size: Vec3,
  connectivity: Connectivity = 26,
): Components {
  const [nx, ny, nz] = size;
  const before = earlierNeighbours(connectivity);
  const parent = new Int32Array(mask.length).fill(-1);
  const find = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
    return i;
  };
  let p = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) {
        if (mask[p] === 0) continue;
        parent[p] = p;
        for (const [dx, dy, dz] of before) {
          const x = i + dx;
          const y = j + dy;
          const z = k + dz;
          if (x < 0 || x >= nx || y < 0 || y >= ny || z < 0) continue;
          const q = x + nx * (y + ny * z);
          if (parent[q] < 0) continue;
          const a = find(p);
          const b = find(q);
          // The smaller index becomes the root, so a root is the first voxel of its component.
          if (a < b) parent[b] = a;
          else parent[a] = b;
        }
      }

  const counts = new Map<number, number>();
  for (let q = 0; q < parent.length; q++) {
    if (parent[q] < 0) continue;
    const root = find(q);
    parent[q] = root;
    counts.set(root, (counts.get(root) ?? 0) + 1);
  }
  const roots = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const label = new Map(roots.map(([root], n) => [root, n + 1]));
  for (let q = 0; q < parent.length; q++) parent[q] = parent[q] < 0 ? 0 : label.get(parent[q])!;
  return { labels: parent, sizes: roots.map(([, n]) => n) };
}

/** The mask of the `keep` largest components. */
export function largestComponents(
  mask: ArrayLike<number>,
  size: Vec3,
  keep = 1,
  connectivity: Connectivity = 26,
): Uint8Array {
  const { labels } = labelComponents(mask, size, connectivity);
  const out = new Uint8Array(labels.length);
  for (let i = 0; i < out.length; i++) out[i] = labels[i] > 0 && labels[i] <= keep ? 1 : 0;
  return out;
}

/** The neighbours that an x-fastest sweep has already passed. */
function earlierNeighbours(connectivity: Connectivity): [number, number, number][] {
  const out: [number, number, number][] = [];
  for (let dz = -1; dz <= 0; dz++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) {
        if (dx + 3 * dy + 9 * dz >= 0) continue;
        if (connectivity === 26 || Math.abs(dx) + Math.abs(dy) + Math.abs(dz) === 1) out.push([dx, dy, dz]);
      }
  return out;
}
