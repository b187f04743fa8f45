/**
 * Connected components by runs: a mask is cut into runs of set voxels along x, and runs of neighbouring rows that touch
 * are joined by union-find. The memory is that of the runs (a bone mask of 512^3 has one or two million) where a label
 * for every voxel would take half a gigabyte. `labelComponents` (components.ts) is the form with a label a voxel.
 */
import type { Connectivity } from './components.ts';
import { type Vec3, voxelCount } from './volume.ts';

export interface Runs {
  size: Vec3;
  /** Run r of row `j + ny k` has `rows[row] <= r < rows[row + 1]`. */
  rows: Int32Array;
  /** First x of each run, and the x past its last. */
  begin: Int32Array;
  end: Int32Array;
  /** Component of each run: 0 the largest, 1 the next .. */
  labels: Int32Array;
  /** Voxels of each component, falling; equal sizes are ordered by their first voxel. */
  sizes: Int32Array;
}

/** Labels the components of `mask`, or of its background when `of` is 0. */
export function labelRuns(
  mask: Uint8Array,
  size: Vec3,
  connectivity: Connectivity = 26,
  of: 0 | 1 = 1,
): Runs {
  const runs = findRuns(mask, size, of);
  const parent = joinRuns(runs, connectivity);
  const n = parent.length;
  const voxels = new Int32Array(n);
  for (let r = 0; r < n; r++) voxels[parent[r]] += runs.end[r] - runs.begin[r];
  const roots = new Int32Array(n).map((_, r) => r).filter((r) => parent[r] === r);
  roots.sort((a, b) => voxels[b] - voxels[a] || a - b);
  const label = new Int32Array(n);
  roots.forEach((root, c) => {
    label[root] = c;
  });
  return { ...runs, labels: parent.map((root) => label[root]), sizes: roots.map((r) => voxels[r]) };
}

/** The mask of the components whose `keep[label]` is not 0. */
export function paintRuns(runs: Runs, keep: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(voxelCount(runs.size));
  forEachRun(runs, (at, length, label) => {
    if (keep[label]) out.fill(1, at, at + length);
  });
  return out;
}

/** Calls `visit(first voxel, voxels, component)` for each run in the order of memory. */
export function forEachRun(runs: Runs, visit: (at: number, length: number, label: number) => void): void {
  const { size, rows, begin, end, labels } = runs;
  for (let row = 0; row + 1 < rows.length; row++)
    for (let r = rows[row]; r < rows[row + 1]; r++)
      visit(row * size[0] + begin[r], end[r] - begin[r], labels[r]);
}

/** Voxels of each component that lie in `mask`. */
export function overlapOfRuns(runs: Runs, mask: Uint8Array): Int32Array {
  const out = new Int32Array(runs.sizes.length);
  forEachRun(runs, (at, length, label) => {
    for (let p = at; p < at + length; p++) out[label] += mask[p] !== 0 ? 1 : 0;
  });
  return out;
}

function findRuns(mask: Uint8Array, size: Vec3, of: 0 | 1): Omit<Runs, 'labels' | 'sizes'> {
  const [nx, ny, nz] = size;
  const rows = new Int32Array(ny * nz + 1);
  let begin = new Int32Array(1 << 16);
  let end = new Int32Array(1 << 16);
  let r = 0;
  for (let row = 0, p = 0; row < ny * nz; row++) {
    const first = p;
    const last = p + nx;
    while (p < last) {
      if (of === 1) while (p < last && mask[p] === 0) p++;
      else while (p < last && mask[p] !== 0) p++;
      if (p === last) break;
      if (r === begin.length) {
        begin = grown(begin);
        end = grown(end);
      }
      begin[r] = p - first;
      if (of === 1) while (p < last && mask[p] !== 0) p++;
      else while (p < last && mask[p] === 0) p++;
      end[r++] = p - first;
    }
    rows[row + 1] = r;
  }
  return { size, rows, begin: begin.slice(0, r), end: end.slice(0, r) };
}

function grown(data: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(2 * data.length);
  out.set(data);
  return out;
}

/** The first run of each run's component. */
function joinRuns(runs: Omit<Runs, 'labels' | 'sizes'>, connectivity: Connectivity): Int32Array {
  const { rows, begin, end } = runs;
  const [, ny, nz] = runs.size;
  const parent = new Int32Array(begin.length);
  for (let r = 0; r < parent.length; r++) parent[r] = r;
  const find = (r: number): number => {
    while (parent[r] !== r) {
      parent[r] = parent[parent[r]];
      r = parent[r];
    }
    return r;
  };
  // Diagonal neighbours touch across one voxel; face neighbours must share an x.
  const slack = connectivity === 26 ? 1 : 0;
  const join = (row: number, other: number): void => {
    let a = rows[row];
    let b = rows[other];
    while (a < rows[row + 1] && b < rows[other + 1]) {
      if (begin[a] < end[b] + slack && begin[b] < end[a] + slack) {
        const x = find(a);
        const y = find(b);
        if (x < y) parent[y] = x;
        else parent[x] = y;
      }
      if (end[a] < end[b]) a++;
      else b++;
    }
  };
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = j + ny * k;
      if (j > 0) join(row, row - 1);
      if (k === 0) continue;
      join(row, row - ny);
      if (slack === 0) continue;
      if (j > 0) join(row, row - ny - 1);
      if (j < ny - 1) join(row, row - ny + 1);
    }
  for (let r = 0; r < parent.length; r++) parent[r] = find(r);
  return parent;
}
