/**
 * The two measures of a shape model by its shapes (Styner et al. 2003; Davies 2002), by distances between surfaces in mm:
 *
 *   specificity      of each generated shape to its nearest training shape: low where it makes only what is plausible
 *   generalisation   of each held-out real shape to its nearest generated one: low where it makes all that occurs
 *
 * both better low, and neither enough alone: copies of the training set are specific, noise may generalise. The distance
 * of two shapes is the mean from the surface of each to the surface of the other, both ways averaged, from at most
 * `points` surface voxels to the exact distance transform of the other; linear-model compactness is in pca.ts.
 *
 * Each shape needs one distance transform (13 ms at 64^3) and a pair then only lookups, about 0.1 ms; so transforms
 * of as many shapes as `HELD` allows are kept and those of the others made once for each such block.
 */
import { NumericsError, VolumeError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { squaredDistanceTransform } from '../volume/distanceTransform.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Mask } from '../volume/volume.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';
import { surfaceVoxels } from './surfaceDistance.ts';

export interface NearestSurfaces {
  /** Distance in mm of each shape to the nearest of the others. */
  distances: Float64Array;
  /** Index of that one. */
  nearest: Uint32Array;
}

export interface NearestSurfaceOptions {
  /** Surface voxels of a shape looked at; all, where it has fewer. */
  points: number;
  /** Called after each pair. */
  onPair?: () => void;
}

/** Numbers of all transforms held at once, 256 MiB: 256 shapes at 64^3, ten of the reference grid. */
const HELD = 2 ** 26;

/** Surface voxels drawn, and the distance in mm of each voxel of the grid to the surface. */
interface Prepared {
  sample: Uint32Array;
  distance: Float32Array;
}

function prepare(mask: Mask, points: number, name: string): Prepared {
  const surface = surfaceVoxels(mask.data, mask.size);
  if (surface.length === 0)
    throw new VolumeError({
      found: `${name} is empty`,
      expected: 'bone in it',
      todo: 'leave it out',
    });
  const seeds = new Uint8Array(mask.data.length);
  for (const at of surface) seeds[at] = 1;
  const distance = squaredDistanceTransform(seeds, mask.size, mask.spacing);
  for (let i = 0; i < distance.length; i++) distance[i] = Math.sqrt(distance[i]);
  const order = new RandomStream(0, 'evaluation/surface-points').permutation(surface.length);
  return { sample: order.slice(0, points).map((i) => surface[i]), distance };
}

function meanAt(distance: Float32Array, sample: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += distance[sample[i]];
  return sum / sample.length;
}

/**
 * Distances of all shapes (rows) to all of `others`. Throws `NumericsError` where either set is empty, `VolumeError` for
 * an empty mask, `GridError` where grids differ. `held` is for tests.
 */
export function surfaceTable(
  shapes: readonly Mask[],
  others: readonly Mask[],
  { points = 2048, onPair }: Partial<NearestSurfaceOptions> = {},
  held = HELD,
): DistanceMatrix {
  if (shapes.length === 0 || others.length === 0 || !(points >= 1))
    throw new NumericsError({
      found: `${shapes.length} shapes against ${others.length}, ${points} points each`,
      expected: 'at least one of each',
      todo: 'generate or hold out more cases',
    });
  for (const [set, name] of [
    [shapes, 'mask'],
    [others, 'other mask'],
  ] as const)
    set.forEach((mask, i) => void requireSameGrid(shapes[0], mask, 'the first mask', `${name} ${i}`));
  const columns = others.length;
  const values = new Float64Array(shapes.length * columns);
  const size = Math.max(1, Math.floor(held / shapes[0].data.length));
  for (let from = 0; from < shapes.length; from += size) {
    const block = shapes.slice(from, from + size).map((m, i) => prepare(m, points, `mask ${from + i}`));
    for (let j = 0; j < columns; j++) {
      const other = prepare(others[j], points, `other mask ${j}`);
      for (let i = 0; i < block.length; i++) {
        values[(from + i) * columns + j] =
          (meanAt(other.distance, block[i].sample) + meanAt(block[i].distance, other.sample)) / 2;
        onPair?.();
      }
    }
  }
  return { rows: shapes.length, columns, values };
}

/** Distance of each shape to its nearest of `others`. Throws as `surfaceTable`. */
export function nearestSurfaces(
  shapes: readonly Mask[],
  others: readonly Mask[],
  options: Partial<NearestSurfaceOptions> = {},
  held = HELD,
): NearestSurfaces {
  const { rows, columns, values } = surfaceTable(shapes, others, options, held);
  const distances = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const nearest = new Uint32Array(rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      if (values[i * columns + j] < distances[i]) {
        distances[i] = values[i * columns + j];
        nearest[i] = j;
      }
  return { distances, nearest };
}
