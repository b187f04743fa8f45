/**
 * The door of the phantom skulls: individual `index` of `seed` as a bone mask on a grid, with its class of quality and
 * its measurements. Phantoms are invented shapes for demonstrations and tests; label them as phantoms wherever they
 * are shown.
 */
import { GridError } from '../../errors.ts';
import { RandomStream } from '../../random/stream.ts';
import { centredGrid, type Grid, type Mask } from '../../volume/volume.ts';
import { placeLandmarks } from './landmarks.ts';
import { type PhantomParameters, samplePhantomParameters } from './parameters.ts';
import { cutDefects, type Quality, sampleDefects, sampleQuality } from './quality.ts';
import { voxelisePhantom } from './voxelise.ts';

/** mm: edge of the cube that every phantom fits into with a margin. */
export const PHANTOM_CUBE = 240;

export interface PhantomRequest {
  seed: number;
  index: number;
  grid: Grid;
  /** Class to make; drawn with the shares of the reference data when absent. */
  quality?: Quality;
}

export interface Phantom {
  mask: Mask;
  quality: Quality;
  parameters: PhantomParameters;
}

/** The standard isotropic cube grid of n voxels a side: 7.5 mm for 32, 3.75 for 64, 2.5 for 96. */
export function phantomGrid(n: number): Grid {
  if (!Number.isInteger(n) || n < 16)
    throw new GridError({
      found: `a phantom grid of ${n} voxels a side`,
      expected: 'a whole number of at least 16; below, no skull can be told',
      todo: 'ask for 32, 64 or 96',
    });
  const spacing = PHANTOM_CUBE / n;
  return centredGrid([n, n, n], [spacing, spacing, spacing]);
}

/** Throws `GridError` unless the box of +-`half` mm around the LPS origin lies within the voxels of `grid`. */
function requireRoom(grid: Grid, half: readonly [number, number, number]): void {
  for (let axis = 0; axis < 3; axis++) {
    // Along a grid axis the box reaches as far as its half sizes, weighted by the axis' direction, do.
    const d = [grid.direction[axis], grid.direction[axis + 3], grid.direction[axis + 6]];
    const reach = d.reduce((sum, c, k) => sum + Math.abs(c) * half[k], 0);
    const first = d.reduce((sum, c, k) => sum + c * grid.origin[k], 0) - grid.spacing[axis] / 2;
    const last = first + grid.size[axis] * grid.spacing[axis];
    if (first <= -reach && last >= reach) continue;
    const mm = (value: number): string => value.toFixed(0);
    throw new GridError({
      found: `a grid from ${mm(first)} to ${mm(last)} mm along its axis ${axis}, where the phantom needs -${mm(reach)} to ${mm(reach)}`,
      expected: `a grid that holds the whole skull, such as the centred cube of ${PHANTOM_CUBE} mm`,
      todo: 'use phantomGrid, or more voxels or a coarser spacing',
    });
  }
}

/**
 * Makes phantom `index` of `seed`: a pure function of the request, whatever else is made before or
 * beside it; throws `GridError` when the grid is too small for the skull, `UsageError` for a seed or index that is not a
 * whole number >= 0.
 */
export function makePhantom({ seed, index, grid, quality }: PhantomRequest): Phantom {
  const parameters = samplePhantomParameters(seed, index);
  const drawn = sampleQuality(new RandomStream(seed, 'phantom/quality', index));
  const grade = quality ?? drawn;
  const { half } = placeLandmarks(parameters);
  requireRoom(grid, half);
  const extent = { top: half[2], bottom: -half[2], halfBreadth: half[0], halfLength: half[1] };
  const defects = sampleDefects(grade, extent, new RandomStream(seed, 'phantom/defects', index));
  const mask = voxelisePhantom(parameters, grid, defects.teeth);
  cutDefects(mask, defects);
  return { mask, quality: grade, parameters };
}
