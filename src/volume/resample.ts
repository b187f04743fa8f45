/**
 * Resampling: the values of a volume on another grid of any position, direction and spacing.
 *
 * Trilinear interpolation between the eight voxels around a point; outside the volume there is a constant. Where the
 * target is coarser than the source, interpolation alone would look at 8 of the many voxels under a target voxel and
 * drop the rest (aliasing: speckled surfaces, holes in thin bone), so the source is first averaged with a box as wide as
 * the step of the target along each source axis. A mask goes through the same as real numbers and is cut at 0.5, which
 * keeps surfaces where they are and gives better anatomy than the nearest voxel. Thin plates below half a target voxel
 * fall under 0.5 and vanish: `threshold` may be lowered for bones that are thin at the target spacing.
 *
 * Only the part of the source under the target is touched: it is copied with a border of one voxel of the outside
 * value, so that the inner loop needs one range check for a point and none for its neighbours.
 */
import { type IndexMap, indexMap } from './geometry.ts';
import { type Grid, type Mask, type Vec3, type Volume, type VoxelArray, voxelCount } from './volume.ts';

export interface ResampleOptions {
  /** The value outside the source volume. Default 0. */
  outside?: number;
  /** Average over a target voxel where the target is coarser. Default true. */
  antialias?: boolean;
}

/** Default cut of a resampled mask. */
export const MASK_THRESHOLD = 0.5;

/** The values of `volume` on `grid`, trilinear, box-averaged first along axes where `grid` is coarser. */
export function resample(volume: Volume, grid: Grid, options: ResampleOptions = {}): Volume<Float32Array> {
  const map = indexMap(grid, volume);
  const data = resampleByMap(volume.data, volume.size, map, grid.size, options);
  return { ...copyGrid(grid), data };
}

/** `mask` on `grid`: linear interpolation of its 0 and 1, bone where the result reaches `threshold`. */
export function resampleMask(mask: Mask, grid: Grid, threshold = MASK_THRESHOLD): Mask {
  const soft = resample(mask, grid);
  return { ...copyGrid(grid), data: cut(soft.data, threshold) };
}

/** 1 where `soft >= threshold` (less a rounding margin of 1e-6, so that exact halves are bone on every machine). */
export function cut(soft: Float32Array, threshold: number): Uint8Array {
  const out = new Uint8Array(soft.length);
  const level = threshold - 1e-6;
  for (let i = 0; i < soft.length; i++) out[i] = soft[i] >= level ? 1 : 0;
  return out;
}

/**
 * `out[i, j, k] = source(map . (i, j, k, 1))` for data of `size` onto `targetSize` voxels: the form without geometry,
 * which augmentation uses.
 */
export function resampleByMap(
  data: VoxelArray,
  size: Vec3,
  map: IndexMap,
  targetSize: Vec3,
  options: ResampleOptions = {},
): Float32Array {
  const { outside = 0, antialias = true } = options;
  const out = new Float32Array(voxelCount(targetSize)).fill(outside);
  // A step of one target voxel moves this far along each source axis; above 1 the box has that width.
  const step = [0, 4, 8].map((r) => Math.hypot(map[r], map[r + 1], map[r + 2]));
  const width = step.map((s) => (antialias && s > 1 + 1e-6 ? s : 1));
  const region = regionUnder(map, size, targetSize, width);
  if (region === undefined) return out;
  let buffer: VoxelArray = cropPadded(data, size, region, outside);
  for (let axis = 0; axis < 3; axis++)
    if (width[axis] > 1) buffer = boxAverage(buffer, region.size, axis, width[axis]);
  const local = Float64Array.from(map);
  for (let r = 0; r < 3; r++) local[4 * r + 3] -= region.start[r];
  interpolate(buffer, region.size, local, targetSize, out);
  return out;
}

interface Region {
  start: Vec3;
  size: Vec3;
}

/** The block of source voxels that the target can see, with a border of the outside value; undefined when disjoint. */
function regionUnder(map: IndexMap, size: Vec3, targetSize: Vec3, width: number[]): Region | undefined {
  const start = [0, 0, 0];
  const extent = [0, 0, 0];
  for (let r = 0; r < 3; r++) {
    let low = map[4 * r + 3];
    let high = low;
    for (let c = 0; c < 3; c++) {
      const reach = map[4 * r + c] * (targetSize[c] - 1);
      low += Math.min(0, reach);
      high += Math.max(0, reach);
    }
    const border = Math.ceil(width[r] / 2) + 1;
    start[r] = Math.max(-border, Math.floor(low) - border);
    extent[r] = Math.min(size[r] - 1 + border, Math.ceil(high) + border) - start[r] + 1;
    if (high < -border || low > size[r] - 1 + border || extent[r] < 1) return undefined;
  }
  return { start: start as unknown as Vec3, size: extent as unknown as Vec3 };
}

