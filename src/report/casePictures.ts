/**
 * The pictures of one case, small enough that two hundred cases fit one page: slices through the middle of the bone with
 * its contour on the scan's grey values (or on the bone alone, where there is only a mask), shaded views, and the steps.
 * All slices of a case share one scale, as all its views do. A picture is a PNG in base64, ready for a data URI.
 *
 * A slice is sampled in the world, each pixel the mean of points as dense as the voxels, so any grid, spacing or direction
 * comes out upright and to scale, and a scan and a mask on different grids lie on each other. Greys are rounded to 32
 * levels, without which the noise of a CT would take three quarters of the page.
 */

import type { View } from '../mesh/camera.ts';
import { blankImage, encodePng, type Image } from '../mesh/png.ts';
import { BONE, type Colour } from '../mesh/render.ts';
import { DARK, gridCorners, PLANES, type Plane } from '../mesh/slices.ts';
import { drawText } from '../mesh/strokeFont.ts';
import { renderMaskViews } from '../mesh/views.ts';
import { worldToVoxel } from '../volume/geometry.ts';
import { type Mask, type Vec3, type Volume, voxelToWorld } from '../volume/volume.ts';

export interface CasePicture {
  title: string;
  /** PNG in base64. */
  png: string;
  width: number;
  height: number;
  /** What someone who cannot see it should know. */
  alt: string;
}

export interface CaseStep {
  title: string;
  picture?: CasePicture;
  note?: string;
}

export interface CasePictures {
  slices: CasePicture[];
  views: CasePicture[];
  steps: CaseStep[];
}

export interface CaseInput {
  /** The bone; without it there are no views and no contour. */
  mask?: Mask;
  /** The scan in HU, in the mask's space, on any grid. */
  scan?: Volume;
  /** Processing steps in order; larger images are made smaller. */
  steps?: readonly { title: string; image?: Image; note?: string }[];
}

export interface CaseSizes {
  /** Pixels of a slice's side. */
  slice: number;
  /** Pixels of a view's side. */
  view: number;
  /** Most pixels of a step's longer side. */
  step: number;
  /** HU shown as black and as white. */
  window_HU: readonly [number, number];
  views: readonly View[];
}

export const CASE_SIZES: CaseSizes = {
  slice: 208,
  view: 150,
  step: 176,
  window_HU: [-500, 1500],
  views: ['front', 'left', 'right', 'top', 'below', 'threeQuarter'],
};

/** Orange, which no grey value and no bone has. */
const CONTOUR: Colour = [255, 140, 26];
const GREY_LEVELS = 32;
/** Room around the bone, in shares of its longest side. */
const MARGIN = 0.05;

const VIEW_NAMES: Record<View, string> = {
  front: 'front',
  left: 'left side',
  right: 'right side',
  back: 'back',
  top: 'top',
  below: 'below',
  threeQuarter: 'front left',
};

const PLANE_AXES: Record<Plane, { right: Vec3; down: Vec3; letters: [string, string] }> = {
  axial: { right: [1, 0, 0], down: [0, 1, 0], letters: ['R', 'L'] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1], letters: ['R', 'L'] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1], letters: ['A', 'P'] },
};

/** The pictures of a case. With neither mask nor scan there are only those of its steps. */
export function renderCase(input: CaseInput, sizes: Partial<CaseSizes> = {}): CasePictures {
  const full = { ...CASE_SIZES, ...sizes };
  const { mask, scan } = input;
  const box = mask && boneBox(mask);
  const what = scan ? (box ? 'scan with the contour of the bone' : 'scan') : 'bone';
  const slices =
    scan || box
      ? PLANES.map((plane) =>
          picture(sliceImage(input, plane, full, box), plane, `${plane} slice through the middle: ${what}`),
        )
      : [];
  const views =
    mask && box
      ? viewImages(mask, box, full).map((image, v) => {
          const name = VIEW_NAMES[full.views[v]];
          return picture(image, name, `shaded bone seen from: ${name}`);
        })
      : [];
  const steps = (input.steps ?? []).map(
    ({ title, image, note }): CaseStep => ({
      title,
      ...(image && { picture: picture(shrink(image, full.step), title, `step: ${title}`) }),
      ...(note !== undefined && { note }),
    }),
  );
  return { slices, views, steps };
}

const picture = (image: Image, title: string, alt: string): CasePicture => ({
  title,
  png: Buffer.from(encodePng(image)).toString('base64'),
  width: image.width,
  height: image.height,
  alt,
});

/** An axis-aligned box in LPS mm. */
interface Box {
  low: Vec3;
  high: Vec3;
}

/** First and last voxel of the bone along each grid axis; undefined for an empty mask. */
function boneRange(mask: Mask): { first: number[]; last: number[] } | undefined {
  const [nx, ny, nz] = mask.size;
  const first = [nx, ny, nz];
  const last = [-1, -1, -1];
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++, p += nx) {
      let i = 0;
      while (i < nx && mask.data[p + i] === 0) i++;
      if (i === nx) continue;
      let e = nx - 1;
      while (mask.data[p + e] === 0) e--;
      [i, j, k].forEach((x, a) => {
        first[a] = Math.min(first[a], x);
      });
      [e, j, k].forEach((x, a) => {
        last[a] = Math.max(last[a], x);
      });
    }
  return last[0] < 0 ? undefined : { first, last };
}

