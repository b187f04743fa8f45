/**
 * The contrastive encoder: a mask x [N, 1, D, H, W] in +-1 becomes F numbers that tell shapes apart, and P of unit length
 * that the loss compares (the projection head of SimCLR, Chen et al. 2020: what is thrown away by the comparison need not
 * be thrown away by the features before it).
 *
 *   x -> (cubes of 2x2x2 as channels) -> conv3 -> [conv4 stride 2, residual blocks] a level -> norm, SiLU
 *     -> means of c x c x c parts, so that the features know where -> linear -> features [N, F]
 *     -> SiLU, linear, SiLU, linear, divided by the length -> projection [N, P]
 *
 * Skulls are aligned, so where something lies is part of the shape: averaging over all places would forget it. Grids of any
 * size are continued at their upper ends up to a multiple of the factor, as bone cut by the field of view goes on.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, divide, multiply } from '../graph/ops/binary.ts';
import { spaceToDepth } from '../graph/ops/conv3d.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/shape.ts';
import { silu } from '../graph/ops/silu.ts';
import { pad } from '../graph/ops/slice.ts';
import { sqrt } from '../graph/ops/unary.ts';
import { conv, linear, norm } from '../nn/layers.ts';
import type { Scope } from '../nn/scope.ts';
import { areaMatrix } from './head.ts';
import { latentFactor, residual } from './vqvae.ts';

export interface ShapeEncoderConfig {
  /** Side of the cube of voxels that enters as channels. */
  patch: 1 | 2;
  /** Channels from the finest level to the coarsest; each level halves the grid. */
  widths: readonly number[];
  /** Residual blocks after each halving. */
  blocks: number;
  groups: number;
  /** Parts along each axis in which the last level is averaged. */
  cells: number;
  /** F. */
  features: number;
  /** P. */
  projection: number;
}

/** The features [N, F] of masks x [N, 1, D, H, W] in +-1. */
export function shapeFeaturesOf(s: Scope, x: Tensor, config: ShapeEncoderConfig): Tensor {
  const { patch, widths, blocks, groups, cells, features } = config;
  const factor = latentFactor(config);
  const more = x.shape.map((side, axis) => (axis < 2 ? 0 : (factor - (side % factor)) % factor));
  const whole = pad(x, [0, 0, 0, 0, 0], more, 'replicate');
  let h = conv(s.child('in'), patch === 2 ? spaceToDepth(whole) : whole, widths[0], { padding: 'replicate' });
  for (let level = 1; level < widths.length; level++) {
    const scope = s.child(`level${level}`);
    h = conv(scope.child('down'), silu(h), widths[level], { kernel: 4, stride: 2, padding: 'replicate' });
    for (let i = 0; i < blocks; i++) h = residual(scope.child(`block${i}`), h, groups);
  }
  h = silu(norm(s.child('norm'), h, Math.min(groups, h.shape[1])));
  return linear(s.child('features'), cellMeans(h, cells), features);
}

/** Means of x [N, C, D, H, W] in up to `cells` equal parts along each axis, as rows [N, C . parts]. */
export function cellMeans(x: Tensor, cells: number): Tensor {
  const [n, c, d, h, w] = x.shape;
  const [d2, h2, w2] = [d, h, w].map((side) => Math.min(side, cells));
  const matrix = (from: number, to: number) => x.graph.constant(areaMatrix(from, to), [to, from]);
  let y = matmul(reshape(x, [n * c * d * h, w]), matrix(w, w2), false, true);
  y = matmul(matrix(h, h2), reshape(y, [n * c * d, h, w2]));
  y = matmul(matrix(d, d2), reshape(y, [n * c, d, h2 * w2]));
  return reshape(y, [n, c * d2 * h2 * w2]);
}

/** The projection [N, P] of features [N, F], each row of length 1. */
export function projectionOf(s: Scope, features: Tensor, { projection }: ShapeEncoderConfig): Tensor {
  const hidden = linear(s.child('hidden'), silu(features), features.shape[1]);
  return unitRows(linear(s.child('out'), silu(hidden), projection));
}

/** `x / |x|` for each row of x [N, P]. */
export function unitRows(x: Tensor): Tensor {
  const squared = sum(multiply(x, x), [1], true);
  return divide(x, sqrt(add(squared, 1e-12)));
}
