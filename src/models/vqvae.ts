/**
 * The autoencoder: a 3D VQ-VAE (van den Oord et al. 2017) from a mask [N, 1, D, H, W] in +-1 to latents [N, L, D/f, H/f, W/f],
 * f = patch . 2^(widths - 1), and back to logits of bone. Encoder: convolutions of kernel 4 and stride 2, a residual block after each;
 * decoder: its mirror image, upsampling by `upsampleConv`. Replicate padding, so that bone cut by the field of view goes on.
 * With a head (`head.ts`) all of that happens on a grid coarser than the mask, and the decoder still writes the mask's grid.
 *
 * The codebook learns by exponential moving averages, not by gradients: for code v, over the latents z assigned to it,
 *   count <- d count + (1-d) n_v,  sum <- d sum + (1-d) sum z,  code = sum / count (Laplace-smoothed),
 * and a code used less than once on average starts again at a random latent of the batch (Razavi et al. 2019; Dhariwal et
 * al. 2020). Its state is three vectors that go in and come out of the training step.
 */
import type { Graph, Tensor } from '../graph/graph.ts';
import { add, divide, multiply, subtract } from '../graph/ops/binary.ts';
import { depthToSpace, spaceToDepth } from '../graph/ops/conv3d.ts';
import { gather, lessThan, nearestCode, scatterAdd } from '../graph/ops/lookup.ts';
import { sum } from '../graph/ops/reduce.ts';
import { reshape, stopGradient, straightThrough, transpose } from '../graph/ops/shape.ts';
import { silu } from '../graph/ops/silu.ts';
import { exp, log, negate } from '../graph/ops/unary.ts';
import { conv, norm, upsampleConv } from '../nn/layers.ts';
import { mse } from '../nn/losses.ts';
import type { Scope } from '../nn/scope.ts';
import { coarsen, type HeadConfig, head, headChannels } from './head.ts';

export interface VqVaeConfig {
  /**
   * 2: voxels enter and leave in cubes of 2x2x2 as 8 channels, so that no layer works on the fine grid (it would take a
   * third of the time for a tenth of the work); 1: one by one.
   */
  patch: 1 | 2;
  /** Channels from the finest level to the coarsest; each level halves the grid. */
  widths: readonly number[];
  /** Residual blocks of the decoder at each level, in the order of `widths`. */
  decoderBlocks: readonly number[];
  /** Residual blocks of the encoder at each level but the first, in the order of `widths`. */
  encoderBlocks: readonly number[];
  latentChannels: number;
  codes: number;
  groups: number;
  head: HeadConfig;
}

const replicate = { padding: 'replicate' } as const;

/** `x + conv(silu(norm(conv(silu(norm(x))))))`. */
export function residual(s: Scope, x: Tensor, groups: number): Tensor {
  const c = x.shape[1];
  let h = conv(s.child('conv1'), silu(norm(s.child('norm1'), x, Math.min(groups, c))), c, replicate);
  h = conv(s.child('conv2'), silu(norm(s.child('norm2'), h, Math.min(groups, c))), c, replicate);
  return add(x, h);
}

/** How many times coarser than the encoder's grid the latents are. */
export function latentFactor(config: Pick<VqVaeConfig, 'widths' | 'patch'>): number {
  return config.patch * 2 ** (config.widths.length - 1);
}

/**
 * The sides of the encoder's grid for masks of sides `size`, in any order of the axes: `size / scale`, each to the nearest
 * multiple of the latent factor (456x352x512 at a scale of 2.375 and factor 4: 192x148x216); without a head, `size` itself.
 */
export function encoderSize(
  config: Pick<VqVaeConfig, 'widths' | 'patch' | 'head'>,
  size: readonly number[],
): number[] {
  if (config.head.kind === 'none') return [...size];
  const factor = latentFactor(config);
  return size.map((side) => factor * Math.round(side / (config.head.scale * factor)));
}

/** The latents of masks x [N, 1, D, H, W] in +-1 before quantisation; x has the grid that the decoder writes. */
export function encoder(s: Scope, x: Tensor, config: VqVaeConfig): Tensor {
  const seen = config.head.kind === 'none' ? x : coarsen(x, encoderSize(config, x.shape.slice(2)));
  let h = conv(s.child('in'), config.patch === 2 ? spaceToDepth(seen) : seen, config.widths[0], replicate);
  for (let level = 1; level < config.widths.length; level++) {
    const scope = s.child(`level${level}`);
    h = conv(scope.child('down'), silu(h), config.widths[level], {
      kernel: 4,
      stride: 2,
      padding: 'replicate',
    });
    for (let i = 0; i < config.encoderBlocks[level - 1]; i++)
      h = residual(scope.child(`block${i}`), h, config.groups);
  }
  h = silu(norm(s.child('norm'), h, Math.min(config.groups, h.shape[1])));
  return conv(s.child('out'), h, config.latentChannels, { kernel: 1 });
}

