/**
 * A mask straight to a picture: surface, frame, shading, and the letters that say which side is which. By default the
 * frame is the grid, not the bone, so that skulls of one dataset appear in one scale and place and can be compared.
 */
import type { Mask } from '../volume/volume.ts';
import { cameraOf, frameOf, VIEWS, type View } from './camera.ts';
import type { Mesh } from './mesh.ts';
import type { Image } from './png.ts';
import { BONE, type Colour, RENDER_DEFAULTS, type RenderOptions, renderMesh } from './render.ts';
import { EXTRA, gridCorners, MISSING, requireSameGrid, worldToVoxel } from './slices.ts';
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

/** Renders a mesh made from `mask` with the mask's framing. */
function renderIn(mask: Mask, mesh: Mesh, options: MaskViewOptions): Image {
  const { view, size, fit, frame, letters } = options;
  const camera = cameraOf(view);
  const [width, height] = typeof size === 'number' ? [size, size] : size;
  const points = fit === 'grid' ? gridCorners(mask) : mesh.positions;
  // Around a grid no margin: bone keeps clear of its border already.
  const seen = frame ?? frameOf(points, camera, width / height, fit === 'grid' ? 0 : 0.06);
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
  requireSameGrid(real, made);
  const full = { ...MASK_VIEW_DEFAULTS, ...options };
  const union: Mask = { ...real, data: real.data.map((v, p) => (v > 0 || made.data[p] > 0 ? 1 : 0)) };
  const mesh = maskSurface(union, full.surface);
  return renderIn(union, { ...mesh, colours: differenceColours(mesh, union, real, made, full.colour) }, full);
}

/** Each vertex takes the colour of the union's voxel nearest to a point half a voxel under the surface: [V * 3]. */
function differenceColours(
  mesh: Mesh,
  union: Mask,
  real: Mask,
  made: Mask,
  agreed: Colour = BONE,
): Uint8Array {
  const { positions, normals } = mesh;
  const colours = new Uint8Array(positions.length);
  const index = worldToVoxel(union);
  const step = Math.min(...union.spacing) / 2;
  const [nx, ny, nz] = union.size;
  const clamp = (v: number, n: number) => Math.min(Math.max(Math.round(v), 0), n - 1);
  for (let v = 0; v < positions.length; v += 3) {
    const [x, y, z] = [0, 1, 2].map((a) => positions[v + a] - (normals ? step * normals[v + a] : 0));
    const [i, j, k] = index(x, y, z);
    const p = clamp(i, nx) + nx * (clamp(j, ny) + ny * clamp(k, nz));
    const kept = real.data[p] > 0 === made.data[p] > 0;
    colours.set(kept ? agreed : real.data[p] > 0 ? MISSING : EXTRA, v);
  }
  return colours;
}
