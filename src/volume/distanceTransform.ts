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

/** Lines that lie side by side are transformed together: a cache line holds a number of 16 of them. */
const SIDE_BY_SIDE = 16;

/** Buffers for the envelopes of lines: values, apexes of its parabolas, their places in mm, where each begins to be lowest. */
class Envelope {
  readonly #values: Float64Array;
  readonly #apex: Float64Array;
  readonly #height: Float64Array;
  readonly #begin: Float64Array;

  constructor(n: number) {
    this.#values = new Float64Array(SIDE_BY_SIDE * n);
    this.#apex = new Float64Array(n);
    this.#height = new Float64Array(n);
    this.#begin = new Float64Array(n + 1);
  }

  /** Transforms `count` lines `data[start + c + i * stride]`, i < n, in place. */
  transform(
    data: Float32Array,
    start: number,
    count: number,
    stride: number,
    n: number,
    spacing: number,
  ): void {
    const values = this.#values;
    for (let i = 0, at = start; i < n; i++, at += stride)
      for (let c = 0; c < count; c++) values[c * n + i] = data[at + c];
    for (let c = 0; c < count; c++) this.#line(c * n, n, spacing);
    for (let i = 0, at = start; i < n; i++, at += stride)
      for (let c = 0; c < count; c++) data[at + c] = values[c * n + i];
  }

  /** Transforms the line of values from `first` on. */
  #line(first: number, n: number, spacing: number): void {
    const [values, apex, height, begin] = [this.#values, this.#apex, this.#height, this.#begin];
    let last = -1;
    for (let q = 0; q < n; q++) {
      const value = values[first + q];
      if (value === Number.POSITIVE_INFINITY) continue;
      const p = q * spacing;
      let meets = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        const r = apex[last];
        meets = (value + p * p - height[last] - r * r) / (2 * (p - r));
        if (meets > begin[last]) break;
        last--;
        meets = Number.NEGATIVE_INFINITY;
      }
      last++;
      apex[last] = p;
      height[last] = value;
      begin[last] = meets;
    }
    if (last < 0) return; // no seed seen from this line: it stays infinite
    begin[last + 1] = Number.POSITIVE_INFINITY;
    for (let i = 0, k = 0; i < n; i++) {
      const p = i * spacing;
      while (begin[k + 1] < p) k++;
      const d = p - apex[k];
      values[first + i] = d * d + height[k];
    }
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
  const plane = nx * ny;
  for (let k = 0; k < nz; k++)
    for (let i = 0; i < nx; i += SIDE_BY_SIDE)
      envelope.transform(out, i + k * plane, Math.min(SIDE_BY_SIDE, nx - i), nx, ny, spacing[1]);
  for (let i = 0; i < plane; i += SIDE_BY_SIDE)
    envelope.transform(out, i, Math.min(SIDE_BY_SIDE, plane - i), plane, nz, spacing[2]);
  return out;
}