/** Logits of bone [N, 1, D, H, W] from (quantised) latents; `size` is [D, H, W], the grid of the masks. */
export function decoder(s: Scope, z: Tensor, config: VqVaeConfig, size: readonly number[]): Tensor {
  const last = config.widths.length - 1;
  let h = conv(s.child('in'), z, config.widths[last], replicate);
  for (let level = last; level >= 0; level--) {
    const scope = s.child(`level${level}`);
    for (let i = 0; i < config.decoderBlocks[level]; i++)
      h = residual(scope.child(`block${i}`), h, config.groups);
    if (level > 0) h = upsampleConv(scope.child('up'), silu(h), config.widths[level - 1]);
  }
  h = silu(norm(s.child('norm'), h, Math.min(config.groups, h.shape[1])));
  const cells = conv(s.child('out'), h, headChannels(config.head) * config.patch ** 3, replicate);
  const features = config.patch === 2 ? depthToSpace(cells) : cells;
  return head(s.child('head'), features, config.head, size);
}

/** [N, L, D, H, W] -> [N D H W, L]. */
export function toRows(z: Tensor): Tensor {
  const [n, l, d, h, w] = z.shape;
  return reshape(transpose(z, [0, 2, 3, 4, 1]), [n * d * h * w, l]);
}

/** The inverse of `toRows`. */
export function fromRows(rows: Tensor, shape: readonly number[]): Tensor {
  const [n, l, d, h, w] = shape;
  return transpose(reshape(rows, [n, d, h, w, l]), [0, 4, 1, 2, 3]);
}

/** Each latent replaced by its nearest code. */
export function quantise(z: Tensor, codebook: Tensor): { quantised: Tensor; rows: Tensor; index: Tensor } {
  const rows = stopGradient(toRows(z));
  const index = nearestCode(rows, codebook);
  return { quantised: fromRows(gather(codebook, index), z.shape), rows, index };
}

export interface CodebookStep {
  /** What the decoder sees; gradients pass straight through to z. */
  quantised: Tensor;
  /** `mean |z - code|^2`, with gradient to z. */
  commitment: Tensor;
  /** exp(entropy of the code usage): how many codes are in use, effectively. */
  perplexity: Tensor;
  before: { codebook: Tensor; counts: Tensor; sums: Tensor };
  after: { codebook: Tensor; counts: Tensor; sums: Tensor };
}

/**
 * Quantisation with the codebook's own learning. Reads the inputs `codebook` [V, L], `counts` [V, 1], `sums` [V, L] and
 * `restarts` [V] (int32: for each code the row of the batch's latents at which it may start again).
 */
export function codebookStep(graph: Graph, z: Tensor, config: VqVaeConfig, decay = 0.99): CodebookStep {
  const { codes, latentChannels } = config;
  const before = {
    codebook: graph.input('codebook', [codes, latentChannels]),
    counts: graph.input('counts', [codes, 1]),
    sums: graph.input('sums', [codes, latentChannels]),
  };
  const restarts = graph.input('restarts', [codes], 'int32');
  const { quantised, rows, index } = quantise(z, before.codebook);

  const ones = graph.constant(new Float32Array(rows.shape[0]).fill(1), [rows.shape[0], 1]);
  const used = scatterAdd(ones, index, codes);
  const moved = (old: Tensor, now: Tensor) => add(multiply(old, decay), multiply(now, 1 - decay));
  const counts = moved(before.counts, used);
  const sums = moved(before.sums, scatterAdd(rows, index, codes));
  const epsilon = 1e-5;
  const total = sum(counts);
  const smooth = multiply(divide(add(counts, epsilon), add(total, codes * epsilon)), total);
  const learnt = divide(sums, smooth);

  // A dead code takes the place of a random latent with a count of 1.
  const dead = lessThan(counts, RESTART_BELOW);
  const alive = subtract(1, dead);
  const fresh = gather(rows, restarts);
  const pick = (a: Tensor, b: Tensor) => add(multiply(dead, a), multiply(alive, b));
  const after = {
    codebook: pick(fresh, learnt),
    counts: add(dead, multiply(alive, counts)),
    sums: pick(fresh, sums),
  };

  const share = multiply(used, 1 / rows.shape[0]);
  const entropy = negate(sum(multiply(share, log(add(share, 1e-10)))));
  return {
    quantised: straightThrough(z, quantised),
    commitment: mse(z, stopGradient(quantised)),
    perplexity: exp(entropy),
    before,
    after,
  };
}

/** Mean uses a step below which a code counts as dead. */
const RESTART_BELOW = 1;
