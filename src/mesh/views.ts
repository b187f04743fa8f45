/**
 * A mask straight to a picture: surface, frame, shading, and the letters that say which side is which. By default the
 * frame is the grid, not the bone, so that skulls of one dataset appear in one scale and place and can be compared.
 */

import { worldToVoxel } from '../volume/geometry.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import { type Grid, type Mask, type Volume, voxelToWorld } from '../volume/volume.ts';
import { cameraOf, type Frame, frameOf, VIEWS, type View } from './camera.ts';
import type { Colour } from './colours.ts';
import type { Mesh } from './mesh.ts';
import type { Image } from './png.ts';
import { RENDER_DEFAULTS, type RenderOptions, renderMesh } from './render.ts';
import { EXTRA, MISSING } from './slices.ts';
import { gaussianBlur } from './smoothMask.ts';
import { drawText } from './strokeFont.ts';
import { type MaskSurfaceOptions, maskSurface } from './surface.ts';

export interface MaskViewOptions extends RenderOptions {
  /** 'grid': the whole grid fills the picture; 'bone': the bone does. `frame`, when given, wins. */
  fit: 'grid' | 'bone';
  /** R, L, A, P at the sides of the picture. */
  letters: boolean;
  surface?: Partial<MaskSurfaceOptions>;
}

export const MASK_VIEW_DEFAULTS: MaskViewOptions = { ...RENDER_DEFAULTS, fit: 'grid', letters: false };

/** The letter of the anatomical direction that a camera's right or left side points to, when one dominates. */
function sideLetter(x: number, y: number, z: number): string {
  const size = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  if (size < 0.9) return '';
  if (size === Math.abs(x)) return x > 0 ? 'L' : 'R';
  if (size === Math.abs(y)) return y > 0 ? 'P' : 'A';
  return z > 0 ? 'H' : 'F';
}

/** An oblique view sees a skull's chin or crown beyond the grid's half side: by 2 % at most in 12 phantoms of 48^3. */
const OBLIQUE = 1.06;

/** The grid's middle, and half its longest side, 6 % more in an oblique view: one scale for one view of one grid. */
export function gridFrame(grid: Grid, view: RenderOptions['view']): Frame {
  const [x, y, z] = voxelToWorld(grid, ...centreIndex(grid));
  const half = Math.max(...grid.size.map((n, a) => n * grid.spacing[a])) / 2;
  const { right, up } = cameraOf(view);
  const straight = [right, up].every((axis) => Math.max(...axis.map(Math.abs)) > 0.999);
  return { centre: [x, y, z], halfWidth_mm: straight ? half : half * OBLIQUE };
}

const centreIndex = ({ size }: Grid): [number, number, number] => [
  (size[0] - 1) / 2,
  (size[1] - 1) / 2,
  (size[2] - 1) / 2,
];

/** Renders a mesh made from `mask` with the mask's framing. */
function renderIn(mask: Mask, mesh: Mesh, options: MaskViewOptions): Image {
  const { view, size, fit, frame, letters } = options;
  const camera = cameraOf(view);
  const [width, height] = typeof size === 'number' ? [size, size] : size;
  const seen =
    frame ?? (fit === 'grid' ? gridFrame(mask, view) : frameOf(mesh.positions, camera, width / height));
  const image = renderMesh(mesh, { ...options, frame: seen });
  if (letters) {
    const [x, y, z] = camera.right;
    const style = { height: Math.max(7, height / 36), colour: [120, 124, 130] as const };
    drawText(image, sideLetter(-x, -y, -z), 6, height / 2 - 4, style);
    drawText(image, sideLetter(x, y, z), width - 6, height / 2 - 4, { ...style, align: 'right' });
  }
  return image;
}

/** A shaded picture of a bone mask. An empty mask gives the bare ground. */
export function renderMask(mask: Mask, options: Partial<MaskViewOptions> = {}): Image {
  const full = { ...MASK_VIEW_DEFAULTS, ...options };
  return renderIn(mask, maskSurface(mask, full.surface), full);
}

/** The same from several sides; the surface is made once. */
export function renderMaskViews(
  mask: Mask,
  views: readonly View[] = Object.keys(VIEWS) as View[],
  options: Partial<MaskViewOptions> = {},
): Image[] {
  const full = { ...MASK_VIEW_DEFAULTS, ...options };
  const mesh = maskSurface(mask, full.surface);
  return views.map((view) => renderIn(mask, mesh, { ...full, view }));
}

/**
 * The surface of what `real` or `made` hold, coloured: bone where both agree, blue where `made` misses bone, orange where it
 * adds some. Throws `GridError` when the grids differ.
 */
export function renderDifference(real: Mask, made: Mask, options: Partial<MaskViewOptions> = {}): Image {
  requireSameGrid(real, made, 'the real mask', 'the one made');
  const full = { ...MASK_VIEW_DEFAULTS, ...options };
  const union: Mask = { ...real, data: real.data.map((v, p) => (v > 0 || made.data[p] > 0 ? 1 : 0)) };
  const mesh = maskSurface(union, full.surface);
  return renderIn(union, { ...mesh, colours: differenceColours(mesh, real, made, full.colour) }, full);
}

/**
 * `d = (G * made - G * real)` at each vertex, G a Gaussian of one voxel: 0 where the two surfaces lie together. Colour begins at
 * |d| = 0.08 and is full at 0.3, about one voxel apart: [V * 3].
 */
function differenceColours(mesh: Mesh, real: Mask, made: Mask, agreed: Colour): Uint8Array {
  const { positions } = mesh;
  const colours = new Uint8Array(positions.length);
  const binary = (mask: Mask): Mask => ({ ...mask, data: mask.data.map((v) => (v > 0 ? 1 : 0)) });
  const was = gaussianBlur(binary(real), 1).data;
  const is = gaussianBlur(binary(made), 1).data;
  const difference: Volume<Float32Array> = { ...real, data: is.map((v, p) => v - was[p]) };
  for (let v = 0; v < positions.length; v += 3) {
    const d = sampleLinear(
      difference,
      worldToVoxel(real, [positions[v], positions[v + 1], positions[v + 2]]),
    );
    const strength = Math.min(Math.max((Math.abs(d) - 0.08) / 0.22, 0), 1);
    const other = d < 0 ? MISSING : EXTRA;
    for (let s = 0; s < 3; s++) colours[v + s] = Math.round(agreed[s] + strength * (other[s] - agreed[s]));
  }
  return colours;
}

/** Trilinear value of a volume at a fractional voxel index, clamped to the grid. */
function sampleLinear(volume: Volume<Float32Array>, index: readonly number[]): number {
  const { size, data } = volume;
  const at = index.map((v, a) => Math.min(Math.max(v, 0), size[a] - 1));
  const low = at.map((v, a) => Math.min(Math.floor(v), Math.max(size[a] - 2, 0)));
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    let weight = 1;
    const q = low.map((l, a) => {
      const far = (corner >> a) & 1;
      weight *= far ? at[a] - l : 1 - (at[a] - l);
      return Math.min(l + far, size[a] - 1);
    });
    if (weight > 0) sum += weight * data[q[0] + size[0] * (q[1] + size[1] * q[2])];
  }
  return sum;
}
