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

/** Makes phantom `index` of `seed`: a pure function of the request, whatever else is made before or beside it. */
export function makePhantom({ seed, index, grid, quality }: PhantomRequest): Phantom {
  const parameters = samplePhantomParameters(seed, index);
  const drawn = sampleQuality(new RandomStream(seed, 'phantom/quality', index));
  const grade = quality ?? drawn;
  const { centre } = placeLandmarks(parameters);
  const top = parameters.auricularHeight - centre[2];
  const extent = {
    top,
    bottom: -top,
    halfBreadth: parameters.cranialBreadth / 2,
    halfLength: parameters.cranialLength / 2,
  };
  const defects = sampleDefects(grade, extent, new RandomStream(seed, 'phantom/defects', index));
  const mask = voxelisePhantom(parameters, grid, defects.teeth);
  cutDefects(mask, defects);
  return { mask, quality: grade, parameters };
}
