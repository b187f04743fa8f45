/**
 * The picture beside an implant: the defective bone above, the same with the implant in orange below, from the sides on
 * which the implant lies. Both are seen in the method's frame, so that left is left whatever way the scan was taken.
 */

import { hasBone } from '../../evaluation/setChecks.ts';
import type { Direction } from '../../mesh/camera.ts';
import { contactSheet } from '../../mesh/contactSheet.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { encodePng, type Image } from '../../mesh/png.ts';
import { renderMesh } from '../../mesh/render.ts';
import { EXTRA } from '../../mesh/slices.ts';
import { maskSurface } from '../../mesh/surface.ts';
import { gridFrame } from '../../mesh/views.ts';
import { centroidOf } from '../../volume/centroid.ts';
import { resampleMask } from '../../volume/resample.ts';
import { centredGrid, type Grid, type Mask, type Vec3 } from '../../volume/volume.ts';
import { type Pose, placedGrid } from './applyPose.ts';
import { united } from './picture.ts';

/** Voxels along the longest side of the grid that the surfaces are made on, at most; they are no finer than the bone's. */
const VOXELS = 128;
const PIXELS = 280;
/** An implant is thinner than the voxels here: what fills a third of one is shown. */
const IMPLANT_CUT = 0.33;

/** From the front or the back, three quarters, a side, and above or below: those sides on which the implant lies. */
function viewsOf([x, y, z]: Vec3): Direction[] {
  const side = x >= 0 ? 1 : -1;
  const behind = y > 0;
  return [
    { azimuth_deg: behind ? 180 : 0, elevation_deg: 0 },
    { azimuth_deg: side * (behind ? 142 : 38), elevation_deg: 12 },
    { azimuth_deg: side * 90, elevation_deg: 0 },
    { azimuth_deg: 0, elevation_deg: z >= 0 ? 90 : -90 },
  ];
}

export interface PictureTexts {
  title: string;
  subtitle: string;
}

/** PNG of the bone and its implants, a row each; `grid` is the method's. */
export function implantPicture(
  bone: Mask,
  implants: readonly Mask[],
  pose: Pose,
  grid: Grid,
  { title, subtitle }: PictureTexts,
): Uint8Array {
  const longest = Math.max(...grid.size.map((n, a) => n * grid.spacing[a]));
  const step = Math.max(longest / VOXELS, Math.min(...bone.spacing));
  const size = grid.size.map((n, a) => Math.ceil((n * grid.spacing[a]) / step)) as unknown as Vec3;
  const seen = centredGrid(size, [step, step, step]);
  const placed = placedGrid(seen, pose);
  const inFrame = (mask: Mask, cut?: number): Mask => ({
    ...seen,
    data: resampleMask(mask, placed, cut).data,
  });
  const skull = maskSurface(inFrame(bone));
  const made = implants.map((implant) => inFrame(implant, IMPLANT_CUT));
  const views = viewsOf(hasBone(made[0]) ? centroidOf(made[0]) : [0, 0, 0]);
  const row = (mesh: Mesh): Image[] =>
    views.map((view) => renderMesh(mesh, { view, size: PIXELS, frame: gridFrame(seen, view) }));
  const rows = [
    { title: 'the bone as it is', cells: row(skull).map((image) => ({ image })) },
    ...made.map((implant, i) => ({
      title: made.length === 1 ? 'with the implant' : `with implant ${i + 1}`,
      cells: row(united(skull, maskSurface(implant), EXTRA)).map((image) => ({ image })),
    })),
  ];
  const footer = 'Research use, not a medical device.';
  return encodePng(contactSheet(rows, { title, subtitle, footer, columns: views.length }));
}
