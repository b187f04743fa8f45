/**
 * What bones are aligned to: a surface in the canonical frame with its table of nearest points. For people it is made
 * from the mean phantom (`phantom/`), whose own landmarks give its frame (`frame.ts`), so no patient's skull is in the
 * product. The phantom is not quite like real skulls: fitted to it, the two real heads at hand (porions and orbitalia read
 * off pictures, by eye) have their Frankfort plane tipped nose-down by 5.9 and 2.5 degrees and 3.5 mm low. `REAL_SKULLS`
 * takes the mean of that out of the template's frame, so that real skulls come to lie in theirs within some 2 degrees.
 *
 * For other bones and species any mask will do, with the frame that its user wants.
 */
import { rotationAbout } from '../../volume/geometry.ts';
import { centredGrid, type Mask, type Vec3 } from '../../volume/volume.ts';
import { placeLandmarks } from '../phantom/landmarks.ts';
import { meanPhantomParameters, type PhantomParameters } from '../phantom/parameters.ts';
import { voxelisePhantom } from '../phantom/voxelise.ts';
import { frankfortFrame, phantomFrankfort } from './frame.ts';
import type { Searchable } from './icp.ts';
import { nearestGrid } from './nearestGrid.ts';
import { boneSurface, moveSurface, type Surface } from './surface.ts';
import { composeTransforms, type Transform } from './transform.ts';

/** mm between the voxels of the phantom: about the step at which surfaces are taken. */
const SPACING = 2.5;
/** Cells of the table in a radius of the bone, and the margin around it. */
const CELLS = 32;
const MARGIN = 0.15;

/** From the phantom's own Frankfort frame to where real skulls that are fitted to it have theirs: 4.2 degrees nose-up, 3.5 mm up. */
export const REAL_SKULLS: Transform = {
  rotation: rotationAbout(0, (-4.2 * Math.PI) / 180),
  translation: [0, 0, 3.5],
  scale: 1,
};

export interface Template extends Searchable {
  /** The box of the surface in the canonical frame, mm: where a grid for such bones belongs. */
  low: Vec3;
  high: Vec3;
}

/** A surface with its table. */
export function searchable(surface: Surface): Searchable {
  return { surface, grid: nearestGrid(surface, surface.radius / CELLS, MARGIN * surface.radius) };
}

/** A template from any bone; `frame` brings the bone's space to the canonical frame. Throws `VolumeError` for a mask without bone. */
export function templateOf(mask: Mask, frame: Transform): Template {
  const surface = moveSurface(boneSurface(mask), frame);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let p = 0; p < surface.points.length; p++) {
    low[p % 3] = Math.min(low[p % 3], surface.points[p]);
    high[p % 3] = Math.max(high[p % 3], surface.points[p]);
  }
  return { ...searchable(surface), low: low as unknown as Vec3, high: high as unknown as Vec3 };
}

/** The human template: a phantom, the mean one unless told, in the Frankfort frame of real skulls. `spacing` in mm. */
export function skullTemplate(
  parameters: PhantomParameters = meanPhantomParameters(),
  spacing = SPACING,
): Template {
  const { half } = placeLandmarks(parameters);
  const size = half.map((h) => 2 * Math.ceil(h / spacing) + 4) as unknown as Vec3;
  const mask = voxelisePhantom(parameters, centredGrid(size, [spacing, spacing, spacing]));
  const own = frankfortFrame(phantomFrankfort(parameters));
  return templateOf(mask, composeTransforms(REAL_SKULLS, own));
}

let human: Template | undefined;

/** `skullTemplate()` of the mean phantom, made once: it takes a second. */
export function humanTemplate(): Template {
  human ??= skullTemplate();
  return human;
}

/** The centre of the template's box in the canonical frame. */
export function templateCentre({ low, high }: Template): Vec3 {
  return [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
}
