/**
 * A mask on other voxel counts over the same field of view, as numbers between 0 and 1, one axis after the other: the mean
 * over each new voxel where an axis gets coarser (so the volume of bone stays what it is), linear between the centres of
 * voxels where it gets finer (`align_corners = false`, edges continued).
 */
import { interpolationMatrix } from '../../graph/ops/resize.ts';
import { areaMatrix } from '../../models/head.ts';
import type { Vec3 } from '../../volume/volume.ts';

/** `data` (0 is background) of `from` voxels x, y, z on `to` voxels. */
export function resizeMask(data: Uint8Array, from: Vec3, to: Vec3): Float32Array {
  let field = Float32Array.from(data, (v) => (v !== 0 ? 1 : 0));
  // Elements apart along the axis, and runs of such blocks.
  let inner = 1;
  for (let axis = 0; axis < 3; axis++) {
    const [n, m] = [from[axis], to[axis]];
    if (n !== m) field = resizeAxis(field, inner, n, m);
    inner *= m;
  }
  return field;
}

/** [outer, n, inner] -> [outer, m, inner] by a banded matrix. */
function resizeAxis(field: Float32Array, inner: number, n: number, m: number): Float32Array<ArrayBuffer> {
  const matrix = m < n ? areaMatrix(n, m) : interpolationMatrix(n, m);
  const outer = field.length / (n * inner);
  const out = new Float32Array(outer * m * inner);
  for (let row = 0; row < m; row++)
    for (let column = 0; column < n; column++) {
      const weight = matrix[row * n + column];
      if (weight === 0) continue;
      for (let o = 0; o < outer; o++) {
        const source = (o * n + column) * inner;
        const target = (o * m + row) * inner;
        for (let i = 0; i < inner; i++) out[target + i] += weight * field[source + i];
      }
    }
  return out;
}
