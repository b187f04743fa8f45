/**
 * The two ends of an autoencoder that works on a coarser grid than its masks. Going in, a fine mask [N, 1, D, H, W] in +-1 is
 * averaged down to the encoder's grid and cut at one half. Going out, the decoder's features [N, K, d, h, w], the first of
 * which is the logit of bone, become logits [N, 1, D, H, W] of the fine grid, in one of four ways:
 *
 *   up           the logit, resized trilinearly (align_corners = false); nothing to learn
 *   up_conv      K features resized, then a 3x3x3 convolution to the logit
 *   up_res_conv  K features resized; the logit among them plus a 3x3x3 convolution of all that starts at zero
 *   super        a convolution on the coarse grid that makes the s^3 fine voxels of each cell as channels (sub-voxel
 *                convolution, Shi et al. 2016: a transposed convolution of kernel 3s and stride s without its cost); it
 *                starts as trilinear resizing of the logit
 *
 * All but `up_conv` start as the trilinear result.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, multiply, subtract } from '../graph/ops/binary.ts';
import { conv3d } from '../graph/ops/conv3d.ts';
import { lessThan } from '../graph/ops/lookup.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { resizeTrilinear } from '../graph/ops/resize.ts';
import { reshape, transpose } from '../graph/ops/shape.ts';
import { silu } from '../graph/ops/silu.ts';
import { pad, slice } from '../graph/ops/slice.ts';
import { conv } from '../nn/layers.ts';
import type { Scope } from '../nn/scope.ts';

export type HeadKind = 'none' | 'up' | 'up_conv' | 'up_res_conv' | 'super';

export interface HeadConfig {
  /** `none`: encoder and decoder work on the grid of the masks. */
  kind: HeadKind;
  /** How many times coarser than the masks the encoder's grid is along each axis. */
  scale: number;
  /** Features that a learnt head sees, K above. */
  channels: number;
}

/** Features that the decoder hands to its head. */
export function headChannels({ kind, channels }: HeadConfig): number {
  return kind === 'none' || kind === 'up' ? 1 : channels;
}

/** The [to, from] matrix of means over equal parts: row i covers i . from/to .. (i+1) . from/to, ends counted in part. */
export function areaMatrix(from: number, to: number): Float32Array {
  const width = from / to;
  const m = new Float32Array(to * from);
  for (let i = 0; i < to; i++)
    for (let j = Math.floor(i * width); j < Math.min(from, Math.ceil((i + 1) * width)); j++)
      m[i * from + j] = Math.max(0, Math.min(j + 1, (i + 1) * width) - Math.max(j, i * width)) / width;
  return m;
}

/** Masks x [N, 1, D, H, W] in +-1 on the coarser grid `size`: 1 where at least half of a cell is bone, else -1. No gradient. */
export function coarsen(x: Tensor, [d2, h2, w2]: readonly number[]): Tensor {
  const [n, c, d, h, w] = x.shape;
  const matrix = (from: number, to: number) => x.graph.constant(areaMatrix(from, to), [to, from]);
  let y = matmul(reshape(x, [n * c * d * h, w]), matrix(w, w2), false, true);
  y = matmul(matrix(h, h2), reshape(y, [n * c * d, h, w2]));
  y = matmul(matrix(d, d2), reshape(y, [n * c, d, h2 * w2]));
  // A rounding margin, so that exact halves are bone on every machine.
  return subtract(1, multiply(lessThan(reshape(y, [n, c, d2, h2, w2]), -1e-5), 2));
}

/** Logits [N, 1, ...size] from the decoder's features x [N, K, d, h, w]; `super` needs `size` to be a whole multiple. */
export function head(s: Scope, x: Tensor, { kind }: HeadConfig, size: readonly number[]): Tensor {
  if (kind === 'none') return x;
  if (kind === 'super') return superVoxels(s, x, size[0] / x.shape[2]);
  const fine = resizeTrilinear(x, size);
  if (kind === 'up') return fine;
  if (kind === 'up_conv') return conv(s, fine, 1, { padding: 'replicate' });
  return add(slice(fine, 1, 0, 1), conv(s, silu(fine), 1, { padding: 'replicate', zero: true }));
}

/**
 * The 3 taps (cell before, own cell, cell after) of linear interpolation at the `scale` sub-voxels of a cell, [scale, 3]:
 * sub-voxel r lies (r + 1/2) / scale - 1/2 cells from the cell's centre.
 */
export function linearTaps(scale: number): number[][] {
  return Array.from({ length: scale }, (_, r) => {
    const offset = (r + 0.5) / scale - 0.5;
    return [Math.max(0, -offset), 1 - Math.abs(offset), Math.max(0, offset)];
  });
}

/**
 * [N, K, d, h, w] -> [N, 1, s d, s h, s w]. The kernel is trilinear interpolation of channel 0 plus what is learnt, which
 * starts at zero; so weight decay, where it is used, pulls towards trilinear.
 */
function superVoxels(s: Scope, x: Tensor, scale: number): Tensor {
  const channels = x.shape[1];
  const cells = scale ** 3;
  const shape = [cells, channels, 3, 3, 3];
  const taps = linearTaps(scale);
  const start = new Float32Array(cells * channels * 27);
  for (let r = 0; r < cells; r++)
    for (let k = 0; k < 27; k++)
      start[r * channels * 27 + k] =
        taps[Math.floor(r / scale ** 2)][Math.floor(k / 9)] *
        taps[Math.floor(r / scale) % scale][Math.floor(k / 3) % 3] *
        taps[r % scale][k % 3];
  const learnt = s.parameter('weight', shape, { kind: 'zeros' });
  const bias = s.parameter('bias', [cells], { kind: 'zeros' });
  const grown = pad(x, [0, 0, 1, 1, 1], [0, 0, 1, 1, 1], 'replicate');
  const kernel = add(x.graph.constant(start, shape), learnt);
  return interleave(conv3d(grown, kernel, bias, { stride: 1, before: [0, 0, 0], after: [0, 0, 0] }), scale);
}

/** [N, s^3, d, h, w] -> [N, 1, s d, s h, s w]; channel s (s rz + ry) + rx holds the voxels at (rz, ry, rx) of each cell. */
function interleave(x: Tensor, s: number): Tensor {
  const [n, , d, h, w] = x.shape;
  let y = transpose(reshape(x, [n * s * s, s, d * h * w]), [0, 2, 1]);
  y = transpose(reshape(y, [n * s, s, d * h, s * w]), [0, 2, 1, 3]);
  y = transpose(reshape(y, [n, s, d, s * h * s * w]), [0, 2, 1, 3]);
  return reshape(y, [n, 1, s * d, s * h, s * w]);
}
