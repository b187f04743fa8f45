/**
 * What methods without a network align to: the mean of a dataset's training bones, all in the canonical frame. No test bone
 * is in it, and no single training bone's oddities. Three faces of it:
 *
 * - `density`, the share of training bones that have a voxel, 0 .. 1;
 * - `mask`, cut where the volume comes to that of the mean training bone (thin bones that never lie quite alike would
 *   vanish at 0.5, and a lower cut would make them thick);
 * - `field`, the density blurred, by whose mean over a bone's voxels poses are compared.
 */
import type { Dataset } from '../../dataset/dataset.ts';
import { DatasetError } from '../../errors.ts';
import { gaussianBlur } from '../../mesh/smoothMask.ts';
import { boneVoxels } from '../../skull/orient.ts';
import { applyTransform, type Transform } from '../../skull/register/transform.ts';
import { worldToVoxel } from '../../volume/geometry.ts';
import type { Mask, Vec3, Volume } from '../../volume/volume.ts';

export interface MeanShape {
  density: Volume<Float32Array>;
  mask: Mask;
  field: Volume<Float32Array>;
  /** How many training bones. */
  count: number;
}

/** Voxels by which the field is blurred: some of the dataset's, so that poses a few degrees off still overlap. */
const BLUR = 1.5;

/** The mean shape of the training cases. Throws `DatasetError` where there are none. */
export function meanShape(dataset: Dataset): MeanShape {
  const cases = dataset.split('train');
  if (cases.length === 0)
    throw new DatasetError({
      found: `${dataset.dir} has no training case`,
      expected: 'training cases, to whose mean shape bones are aligned',
      todo: 'make the dataset with a smaller --test-share',
    });
  return meanOfMasks(cases.map((c) => () => dataset.loadMask(c)));
}

/** The mean shape of masks on one grid, each loaded when its turn comes. */
export function meanOfMasks(masks: readonly (() => Mask)[]): MeanShape {
  const first = masks[0]();
  const sum = new Float32Array(first.data.length);
  let total = 0;
  masks.forEach((load, m) => {
    const { data } = m === 0 ? first : load();
    for (let v = 0; v < sum.length; v++) {
      sum[v] += data[v];
      total += data[v];
    }
  });
  const count = masks.length;
  const level = volumeLevel(sum, count, total / count);
  const grid = { size: first.size, spacing: first.spacing, origin: first.origin, direction: first.direction };
  const density = { ...grid, data: sum.map((s) => s / count) };
  return {
    density,
    mask: { ...grid, data: Uint8Array.from(sum, (s) => (s >= level ? 1 : 0)) },
    field: gaussianBlur(density, BLUR),
    count,
  };
}

/**
 * Where to cut the shares of a mean bone, whole numbers 0 .. `most`: at the level that leaves the number of voxels nearest to
 * `volume`. At least 1.
 */
export function volumeLevel(shares: ArrayLike<number>, most: number, volume: number): number {
  const histogram = new Float64Array(most + 1);
  for (let v = 0; v < shares.length; v++) histogram[shares[v]]++;
  let above = 0;
  let best = most;
  let nearest = Number.POSITIVE_INFINITY;
  for (let level = most; level >= 1; level--) {
    above += histogram[level];
    const off = Math.abs(above - volume);
    if (off >= nearest) continue;
    nearest = off;
    best = level;
  }
  return best;
}

/** Bone voxels that a pose is judged by, at most. */
const POINTS = 3000;

/** A bone's voxel centres, evenly thinned, LPS mm in its own space. */
export function bonePoints(mask: Mask, most = POINTS): Vec3[] {
  const voxels = boneVoxels(mask);
  const count = voxels.length / 3;
  const n = Math.min(most, count);
  return Array.from({ length: n }, (_, p): Vec3 => {
    const at = 3 * Math.floor(((p + 0.5) * count) / n);
    return [voxels[at], voxels[at + 1], voxels[at + 2]];
  });
}

/** Mean of the field, by nearest voxel, over the points where `transform` puts them: the pose that is higher fits better. */
export function overlapScore(
  field: Volume<Float32Array>,
  points: readonly Vec3[],
  transform: Transform,
): number {
  const [nx, ny, nz] = field.size;
  let sum = 0;
  for (const point of points) {
    const [i, j, k] = worldToVoxel(field, applyTransform(transform, point)).map(Math.round);
    if (i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz) sum += field.data[i + nx * (j + ny * k)];
  }
  return sum / points.length;
}
