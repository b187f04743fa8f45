/** What the spaces of trained networks share: masks as a network takes them, on the grid that it was trained on. */

import { GridError } from '../../errors.ts';
import { nextTurn } from '../../files/interrupt.ts';
import type { Mask, Vec3 } from '../../volume/volume.ts';
import type { Features } from '../featureSet.ts';
import { stackRows } from './space.ts';

export interface TrainedGrid {
  size: Vec3 | readonly number[];
  /** mm, the same along each axis. */
  spacing: number;
}

/** Throws `GridError` unless a mask has the voxels that the network of `run` was trained on. */
export function requireTrainedGrid(mask: Mask, grid: TrainedGrid, run: string): void {
  const apart = mask.spacing.some((s) => Math.abs(s - grid.spacing) > 1e-4 * grid.spacing);
  if (mask.size.join() === grid.size.join() && !apart) return;
  throw new GridError({
    found: `masks of ${mask.size.join('x')} voxels of ${mask.spacing.map((s) => Number(s.toFixed(4))).join('x')} mm, the network of ${run} is for ${grid.size.join('x')} of ${grid.spacing} mm`,
    expected: 'the grid that the network was trained on',
    todo: 'use a network trained on this grid, or ingest the masks with its --grid and --spacing',
  });
}

/** Bone 1 and background -1, as networks take masks. */
export function signed(mask: Mask, out = new Float32Array(mask.data.length)): Float32Array {
  for (let i = 0; i < out.length; i++) out[i] = mask.data[i] !== 0 ? 1 : -1;
  return out;
}

/** Describes masks one at a time by a network of `run`; `describe` gives an array of its own for each. */
export async function describeEach(
  masks: readonly Mask[],
  grid: TrainedGrid,
  run: string,
  describe: (mask: Float32Array) => Promise<Float32Array>,
  onCase?: () => void,
): Promise<Features> {
  const rows: Float32Array[] = [];
  for (const mask of masks) {
    requireTrainedGrid(mask, grid, run);
    rows.push(await describe(signed(mask)));
    onCase?.();
    // Runs block the event loop; let a progress line be drawn and signals be heard.
    await nextTurn();
  }
  return stackRows(rows, `the network of ${run}`);
}
