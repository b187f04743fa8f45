/**
 * The pictures of one case, small enough that two hundred cases fit one page: slices through the middle of the bone with
 * its contour on the scan's grey values (or on the bone alone, where there is only a mask), shaded views, and the steps.
 * All slices of a case share one scale, as all its views do. A picture is a PNG in base64, ready for a data URI.
 */
import type { View } from '../mesh/camera.ts';
import { blankImage, encodePng, type Image } from '../mesh/png.ts';
import { PLANES } from '../mesh/slices.ts';
import { renderDifference, renderMaskViews } from '../mesh/views.ts';
import { worldToVoxel } from '../volume/geometry.ts';
import { cut, resample } from '../volume/resample.ts';
import { centredGrid, type Mask, type Vec3, voxelToWorld } from '../volume/volume.ts';
import {
  type Box,
  boneBox,
  boneRange,
  CASE_SLICE_DEFAULTS,
  type CaseSliceOptions,
  longestOf,
  MARGIN,
  middleOf,
  type SliceInput,
  sliceImage,
} from './caseSlice.ts';

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

/** With a mask there are views, with a mask or a scan there are slices. */
export interface CaseInput extends SliceInput {
  /** Processing steps in order; larger images are made smaller. */
  steps?: readonly { title: string; image?: Image; note?: string }[];
}

export interface CaseSizes extends CaseSliceOptions {
  /** Pixels of a view's side. */
  view: number;
  /** Most pixels of a step's longer side. */
  step: number;
  views: readonly View[];
}

export const CASE_SIZES: CaseSizes = {
  ...CASE_SLICE_DEFAULTS,
  view: 150,
  step: 176,
  views: ['front', 'left', 'right', 'top', 'below', 'threeQuarter'],
};

const VIEW_NAMES: Record<View, string> = {
  front: 'front',
  left: 'left side',
  right: 'right side',
  back: 'back',
  top: 'top',
  below: 'below',
  threeQuarter: 'front left',
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
  const views = mask === undefined || full.views.length === 0 ? [] : renderViews(mask, full);
  const steps = (input.steps ?? []).map(
    ({ title, image, note }): CaseStep => ({
      title,
      ...(image && { picture: picture(shrink(image, full.step), title, `step: ${title}`) }),
      ...(note !== undefined && { note }),
    }),
  );
  return { slices, views, steps };
}

/** The shaded views of a bone alone, all of one scale; none of an empty mask. */
export function renderViews(mask: Mask, sizes: Partial<CaseSizes> = {}): CasePicture[] {
  const full = { ...CASE_SIZES, ...sizes };
  const box = boneBox(mask);
  if (box === undefined) return [];
  return viewImages(mask, box, full).map((image, v) => {
    const name = VIEW_NAMES[full.views[v]];
    return picture(image, name, `shaded bone seen from: ${name}`);
  });
}

/** Pixels of a block of a step's bone: drawn from voxels of 0.5 mm one picture would take fifteen seconds. */
const STEP_BLOCK = 2;

/** The shaded bone of one step as an image; undefined for an empty mask. */
export function renderStep(mask: Mask, size = CASE_SIZES.step): Image | undefined {
  const box = boneBox(mask);
  return box && viewImages(mask, box, { ...CASE_SIZES, view: size, views: ['threeQuarter'] }, STEP_BLOCK)[0];
}

/** mm: voxels that missing regions are drawn with, at least, and the radius of a missing point's ball. */
const MISSING_SPACING = 2.5;
const MISSING_RADIUS = 3;

/**
 * The bone of a centred grid, and in blue the surface that it lacks, given by points [n * 3] in the mask's space, mm; seen
 * obliquely from the side where more is missing.
 */
export function renderMissing(mask: Mask, points: Float32Array, size = CASE_SIZES.step): Image {
  const step = Math.max(MISSING_SPACING, ...mask.spacing);
  // Room for what lies outside of the grid.
  const cells = mask.size.map((n, a) => Math.ceil((n * mask.spacing[a]) / step) + 8) as unknown as Vec3;
  const grid = centredGrid(cells, [step, step, step]);
  const there: Mask = { ...grid, data: cut(resample(mask, grid).data, 0.4) };
  const whole: Mask = { ...there, data: there.data.slice() };
  const reach = Math.ceil(MISSING_RADIUS / step);
  let left = 0;
  for (let p = 0; p < points.length; p += 3) {
    left += Math.sign(points[p]);
    const at = worldToVoxel(grid, [points[p], points[p + 1], points[p + 2]]);
    const [i0, j0, k0] = at.map(Math.round);
    for (let k = k0 - reach; k <= k0 + reach; k++)
      for (let j = j0 - reach; j <= j0 + reach; j++)
        for (let i = i0 - reach; i <= i0 + reach; i++) {
          if (i < 0 || j < 0 || k < 0 || i >= cells[0] || j >= cells[1] || k >= cells[2]) continue;
          if (step * Math.hypot(i - at[0], j - at[1], k - at[2]) > MISSING_RADIUS) continue;
          whole.data[i + cells[0] * (j + cells[1] * k)] = 1;
        }
  }
  const view = { azimuth_deg: left < 0 ? -38 : 38, elevation_deg: 12 };
  return renderDifference(whole, there, { view, size, letters: true, fit: 'bone' });
}

const picture = (image: Image, title: string, alt: string): CasePicture => ({
  title,
  png: Buffer.from(encodePng(image)).toString('base64'),
  width: image.width,
  height: image.height,
  alt,
});

/** Shaded views of the bone in its box, all of one scale; from blocks of at most `pixels`. */
function viewImages(mask: Mask, box: Box, { view, views }: CaseSizes, pixels = 1): Image[] {
  const longest = longestOf(box);
  const [x, y, z] = middleOf(box);
  // An oblique view sees a little beyond half the longest side.
  const frame = { centre: [x, y, z] as const, halfWidth_mm: (longest / 2) * (1 + 2 * MARGIN) };
  return renderMaskViews(coarse(mask, (pixels * longest) / view), views, {
    size: view,
    frame,
    letters: true,
  });
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
