/**
 * Trilinear resizing of [N, C, D, H, W] to any size, as three products with constant interpolation matrices, one an axis:
 * the matrix [out, in] holds at most two weights a row, samples at voxel centres (align_corners = false), edges held.
 * Differentiable through `matmul`, and the same on every runtime.
 */
import type { Graph, Shape, Tensor } from '../graph.ts';
import { matmul } from './matmul.ts';
import { reshape } from './shape.ts';

/** The [to, from] matrix of linear interpolation between cell centres. */
export function interpolationMatrix(from: number, to: number): Float32Array {
  const m = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.min(Math.floor(at), from - 1);
    const high = Math.min(low + 1, from - 1);
    m[i * from + low] += 1 - (at - low);
    m[i * from + high] += at - low;
  }
  return m;
}

const matrix = (graph: Graph, from: number, to: number) =>
  graph.constant(interpolationMatrix(from, to), [to, from]);

/** `x` [N, C, D, H, W] resampled to the spatial size `size` = [D', H', W']. */
export function resizeTrilinear(x: Tensor, size: Shape): Tensor {
  const [n, c, d, h, w] = x.shape;
  const [d2, h2, w2] = size;
  let y = x;
  if (w2 !== w) y = matmul(reshape(y, [n * c * d * h, w]), matrix(x.graph, w, w2), false, true);
  if (h2 !== h) y = matmul(matrix(x.graph, h, h2), reshape(y, [n * c * d, h, w2]));
  if (d2 !== d) y = matmul(matrix(x.graph, d, d2), reshape(y, [n * c, d, h2 * w2]));
  return reshape(y, [n, c, d2, h2, w2]);
}