function cropPadded(data: VoxelArray, size: Vec3, region: Region, outside: number): VoxelArray {
  const [nx, ny, nz] = region.size;
  const [sx, sy, sz] = region.start;
  const n = nx * ny * nz;
  // Masks stay bytes: a quarter of the memory of a float copy.
  const bytes = data instanceof Uint8Array && Number.isInteger(outside) && outside >= 0 && outside <= 255;
  const out = bytes ? new Uint8Array(n) : new Float32Array(n);
  if (outside !== 0) out.fill(outside);
  const i0 = Math.max(0, sx);
  const i1 = Math.min(size[0], sx + nx);
  for (let k = Math.max(0, sz); k < Math.min(size[2], sz + nz); k++)
    for (let j = Math.max(0, sy); j < Math.min(size[1], sy + ny); j++) {
      const row = size[0] * (j + size[1] * k);
      out.set(data.subarray(row + i0, row + i1), i0 - sx + nx * (j - sy + ny * (k - sz)));
    }
  return out;
}

/**
 * The mean over a window of `width` voxels (fractional: the two ends count in part) along one axis, edge voxels repeated:
 * `out[i] = 1/width . integral of data over [i - width/2, i + width/2]`.
 */
export function boxAverage(data: VoxelArray, size: Vec3, axis: number, width: number): Float32Array {
  const reach = Math.ceil(width / 2 - 0.5);
  const weights = new Float64Array(2 * reach + 1);
  for (let d = -reach; d <= reach; d++)
    weights[d + reach] = Math.max(0, Math.min(d + 0.5, width / 2) - Math.max(d - 0.5, -width / 2)) / width;
  const inner = axis === 0 ? 1 : axis === 1 ? size[0] : size[0] * size[1];
  const n = size[axis];
  const outer = data.length / (inner * n);
  const out = new Float32Array(data.length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < n; i++) {
      const to = inner * (i + n * o);
      for (let d = -reach; d <= reach; d++) {
        const w = weights[d + reach];
        const from = inner * (Math.min(n - 1, Math.max(0, i + d)) + n * o);
        for (let x = 0; x < inner; x++) out[to + x] += w * data[from + x];
      }
    }
  return out;
}

/** Trilinear values at `map . (i, j, k, 1)`; points outside [0, n - 1] are left as they are in `out`. */
function interpolate(data: VoxelArray, size: Vec3, map: IndexMap, targetSize: Vec3, out: Float32Array): void {
  const [nx, ny, nz] = size;
  const plane = nx * ny;
  let to = 0;
  for (let k = 0; k < targetSize[2]; k++)
    for (let j = 0; j < targetSize[1]; j++) {
      const bx = map[1] * j + map[2] * k + map[3];
      const by = map[5] * j + map[6] * k + map[7];
      const bz = map[9] * j + map[10] * k + map[11];
      for (let i = 0; i < targetSize[0]; i++, to++) {
        const x = bx + map[0] * i;
        const y = by + map[4] * i;
        const z = bz + map[8] * i;
        if (!(x >= 0 && y >= 0 && z >= 0 && x <= nx - 1 && y <= ny - 1 && z <= nz - 1)) continue;
        // The last voxel of an axis is reached as 'one before, weight 1', so that no neighbour lies outside.
        const ix = Math.min(Math.floor(x), Math.max(0, nx - 2));
        const iy = Math.min(Math.floor(y), Math.max(0, ny - 2));
        const iz = Math.min(Math.floor(z), Math.max(0, nz - 2));
        const fx = x - ix;
        const fy = y - iy;
        const fz = z - iz;
        const p = ix + nx * iy + plane * iz;
        const dx = nx > 1 ? 1 : 0;
        const dy = ny > 1 ? nx : 0;
        const dz = nz > 1 ? plane : 0;
        const c00 = data[p] + fx * (data[p + dx] - data[p]);
        const c10 = data[p + dy] + fx * (data[p + dx + dy] - data[p + dy]);
        const c01 = data[p + dz] + fx * (data[p + dx + dz] - data[p + dz]);
        const c11 = data[p + dy + dz] + fx * (data[p + dx + dy + dz] - data[p + dy + dz]);
        const c0 = c00 + fy * (c10 - c00);
        const c1 = c01 + fy * (c11 - c01);
        out[to] = c0 + fz * (c1 - c0);
      }
    }
}

function copyGrid({ size, spacing, origin, direction }: Grid): Grid {
  return { size, spacing, origin, direction };
}
