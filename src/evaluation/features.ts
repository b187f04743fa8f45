/**
 * A plain description of a shape that needs no training: the grid is cut into `cells`^3 boxes, and each box gives two
 * numbers, the share of bone in it (0 .. 1) and the mean signed distance to the bone's surface (clipped at an eighth of
 * the grid's diagonal and divided by that: -1 deep inside .. 1 far outside). The first tells where bone is, the second,
 * smooth in small shifts, how far the boxes without bone are from it.
 *
 * It sees size, proportion and large defects, not texture or detail below a cell; it stands in for learned features in
 * precision, recall, density and coverage, and says so in the report.
 */
import { VolumeError } from '../errors.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Mask } from '../volume/volume.ts';
import type { Features } from './featureSet.ts';
import { signedDistance } from './signedDistance.ts';

export const FEATURE_DEFAULTS = { cells: 8 };

/** Cell of each voxel index along an axis of `n` voxels. */
function cellOf(n: number, cells: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => Math.floor((i * cells) / n));
}

/**
 * The 2 `cells`^3 numbers of a mask: all occupancies (x fastest), then all distances. Throws `VolumeError` for a mask
 * that is empty or full (it has no surface) or has fewer voxels than cells along a side.
 */
export function shapeFeatures(mask: Mask, options: Partial<typeof FEATURE_DEFAULTS> = {}): Float32Array {
  const { cells } = { ...FEATURE_DEFAULTS, ...options };
  const { data, size, spacing } = mask;
  const [nx, ny, nz] = size;
  if (Math.min(...size) < cells)
    throw new VolumeError({
      found: `a mask of ${size.join('x')} voxels`,
      expected: `at least ${cells} voxels along each side`,
      todo: 'choose fewer cells',
    });
  const signed = signedDistance(mask);
  const clip = Math.hypot(nx * spacing[0], ny * spacing[1], nz * spacing[2]) / 8;

  const boxes = cells ** 3;
  const occupancy = new Float64Array(boxes);
  const distance = new Float64Array(boxes);
  const count = new Float64Array(boxes);
  const [cx, cy, cz] = [cellOf(nx, cells), cellOf(ny, cells), cellOf(nz, cells)];
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = cells * (cy[j] + cells * cz[k]);
      for (let i = 0; i < nx; i++, at++) {
        const box = row + cx[i];
        count[box]++;
        if (data[at] !== 0) occupancy[box]++;
        distance[box] += Math.max(-clip, Math.min(clip, signed[at]));
      }
    }
  const out = new Float32Array(2 * boxes);
  for (let box = 0; box < boxes; box++) {
    out[box] = occupancy[box] / count[box];
    out[boxes + box] = distance[box] / (count[box] * clip);
  }
  return out;
}

/** Features of a set of masks on one grid. Throws as `shapeFeatures`, and `GridError` where grids differ. */
export function setFeatures(
  masks: readonly Mask[],
  options: Partial<typeof FEATURE_DEFAULTS> = {},
): Features {
  const dim = 2 * (options.cells ?? FEATURE_DEFAULTS.cells) ** 3;
  const values = new Float32Array(masks.length * dim);
  masks.forEach((mask, i) => {
    requireSameGrid(masks[0], mask, 'the first mask', `mask ${i}`);
    values.set(shapeFeatures(mask, options), i * dim);
  });
  return { values, count: masks.length, dim };
}
