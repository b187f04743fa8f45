/**
 * A slice through the middle of a case's bone, with the bone's contour on the scan's grey values, or on the bone alone where
 * there is only a mask. It is sampled in the world, each pixel the mean of points as dense as the voxels, so any grid,
 * spacing or direction comes out upright and to scale, and a scan and a mask on different grids lie on each other. Greys
 * are rounded to 32 levels, without which the noise of a CT would take three quarters of a page of cases.
 */

import { BONE, type Colour } from '../mesh/colours.ts';
import { blankImage, type Image } from '../mesh/png.ts';
import { DARK, gridCorners, type Plane } from '../mesh/slices.ts';
import { drawText } from '../mesh/strokeFont.ts';
import { worldToVoxel } from '../volume/geometry.ts';
import { type Mask, type Vec3, type Volume, voxelToWorld } from '../volume/volume.ts';

export interface SliceInput {
  /** The bone; without it there is no contour. */
  mask?: Mask;
  /** The scan in HU, in the mask's space, on any grid. */
  scan?: Volume;
}

export interface CaseSliceOptions {
  /** Pixels of a slice's side. */
  slice: number;
  /** HU shown as black and as white. */
  window_HU: readonly [number, number];
}

export const CASE_SLICE_DEFAULTS: CaseSliceOptions = { slice: 216, window_HU: [-500, 1500] };

/** Orange, which no grey value and no bone has. */
const CONTOUR: Colour = [255, 140, 26];
const GREY_LEVELS = 32;
/** Room around the bone, in shares of its longest side. */
export const MARGIN = 0.05;

const PLANE_AXES: Record<Plane, { right: Vec3; down: Vec3; letters: [string, string] }> = {
  axial: { right: [1, 0, 0], down: [0, 1, 0], letters: ['R', 'L'] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1], letters: ['R', 'L'] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1], letters: ['A', 'P'] },
};

/** An axis-aligned box in LPS mm. */
export interface Box {
  low: Vec3;
  high: Vec3;
}

/** First and last bone voxel of every row along the grid's first axis that holds bone. */
function eachRow(mask: Mask, visit: (first: number, last: number, j: number, k: number) => void): void {
  const [nx, ny, nz] = mask.size;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++, p += nx) {
      let i = 0;
      while (i < nx && mask.data[p + i] === 0) i++;
      if (i === nx) continue;
      let e = nx - 1;
      while (mask.data[p + e] === 0) e--;
      visit(i, e, j, k);
    }
}

/** First and last voxel of the bone along each grid axis; undefined for an empty mask. */
export function boneRange(mask: Mask): { first: number[]; last: number[] } | undefined {
  const first = [...mask.size];
  const last = [-1, -1, -1];
  eachRow(mask, (i, e, j, k) => {
    [i, j, k].forEach((x, a) => {
      first[a] = Math.min(first[a], x);
    });
    [e, j, k].forEach((x, a) => {
      last[a] = Math.max(last[a], x);
    });
  });
  return last[0] < 0 ? undefined : { first, last };
}

/** The box of the bone's voxels in LPS mm, tight whatever the grid's directions; undefined for an empty mask. */
export function boneBox(mask: Mask): Box | undefined {
  const low: number[] = [Infinity, Infinity, Infinity];
  const high: number[] = [-Infinity, -Infinity, -Infinity];
  eachRow(mask, (i, e, j, k) => {
    // What lies between two voxels of a row is nowhere farther out than they are.
    for (const x of [i, e]) {
      const at = voxelToWorld(mask, x, j, k);
      for (let a = 0; a < 3; a++) {
        low[a] = Math.min(low[a], at[a]);
        high[a] = Math.max(high[a], at[a]);
      }
    }
  });
  if (high[0] < low[0]) return undefined;
  // Half a voxel, as far as it reaches along each axis of the world.
  const half = [0, 3, 6].map(
    (r) => mask.spacing.reduce((sum, s, c) => sum + s * Math.abs(mask.direction[r + c]), 0) / 2,
  );
  return {
    low: low.map((x, a) => x - half[a]) as unknown as Vec3,
    high: high.map((x, a) => x + half[a]) as unknown as Vec3,
  };
}

function boxOf(corners: readonly number[]): Box {
  const side = (pick: (...n: number[]) => number): Vec3 =>
    [0, 1, 2].map((a) => pick(...corners.filter((_, q) => q % 3 === a))) as unknown as Vec3;
  return { low: side(Math.min), high: side(Math.max) };
}

export const middleOf = ({ low, high }: Box): number[] => low.map((v, a) => (v + high[a]) / 2);
export const longestOf = ({ low, high }: Box): number => Math.max(...low.map((v, a) => high[a] - v));

/**
 * One slice through the middle of the bone (of the scan, when there is no bone) as a square image: the scan's greys in the
 * window, or the bone's colour, and the bone's contour. Throws `RangeError` when there is neither.
 */
