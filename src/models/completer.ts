/**
 * The completer: a 3D U-Net (Ronneberger et al. 2015) from the mask x [N, 1, D, H, W] of a bone with a defect, in +-1, to
 * logits [N, 1, D, H, W] of the whole bone.
 *
 *   [x, x mirrored left to right, mean training bone] -> (cubes of 2x2x2 as channels), beside them where each cell lies (z, y, x in +-1)
 *     -> conv3 -> residual blocks, conv4 stride 2, a level .. -> residual blocks, `upsampleConv`, a level, beside the skips
 *     -> norm, SiLU, conv3 (starts at zero) -> (channels as cubes) = f      logits = KEEP . x + f
 *
 * The bone that is there stays: before any training the network returns its input, so all it has to learn is what is
 * missing. Bones lie in one frame, left and right of the grid's middle, so the mirrored mask shows each place what the other
 * side has there, which no small kernel could reach, and the mean training bone what most bones have there. (Phantoms of 32^3, 300
 * steps, without the mean bone: implant Dice 0.50 with the mirror image, 0.16 without it.) Grids of any size are continued at their upper ends up to a multiple of
 * the factor, as bone cut by the field of view goes on.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, divide, multiply, subtract } from '../graph/ops/binary.ts';
import { depthToSpace, spaceToDepth } from '../graph/ops/conv3d.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/shape.ts';
import { silu } from '../graph/ops/silu.ts';
import { concat, pad, slice } from '../graph/ops/slice.ts';
import { sigmoid, softplus } from '../graph/ops/unary.ts';
import { conv, norm, upsampleConv } from '../nn/layers.ts';
import { softDice } from '../nn/losses.ts';
import type { Scope } from '../nn/scope.ts';
import { latentFactor, residual } from './vqvae.ts';

export interface CompleterModel {
  /** Side of the cube of voxels that enters, and leaves, as channels. */
  patch: 1 | 2;
  /** Channels from the finest level to the coarsest; each level halves the grid. */
  widths: readonly number[];
  /** Residual blocks a level, on the way down and again on the way up. */
  blocks: number;
  groups: number;
  /** Show the network the mask's mirror image beside it. */
  mirror: boolean;
}

/** The logit of a voxel before training, with the sign of the mask: a belief of 95 %. */
const KEEP = 3;

const replicate = { padding: 'replicate' } as const;

/** x [N, C, D, H, W] mirrored along W: `x J`, J the exchange matrix. */
export function mirrored(x: Tensor): Tensor {
  const w = x.shape[4];
  const exchange = new Float32Array(w * w);
  for (let i = 0; i < w; i++) exchange[i * w + (w - 1 - i)] = 1;
  const rows = x.shape.slice(0, 4).reduce((a, b) => a * b, 1);
  return reshape(matmul(reshape(x, [rows, w]), x.graph.constant(exchange, [w, w])), x.shape);
}

/** Where each cell lies, for each of n cases alike: [N, 3, D, H, W], its z, y and x from -1 to 1. */
function places(n: number, [d, h, w]: readonly number[]): Float32Array {
  const cells = d * h * w;
  const out = new Float32Array(n * 3 * cells);
  const at = (i: number, n: number) => (n === 1 ? 0 : (2 * i) / (n - 1) - 1);
  let p = 0;
  for (let k = 0; k < d; k++)
    for (let j = 0; j < h; j++)
      for (let i = 0; i < w; i++, p++) {
        out[p] = at(k, d);
        out[cells + p] = at(j, h);
        out[2 * cells + p] = at(i, w);
      }
  for (let row = 1; row < n; row++) out.copyWithin(row * 3 * cells, 0, 3 * cells);
  return out;
}

/** Residual blocks at the width of `x`. */
function blocksOf(s: Scope, x: Tensor, { blocks, groups }: CompleterModel): Tensor {
  let h = x;
  for (let i = 0; i < blocks; i++) h = residual(s.child(`block${i}`), h, groups);
  return h;
}

/** The mean bone, shares of 255, as the network sees it for each of n cases: [N, 1, D, H, W] in -1 to 1. */
function shown(template: Uint8Array, n: number): Float32Array {
  const out = new Float32Array(n * template.length);
  for (let p = 0; p < out.length; p++) out[p] = (2 * template[p % template.length]) / 255 - 1;
  return out;
}