/** The box of the bone's voxels in LPS mm; undefined for an empty mask. */
function boneBox(mask: Mask): Box | undefined {
  const range = boneRange(mask);
  if (!range) return undefined;
  const corners = Array.from({ length: 8 }, (_, c) => {
    const [i, j, k] = [0, 1, 2].map((a) => ((c >> a) & 1 ? range.last[a] + 0.5 : range.first[a] - 0.5));
    return voxelToWorld(mask, i, j, k);
  });
  return boxOf(corners.flat());
}

function boxOf(corners: readonly number[]): Box {
  const side = (pick: (...n: number[]) => number): Vec3 =>
    [0, 1, 2].map((a) => pick(...corners.filter((_, q) => q % 3 === a))) as unknown as Vec3;
  return { low: side(Math.min), high: side(Math.max) };
}

const middleOf = ({ low, high }: Box): number[] => low.map((v, a) => (v + high[a]) / 2);
const longestOf = ({ low, high }: Box): number => Math.max(...low.map((v, a) => high[a] - v));

/**
 * One slice through the middle of the bone (of the scan, when there is no bone) as a square image: the scan's greys in the
 * window, or the bone's colour, and the bone's contour. Throws `RangeError` when there is neither.
 */
export function sliceImage(
  { mask, scan }: Pick<CaseInput, 'mask' | 'scan'>,
  plane: Plane,
  sizes: Partial<CaseSizes> = {},
  box = mask && boneBox(mask),
): Image {
  const { slice: size, window_HU } = { ...CASE_SIZES, ...sizes };
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

/** Shaded views of the bone in its box, all of one scale. */
function viewImages(mask: Mask, box: Box, { view, views }: CaseSizes): Image[] {
  const longest = longestOf(box);
  const [x, y, z] = middleOf(box);
  // An oblique view sees a little beyond half the longest side.
  const frame = { centre: [x, y, z] as const, halfWidth_mm: (longest / 2) * (1 + 2 * MARGIN) };
  return renderMaskViews(coarse(mask, longest / view), views, { size: view, frame, letters: true });
}

/** Empty voxels around a coarse mask, so that its surface is round where the bone ends. */
const PAD = 2;

/**
 * The bone's part of a mask in blocks of whole voxels no larger than `wanted` mm, or in its own voxels where they are larger:
 * the largest mask is then drawn in a second. A block is bone from a share of 0.4 on: plates thinner than a pixel are seen.
 */
function coarse(mask: Mask, wanted: number): Mask {
  const range = boneRange(mask) ?? { first: [0, 0, 0], last: [0, 0, 0] };
  const { first, last } = range;
  const block = mask.spacing.map((s) => Math.max(1, Math.floor(wanted / s + 1e-6)));
  const [bx, by, bz] = block;
  const size = first.map((f, a) => Math.floor((last[a] - f) / block[a]) + 1 + 2 * PAD) as unknown as Vec3;
  const counts = new Uint32Array(size[0] * size[1] * size[2]);
  for (let k = first[2]; k <= last[2]; k++)
    for (let j = first[1]; j <= last[1]; j++) {
      const from = mask.size[0] * (j + mask.size[1] * k);
      const to =
        PAD +
        size[0] * (PAD + Math.floor((j - first[1]) / by) + size[1] * (PAD + Math.floor((k - first[2]) / bz)));
      for (let i = first[0], q = to, r = 0; i <= last[0]; i++) {
        if (mask.data[from + i] > 0) counts[q]++;
        if (++r === bx) {
          r = 0;
          q++;
        }
      }
    }
  const most = bx * by * bz;
  const at = first.map((f, a) => f + (block[a] - 1) / 2 - PAD * block[a]);
  return {
    size,
    spacing: mask.spacing.map((s, a) => s * block[a]) as unknown as Vec3,
    origin: voxelToWorld(mask, at[0], at[1], at[2]),
    direction: mask.direction,
    data: Uint8Array.from(counts, (n) => (n >= 0.4 * most ? 1 : 0)),
  };
}

/** The image with its longer side at most `most` pixels: means over the pixels that become one. */
export function shrink(image: Image, most: number): Image {
  const { width, height, data } = image;
  const scale = Math.max(width, height) / most;
  if (scale <= 1) return image;
  const out = blankImage(Math.max(1, Math.round(width / scale)), Math.max(1, Math.round(height / scale)));
  for (let y = 0; y < out.height; y++) {
    const top = Math.floor((y * height) / out.height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / out.height));
    for (let x = 0; x < out.width; x++) {
      const left = Math.floor((x * width) / out.width);
      const right = Math.max(left + 1, Math.floor(((x + 1) * width) / out.width));
      for (let s = 0; s < 4; s++) {
        let sum = 0;
        for (let row = top; row < bottom; row++)
          for (let column = left; column < right; column++) sum += data[4 * (row * width + column) + s];
        out.data[4 * (y * out.width + x) + s] = Math.round(sum / ((bottom - top) * (right - left)));
      }
    }
  }
  return out;
}
