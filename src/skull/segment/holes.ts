/**
 * Noise leaves single dark voxels inside bone. Pockets of background that bone encloses on all six sides and that are
 * smaller than `largest` mm^3 are filled; sinuses, air cells and the braincase are larger or open, and stay as anatomy has
 * them. A pocket on a face of the grid is not enclosed.
 */
import { forEachRun, labelRuns } from '../../volume/runs.ts';
import type { Mask } from '../../volume/volume.ts';
import { type SegmentStep, voxelVolume } from './step.ts';

/** mm^3: a ball of 2.7 mm. */
export const LARGEST_HOLE = 10;

/** Fills enclosed pockets below `largest` mm^3 (a single voxel is always filled). */
export function fillSmallHoles(mask: Mask, largest = LARGEST_HOLE): { mask: Mask; step: SegmentStep } {
  const { size } = mask;
  const [nx, ny, nz] = size;
  const runs = labelRuns(mask.data, size, 6, 0);
  const limit = Math.max(1, largest / voxelVolume(mask));
  const fill = new Uint8Array(runs.sizes.length);
  for (let c = 0; c < fill.length; c++) fill[c] = runs.sizes[c] <= limit ? 1 : 0;
  forEachRun(runs, (at, length, label) => {
    if (fill[label] === 0) return;
    const i = at % nx;
    const j = Math.floor(at / nx) % ny;
    const k = Math.floor(at / (nx * ny));
    if (i === 0 || i + length === nx || j === 0 || j === ny - 1 || k === 0 || k === nz - 1) fill[label] = 0;
  });
  const data = mask.data.slice();
  let filled = 0;
  forEachRun(runs, (at, length, label) => {
    if (fill[label] === 0) return;
    data.fill(1, at, at + length);
    filled += length;
  });
  return {
    mask: { ...mask, data },
    step: {
      name: 'holes',
      count: filled,
      note: `${fill.reduce((n, v) => n + v, 0)} pockets below ${largest} mm^3 filled, ${filled} voxels`,
    },
  };
}