/**
 * Logits [N, 1, D, H, W] of the whole bone, from masks x of the same shape in +-1. `template` [D, H, W]: the share of the
 * training bones that have bone at each voxel, 0 to 255.
 */
export function completer(s: Scope, x: Tensor, config: CompleterModel, template: Uint8Array): Tensor {
  const { patch, widths, groups } = config;
  const factor = latentFactor(config);
  const more = x.shape.map((side, axis) => (axis < 2 ? 0 : (factor - (side % factor)) % factor));
  const mean = x.graph.constant(shown(template, x.shape[0]), x.shape);
  const seen = concat(config.mirror ? [x, mirrored(x), mean] : [x, mean], 1);
  const whole = pad(seen, [0, 0, 0, 0, 0], more, 'replicate');
  const cells = patch === 2 ? spaceToDepth(whole) : whole;
  const [n, , ...grid] = cells.shape;
  const place = x.graph.constant(places(n, grid), [n, 3, ...grid]);

  let h = conv(s.child('in'), concat([cells, place], 1), widths[0], replicate);
  const skips: Tensor[] = [];
  for (const [level, width] of widths.entries()) {
    const down = s.child('down').child(level);
    if (level > 0) h = conv(down.child('halve'), silu(h), width, { kernel: 4, stride: 2, ...replicate });
    h = blocksOf(down, h, config);
    skips.push(h);
  }
  h = skips.pop()!;
  for (let level = widths.length - 2; level >= 0; level--) {
    const up = s.child('up').child(level);
    h = upsampleConv(up.child('double'), silu(h), widths[level]);
    h = conv(up.child('join'), concat([h, skips[level]], 1), widths[level], { kernel: 1 });
    h = blocksOf(up, h, config);
  }
  h = silu(norm(s.child('norm'), h, Math.min(groups, h.shape[1])));
  h = conv(s.child('out'), h, patch ** 3, { ...replicate, zero: true });
  let change = patch === 2 ? depthToSpace(h) : h;
  for (let axis = 2; axis < 5; axis++) change = slice(change, axis, 0, x.shape[axis]);
  return add(multiply(x, KEEP), change);
}

export interface CompleterLoss {
  /** Weight of the cross-entropy, counted in defects. */
  entropy: number;
  /** Weight of the soft Dice of the whole bone. */
  dice: number;
  /** Weight of the soft Dice of what is missing. */
  implant: number;
}

/** Voxels added to what is missing, so that an example with a small defect, or none, does not outweigh the others. */
const SMOOTH = 10;

/**
 * `mean over examples of [ entropy . sum CE / (M + s) + dice . (1 - Dice(p, y)) + implant . (1 - (2 sum p y m + s) / (sum p m + M + s)) ]`,
 * p = sigmoid(logits), y the whole bone in 0 and 1, m = 1 where the defective mask has no bone, M = sum y m the voxels
 * missing. The cross-entropy is counted in defects: of a mean over the grid, in which a defect is one voxel in a thousand,
 * the Dice terms would leave nothing, and they alone add too much (phantoms of 24^3, 300 steps: implant Dice 0.69 with either,
 * but the whole bone's 0.968 by Dice alone, 0.971 with a tenth of the entropy; doing nothing 0.957). `x` (defective) and `whole` [N, 1, D, H, W] in +-1.
 */
export function completerLoss(
  logits: Tensor,
  x: Tensor,
  whole: Tensor,
  { entropy, dice, implant }: CompleterLoss,
): Tensor {
  const y = multiply(add(whole, 1), 0.5);
  const free = multiply(subtract(1, x), 0.5);
  const rest = [1, 2, 3, 4];
  const t = multiply(y, free);
  const missing = add(sum(t, rest), SMOOTH);
  const wrong = sum(subtract(softplus(logits), multiply(logits, y)), rest);
  let loss = multiply(mean(divide(wrong, missing)), entropy);
  if (dice > 0) loss = add(loss, multiply(softDice(logits, y), dice));
  if (implant === 0) return loss;
  const p = multiply(sigmoid(logits), free);
  const overlap = add(multiply(sum(multiply(p, t), rest), 2), SMOOTH);
  const total = add(sum(p, rest), missing);
  return add(loss, multiply(mean(subtract(1, divide(overlap, total))), implant));
}