export function sliceImage(
  { mask, scan }: SliceInput,
  plane: Plane,
  options: Partial<CaseSliceOptions> = {},
  box = mask && boneBox(mask),
): Image {
  const { slice: size, window_HU } = { ...CASE_SLICE_DEFAULTS, ...options };
  const shown = scan ?? mask;
  if (!shown) throw new RangeError('a slice needs a scan or a mask');
  const seen = box ?? boxOf(gridCorners(shown));
  const { right, down, letters } = PLANE_AXES[plane];
  const mm = (longestOf(seen) * (1 + 2 * MARGIN)) / size;
  const where: Where = { centre: middleOf(seen), right, down, mm, size };
  const bone = mask && box ? sampleSlice(mask, where, 0) : undefined;
  const image = blankImage(size, size, DARK);
  const grey = scan ? sampleSlice(scan, where, Number.NaN) : undefined;
  const [black, white] = window_HU;
  for (let p = 0, q = 0; p < size * size; p++, q += 4) {
    if (grey) {
      // Outside the scan, and where it has no value, the ground shows.
      if (Number.isNaN(grey[p])) continue;
      const share = Math.min(Math.max((grey[p] - black) / (white - black), 0), 1);
      const level = Math.round((Math.round(share * (GREY_LEVELS - 1)) * 255) / (GREY_LEVELS - 1));
      image.data.fill(level, q, q + 3);
    } else if (bone) {
      const share = Math.round(bone[p] * 4) / 4;
      for (let s = 0; s < 3; s++) image.data[q + s] = DARK[s] + share * 0.8 * (BONE[s] - DARK[s]);
    }
  }
  if (bone) drawContour(image, bone);
  const style = { height: 8, colour: [205, 208, 213] as const, weight: 1.4 };
  drawText(image, letters[0], 5, size / 2 - 4, style);
  drawText(image, letters[1], size - 5, size / 2 - 4, { ...style, align: 'right' });
  return image;
}

/** A square of the world: its middle, its axes, the mm of a pixel and the pixels of its side. */
interface Where {
  centre: readonly number[];
  right: Vec3;
  down: Vec3;
  mm: number;
  size: number;
}

/** Means of a volume over the pixels of a square: [size * size]; pixels with no point inside the volume are `outside`. */
function sampleSlice(volume: Volume, where: Where, outside: number): Float32Array {
  const { centre, right, down, mm, size } = where;
  const [nx, ny, nz] = volume.size;
  const { data } = volume;
  const fine = Math.min(4, Math.max(1, Math.ceil(mm / Math.min(...volume.spacing))));
  const n = size * fine;
  const step = mm / fine;
  const half = ((n - 1) / 2) * step;
  const at = (u: number, v: number): [number, number, number] =>
    worldToVoxel(volume, centre.map((c, a) => c + u * right[a] + v * down[a]) as unknown as Vec3);
  const origin = at(-half, -half);
  const across = at(step - half, -half).map((x, a) => x - origin[a]);
  const below = at(-half, step - half).map((x, a) => x - origin[a]);
  const sums = new Float32Array(size * size);
  const counts = new Uint8Array(size * size);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const x = origin[0] + column * across[0] + row * below[0];
      const y = origin[1] + column * across[1] + row * below[1];
      const z = origin[2] + column * across[2] + row * below[2];
      if (!(x > -0.5 && y > -0.5 && z > -0.5 && x < nx - 0.5 && y < ny - 0.5 && z < nz - 0.5)) continue;
      const value = linear(data, nx, ny, nz, x, y, z);
      if (Number.isNaN(value)) continue;
      const p = Math.floor(row / fine) * size + Math.floor(column / fine);
      sums[p] += value;
      counts[p]++;
    }
  }
  for (let p = 0; p < sums.length; p++) sums[p] = counts[p] > 0 ? sums[p] / counts[p] : outside;
  return sums;
}

/** Trilinear value at a voxel index, clamped to the grid. */
function linear(
  data: Volume['data'],
  nx: number,
  ny: number,
  nz: number,
  x: number,
  y: number,
  z: number,
): number {
  const i = Math.min(Math.max(Math.floor(x), 0), Math.max(nx - 2, 0));
  const j = Math.min(Math.max(Math.floor(y), 0), Math.max(ny - 2, 0));
  const k = Math.min(Math.max(Math.floor(z), 0), Math.max(nz - 2, 0));
  const fx = Math.min(Math.max(x - i, 0), 1);
  const fy = Math.min(Math.max(y - j, 0), 1);
  const fz = Math.min(Math.max(z - k, 0), 1);
  const dx = nx > 1 ? 1 : 0;
  const dy = ny > 1 ? nx : 0;
  const dz = nz > 1 ? nx * ny : 0;
  const p = i + nx * (j + ny * k);
  const near =
    (data[p] * (1 - fx) + data[p + dx] * fx) * (1 - fy) +
    (data[p + dy] * (1 - fx) + data[p + dx + dy] * fx) * fy;
  const q = p + dz;
  const far =
    (data[q] * (1 - fx) + data[q + dx] * fx) * (1 - fy) +
    (data[q + dy] * (1 - fx) + data[q + dx + dy] * fx) * fy;
  return near * (1 - fz) + far * fz;
}

/** Colours the pixels of the bone (share of half or more) that touch one that is not bone by a side. */
function drawContour(image: Image, bone: Float32Array): void {
  const { width, height, data } = image;
  const isBone = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && bone[y * width + x] >= 0.5;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (isBone(x, y) && !(isBone(x - 1, y) && isBone(x + 1, y) && isBone(x, y - 1) && isBone(x, y + 1)))
        data.set(CONTOUR, 4 * (y * width + x));
}
