/**
 * The layers of the models: convolution, linear, norm, attention, nearest upsampling fused with a convolution. Volumes are
 * [N, C, D, H, W]. Weights start uniform in +-1/sqrt(fan in), as PyTorch's default does for these layers; a layer marked
 * `zero` starts at zero, so that a residual branch begins as the identity.
 */
import type { Initialiser, Tensor } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/binary.ts';
import { conv3d, depthToSpace } from '../graph/ops/conv3d.ts';
import { groupNorm } from '../graph/ops/groupNorm.ts';
import { matmul, softmax } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/shape.ts';
import { concat, pad, slice } from '../graph/ops/slice.ts';
import type { Scope } from './scope.ts';

const fanIn = (n: number, zero = false): Initialiser =>
  zero ? { kind: 'zeros' } : { kind: 'uniform', bound: 1 / Math.sqrt(n) };

export interface ConvOptions {
  kernel?: 1 | 3 | 4;
  stride?: 1 | 2;
  /** What lies outside the volume. */
  padding?: 'zero' | 'replicate';
  zero?: boolean;
}

/** A convolution that keeps the size (stride 1) or halves it (stride 2, kernel 4). */
export function conv(s: Scope, x: Tensor, out: number, options: ConvOptions = {}): Tensor {
  const { kernel = 3, stride = 1, padding = 'zero', zero = false } = options;
  const fan = x.shape[1] * kernel ** 3;
  const w = s.parameter('weight', [out, x.shape[1], kernel, kernel, kernel], fanIn(fan, zero));
  const b = s.parameter('bias', [out], fanIn(fan, zero));
  const p = kernel === 1 ? 0 : 1;
  if (padding === 'zero' || p === 0) return conv3d(x, w, b, { stride, before: [p, p, p], after: [p, p, p] });
  const grown = pad(x, [0, 0, 1, 1, 1], [0, 0, 1, 1, 1], 'replicate');
  return conv3d(grown, w, b, { stride, before: [0, 0, 0], after: [0, 0, 0] });
}

/** `x W' + b` over the last axis of x [N, C]. */
export function linear(s: Scope, x: Tensor, out: number, zero = false): Tensor {
  const fan = x.shape[x.shape.length - 1];
  const w = s.parameter('weight', [out, fan], fanIn(fan, zero));
  const b = s.parameter('bias', [out], fanIn(fan, zero));
  return add(matmul(x, w, false, true), b);
}

/** The learned scale and shift [1, C] of a norm. */
function affine(s: Scope, channels: number): [Tensor, Tensor] {
  return [
    s.parameter('scale', [1, channels], { kind: 'ones' }),
    s.parameter('shift', [1, channels], { kind: 'zeros' }),
  ];
}

/** Group norm with a learned scale and shift a channel. */
export function norm(s: Scope, x: Tensor, groups: number): Tensor {
  const [scale, shift] = affine(s, x.shape[1]);
  return groupNorm(x, scale, shift, groups);
}

/** Group norm whose scale and shift also depend on `embedding` [N, E]: `xhat . scale (1 + s(e)) + shift (1 + s(e)) + t(e)`. */
export function adaptiveNorm(s: Scope, x: Tensor, embedding: Tensor, groups: number): Tensor {
  const channels = x.shape[1];
  const [scale, shift] = affine(s, channels);
  const both = linear(s.child('embedding'), embedding, 2 * channels, true);
  const gain = add(slice(both, 1, 0, channels), 1);
  return groupNorm(
    x,
    multiply(gain, scale),
    add(multiply(gain, shift), slice(both, 1, channels, 2 * channels)),
    groups,
  );
}

/** Self-attention over all voxels, residual: `x + W softmax(q k' / sqrt(d)) v`. */
export function attention(s: Scope, x: Tensor, heads: number, groups: number): Tensor {
  const [n, c, ...size] = x.shape;
  const cells = size.reduce((a, b) => a * b, 1);
  const d = c / heads;
  const qkv = reshape(conv(s.child('qkv'), norm(s.child('norm'), x, groups), 3 * c, { kernel: 1 }), [
    n,
    3 * heads,
    d,
    cells,
  ]);
  const part = (i: number) => slice(qkv, 1, i * heads, (i + 1) * heads);
  const weights = softmax(matmul(multiply(part(0), 1 / Math.sqrt(d)), part(1), true, false));
  const mixed = reshape(matmul(part(2), weights, false, true), x.shape);
  return add(x, conv(s.child('out'), mixed, c, { kernel: 1, zero: true }));
}

/**
 * Nearest upsampling by 2 followed by a 3x3x3 convolution, computed on the coarse grid. A voxel's parity along an axis
 * decides which taps meet in one coarse cell: parity 0 sees (w0 | w1 + w2), parity 1 sees (w0 + w1 | w2). All eight
 * parities are one convolution with kernel 2: 8 products a fine voxel instead of 27, and no fine copy of the input.
 */
export function upsampleConv(s: Scope, x: Tensor, out: number): Tensor {
  const [n, c, d, h, w] = x.shape;
  const fan = c * 27;
  const weight = s.parameter('weight', [out, c, 3, 3, 3], fanIn(fan));
  const bias = s.parameter('bias', [out], fanIn(fan));
  // [27, 64]: column (parity, tap) sums the kernel's taps that fall together, the product of the rule of each axis.
  const rule = [
    [
      [1, 0, 0],
      [0, 1, 1],
    ],
    [
      [1, 1, 0],
      [0, 0, 1],
    ],
  ];
  const fold = new Float32Array(27 * 64);
  for (let k = 0; k < 27; k++)
    for (let j = 0; j < 64; j++) {
      const axis = (a: number) =>
        rule[(j >> (5 - a)) & 1][(j >> (2 - a)) & 1][Math.floor(k / 3 ** (2 - a)) % 3];
      fold[k * 64 + j] = axis(0) * axis(1) * axis(2);
    }
  const folded = matmul(reshape(weight, [out * c, 27]), x.graph.constant(fold, [27, 64]));
  const kernel = reshape(transpose(reshape(folded, [out, c, 8, 8]), [0, 2, 1, 3]), [8 * out, c, 2, 2, 2]);
  const corners = conv3d(x, kernel, undefined, { stride: 1, before: [1, 1, 1], after: [1, 1, 1] });
  // Parity r of an axis reads the corner grid from r on.
  const grid = reshape(corners, [n, out, 8, (d + 1) * (h + 1) * (w + 1)]);
  const parities = [...Array(8).keys()].map((j) => {
    let part = reshape(slice(grid, 2, j, j + 1), [n, out, d + 1, h + 1, w + 1]);
    for (const [a, size] of [d, h, w].entries())
      part = slice(part, 2 + a, (j >> (2 - a)) & 1, ((j >> (2 - a)) & 1) + size);
    return reshape(part, [n, out, 1, d, h, w]);
  });
  const deep = reshape(concat(parities, 2), [n, out * 8, d, h, w]);
  const fine = depthToSpace(deep);
  return add(fine, reshape(bias, [1, out, 1, 1, 1]));
}
