/**
 * Exact Euclidean distance transform in linear time (Felzenszwalb and Huttenlocher 2012, "Distance Transforms of Sampled
 * Functions"), spacing honoured: along each axis in turn, the lower envelope of one parabola a voxel,
 *
 *   D(p) = min_q (s (p - q))^2 + f(q).
 *
 * Along x, where f is 0 or infinity, two sweeps do. Values are squared mm in float32: a relative rounding of 6e-8.
 */
import { ShapeError } from '../errors.ts';
import { type Vec3, voxelCount } from './volume.ts';

/** Along x: squared distance to the nearest seed of the row. */
function sweepRows(seeds: Uint8Array, nx: number, spacing: number, out: Float32Array): void {
  for (let row = 0; row < seeds.length; row += nx) {
    let gap = Number.POSITIVE_INFINITY;
    for (let i = 0; i < nx; i++) {
      gap = seeds[row + i] !== 0 ? 0 : gap + spacing;
      out[row + i] = gap;
    }
    gap = Number.POSITIVE_INFINITY;
    for (let i = nx - 1; i >= 0; i--) {
      gap = seeds[row + i] !== 0 ? 0 : gap + spacing;
      const d = Math.min(gap, out[row + i]);
      out[row + i] = d * d;
    }
  }
}

/** Buffers for the envelope of one line: values, apexes of its parabolas, where each begins to be lowest. */
class Envelope {
  readonly values: Float64Array;
  readonly apex: Int32Array;
  readonly begin: Float64Array;

  constructor(n: number) {
    this.values = new Float64Array(n);
    this.apex = new Int32Array(n);
    this.begin = new Float64Array(n + 1);
  }
}

/** Transforms the line `data[start + i * stride]`, i < n, in place. */
function transformLine(
  data: Float32Array,
  start: number,
  stride: number,
  n: number,
  spacing: number,
  e: Envelope,
): void {
  const { values, apex, begin } = e;
  for (let i = 0, at = start; i < n; i++, at += stride) values[i] = data[at];
  let last = -1;
  for (let q = 0; q < n; q++) {
    if (values[q] === Number.POSITIVE_INFINITY) continue;
    const p = q * spacing;
    let meets = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const r = apex[last] * spacing;
      meets = (values[q] + p * p - values[apex[last]] - r * r) / (2 * (p - r));
      if (meets > begin[last]) break;
      last--;
      meets = Number.NEGATIVE_INFINITY;
    }
    last++;
    apex[last] = q;
    begin[last] = meets;
  }
  if (last < 0) return; // no seed seen from this line: it stays infinite
  begin[last + 1] = Number.POSITIVE_INFINITY;
  for (let i = 0, k = 0, at = start; i < n; i++, at += stride) {
    const p = i * spacing;
    while (begin[k + 1] < p) k++;
    const d = p - apex[k] * spacing;
    data[at] = d * d + values[apex[k]];
  }
}

/**
 * Squared distance in mm^2 from each voxel centre to the nearest voxel centre whose `seeds` value is not 0; infinity
 * where there is no seed. Throws `ShapeError` where `seeds` does not fill `size`.
 */
export function squaredDistanceTransform(seeds: Uint8Array, size: Vec3, spacing: Vec3): Float32Array {
  const [nx, ny, nz] = size;
  if (seeds.length !== voxelCount(size))
    throw new ShapeError({
      found: `${seeds.length} voxels for a grid of ${size.join('x')}`,
      expected: `${voxelCount(size)} voxels`,
      todo: 'give the mask its own size',
    });
  const out = new Float32Array(seeds.length);
  sweepRows(seeds, nx, spacing[0], out);
  const envelope = new Envelope(Math.max(ny, nz));
  for (let k = 0; k < nz; k++)
    for (let i = 0; i < nx; i++) transformLine(out, i + k * nx * ny, nx, ny, spacing[1], envelope);
  for (let ij = 0; ij < nx * ny; ij++) transformLine(out, ij, nx * ny, nz, spacing[2], envelope);
  return out;
}
