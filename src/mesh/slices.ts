/**
 * Slices through masks, as radiologists hang them: axial seen from the feet with the face up, coronal seen from the
 * front; in both the patient's left is on the image's right. Sagittal has the face to the left. The world plane is
 * sampled by nearest voxel, so any spacing, direction or oblique grid comes out upright and to scale.
 */
import { worldToVoxel } from '../volume/geometry.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import { type Grid, type Mask, type Vec3, voxelToWorld } from '../volume/volume.ts';
import { BONE, type Colour } from './colours.ts';
import { beside } from './contactSheet.ts';
import { blankImage, type Image } from './png.ts';
import { drawText } from './strokeFont.ts';

export type Plane = 'axial' | 'coronal' | 'sagittal';

export const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

/** Image right and down in LPS, and the letters at the image's left and right. */
const AXES: Record<Plane, { right: Vec3; down: Vec3; letters: [string, string] }> = {
  axial: { right: [1, 0, 0], down: [0, 1, 0], letters: ['R', 'L'] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1], letters: ['R', 'L'] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1], letters: ['A', 'P'] },
};

export const DARK: Colour = [22, 24, 28];
/** Between the panels. */
const SEAM: Colour = [66, 70, 78];
/** Blue and orange can be told apart by colour-blind readers too. */
export const MISSING: Colour = [46, 120, 214];
export const EXTRA: Colour = [235, 122, 28];

/** The eight corners of a grid (outer faces of its border voxels) in LPS mm: [24]. */
export function gridCorners(grid: Grid): number[] {
  return Array.from({ length: 8 }, (_, c) => {
    const [i, j, k] = [0, 1, 2].map((a) => ((c >> a) & 1 ? grid.size[a] - 0.5 : -0.5));
    return voxelToWorld(grid, i, j, k);
  }).flat();
}

export interface SliceOptions {
  /** Pixels of each square panel. */
  size: number;
  /** LPS mm of the point all three planes pass through; default: the middle of the grid. */
  at?: Vec3;
  /** R and L, A and P at the edges. */
  letters: boolean;
}

export const SLICE_DEFAULTS: SliceOptions = { size: 240, letters: true };

/** One plane through a grid; `paint(voxel)` gives the colour of a voxel by its place in the data. */
function sliceOf(grid: Grid, plane: Plane, options: SliceOptions, paint: (voxel: number) => Colour): Image {
  const { size, letters } = options;
  const { right, down, letters: names } = AXES[plane];
  const corners = gridCorners(grid);
  const low = [0, 1, 2].map((a) => Math.min(...corners.filter((_, q) => q % 3 === a)));
  const high = [0, 1, 2].map((a) => Math.max(...corners.filter((_, q) => q % 3 === a)));
  const middle = low.map((v, a) => (v + high[a]) / 2);
  // One scale for the three planes: the grid's longest side fills the panel.
  const mm = Math.max(...low.map((v, a) => high[a] - v)) / size;
  const at = options.at ?? middle;
  const start = [0, 1, 2].map((a) => (right[a] || down[a] ? middle[a] : at[a]));
  const image = blankImage(size, size, DARK);
  const [nx, ny, nz] = grid.size;
  for (let row = 0; row < size; row++) {
    const v = (row + 0.5 - size / 2) * mm;
    for (let column = 0; column < size; column++) {
      const u = (column + 0.5 - size / 2) * mm;
      const [x, y, z] = start.map((c, a) => c + u * right[a] + v * down[a]);
      const [fi, fj, fk] = worldToVoxel(grid, [x, y, z]);
      const i = Math.round(fi);
      const j = Math.round(fj);
      const k = Math.round(fk);
      if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) continue;
      const colour = paint(i + nx * (j + ny * k));
      image.data.set(colour, 4 * (row * size + column));
    }
  }
  if (letters) {
    const style = { height: 8, colour: [190, 194, 200] as const, weight: 1.4 };
    drawText(image, names[0], 6, size / 2 - 4, style);
    drawText(image, names[1], size - 6, size / 2 - 4, { ...style, align: 'right' });
  }
  return image;
}

/** Axial, coronal and sagittal slices of a mask, each its own square image. */
export function sliceImages(mask: Mask, options: Partial<SliceOptions> = {}): Record<Plane, Image> {
  const full = { ...SLICE_DEFAULTS, ...options };
  const one = (plane: Plane) => sliceOf(mask, plane, full, (v) => (mask.data[v] > 0 ? BONE : DARK));
  return { axial: one('axial'), coronal: one('coronal'), sagittal: one('sagittal') };
}

/** Axial, coronal and sagittal slices of a mask side by side. */
export function renderSlices(mask: Mask, options: Partial<SliceOptions> = {}): Image {
  const images = sliceImages(mask, options);
  return beside(
    PLANES.map((plane) => images[plane]),
    2,
    SEAM,
  );
}

/**
 * Slices of `made` against `real`, side by side: agreement in bone colour, bone that `made` misses in blue, bone it adds in
 * orange. Throws `GridError` when the grids differ.
 */
export function renderDifferenceSlices(real: Mask, made: Mask, options: Partial<SliceOptions> = {}): Image {
  requireSameGrid(real, made, 'the real mask', 'the one made');
  const full = { ...SLICE_DEFAULTS, ...options };
  const paint = (v: number): Colour => {
    if (real.data[v] > 0) return made.data[v] > 0 ? BONE : MISSING;
    return made.data[v] > 0 ? EXTRA : DARK;
  };
  return beside(
    PLANES.map((plane) => sliceOf(real, plane, full, paint)),
    2,
    SEAM,
  );
}
