/**
 * Signed distance of a mask, and a smooth description of shapes made of it: distances are clipped at a sixteenth of the
 * grid's diagonal (far from any bone they say little), averaged over boxes of equal whole numbers of voxels, at most
 * `cells` boxes a side, and divided by the root of the number of boxes. So the Euclidean distance of two shapes is the
 * root mean square, over space, of how far their (clipped) distances to the surface differ, in mm.
 *
 * Unlike occupancy or Dice, it changes evenly as a surface moves, so that averages and principal components of it make
 * sense (Leventon et al. 2000).
 */
import { NumericsError, VolumeError } from '../errors.ts';
import { squaredDistanceTransform } from '../volume/distanceTransform.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import type { Features } from './featureSet.ts';

export const SIGNED_DISTANCE_DEFAULTS = { cells: 24 };

/**
 * Distance in mm from each voxel centre to the nearest one of the other kind, negative in bone. Throws `VolumeError` for
 * a mask without bone or without background: it has no surface.
 */
export function signedDistance({ data, size, spacing }: Mask): Float32Array {
  const inverse = new Uint8Array(data.length);
  let background = 0;
  for (let i = 0; i < data.length; i++) background += inverse[i] = data[i] === 0 ? 1 : 0;
  if (background === 0 || background === data.length)
    throw new VolumeError({
      found: `a mask of ${size.join('x')} with ${data.length - background} of ${data.length} voxels bone`,
      expected: 'bone and background',
      todo: 'leave the case out',
    });
  const out = squaredDistanceTransform(data, size, spacing);
  const inside = squaredDistanceTransform(inverse, size, spacing);
  for (let i = 0; i < out.length; i++) out[i] = data[i] === 0 ? Math.sqrt(out[i]) : -Math.sqrt(inside[i]);
  return out;
}

/** Voxels a box has along each axis, so that there are at most `cells` boxes. */
const boxSides = ({ size }: Grid, cells: number): number[] => size.map((n) => Math.ceil(n / cells));

/**
 * Descriptions of a set of masks on one grid, mm. Throws as `signedDistance`, `GridError` where grids differ,
 * `NumericsError` where `cells` is no whole number of at least 2.
 */
export function signedDistanceFeatures(
  masks: readonly Mask[],
  options: Partial<typeof SIGNED_DISTANCE_DEFAULTS> = {},
): Features {
  const { cells } = { ...SIGNED_DISTANCE_DEFAULTS, ...options };
  if (!Number.isInteger(cells) || cells < 2)
    throw new NumericsError({
      found: `${cells} cells a side`,
      expected: 'a whole number of at least 2',
      todo: 'leave it to its default, 24',
    });
  if (masks.length === 0) return { values: new Float32Array(0), count: 0, dim: 0 };
  const { size, spacing } = masks[0];
  const sides = boxSides(masks[0], cells);
  const boxes = size.map((n, a) => Math.ceil(n / sides[a]));
  const dim = boxes[0] * boxes[1] * boxes[2];
  const clip = Math.hypot(...size.map((n, a) => n * spacing[a])) / 16;
  const values = new Float32Array(masks.length * dim);
  const sums = new Float64Array(dim);
  const counts = new Float64Array(dim);
  const boxOf = size.map((n, a) => Int32Array.from({ length: n }, (_, i) => Math.floor(i / sides[a])));
  masks.forEach((mask, m) => {
    requireSameGrid(masks[0], mask, 'the first mask', `mask ${m}`);
    const distance = signedDistance(mask);
    sums.fill(0);
    counts.fill(0);
    for (let k = 0, at = 0; k < size[2]; k++)
      for (let j = 0; j < size[1]; j++) {
        const row = boxes[0] * (boxOf[1][j] + boxes[1] * boxOf[2][k]);
        for (let i = 0; i < size[0]; i++, at++) {
          const box = row + boxOf[0][i];
          const d = distance[at];
          sums[box] += Math.max(-clip, Math.min(clip, d));
          counts[box]++;
        }
      }
    const root = Math.sqrt(dim);
    for (let b = 0; b < dim; b++) values[m * dim + b] = sums[b] / (counts[b] * root);
  });
  return { values, count: masks.length, dim };
}
