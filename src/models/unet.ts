/**
 * The generator's network: a 3D U-Net over latents [N, C, D, H, W] that predicts the velocity (or the noise) at time t,
 * conditioned on a class. Residual blocks of group norm, SiLU and 3x3x3 convolutions take scale and shift from the
 * embedding of time plus class; attention sits at the coarse levels. The input is zero-padded to a multiple of
 * 2^(levels-1) and the output cropped back. Class `classes` is the null class of classifier-free guidance.
 * Ronneberger et al. 2015; Dhariwal & Nichol 2021; Ho & Salimans 2022.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/binary.ts';
import { gather } from '../graph/ops/lookup.ts';
import { reshape } from '../graph/ops/shape.ts';
import { silu } from '../graph/ops/silu.ts';
import { concat, pad, slice } from '../graph/ops/slice.ts';
import { cos, sin } from '../graph/ops/unary.ts';
import { adaptiveNorm, attention, conv, linear, norm, upsampleConv } from '../nn/layers.ts';
import type { Scope } from '../nn/scope.ts';

export interface UNetConfig {
  /** Channels of the finest level. */
  width: number;
  /** Channels of each level, in widths. */
  multipliers: readonly number[];
  /** Residual blocks a level, on the way down and again on the way up. */
  blocks: number;
  /** Groups of the group norms. */
  groups: number;
  /** Levels (0 the finest) that end in attention; the middle always has it. */
  attention: readonly number[];
  /** Channels of one attention head. */
  headChannels: number;
  /** Classes, without the null class. */
  classes: number;
}

/** [cos(1000 t f), sin(1000 t f)] for frequencies f from 1 to 1e-4, geometrically: [N] -> [N, 2 n]. */
function timeFeatures(t: Tensor, n: number): Tensor {
  const frequencies = Float32Array.from({ length: n }, (_, i) => 1000 * 10000 ** (-i / n));
  const angle = multiply(reshape(t, [t.shape[0], 1]), t.graph.constant(frequencies, [1, n]));
  return concat([cos(angle), sin(angle)], 1);
}

function residualBlock(s: Scope, x: Tensor, out: number, embedding: Tensor, groups: number): Tensor {
  let h = conv(s.child('conv1'), silu(norm(s.child('norm1'), x, groups)), out);
  h = silu(adaptiveNorm(s.child('norm2'), h, embedding, groups));
  h = conv(s.child('conv2'), h, out, { zero: true });
  const skip = x.shape[1] === out ? x : conv(s.child('skip'), x, out, { kernel: 1 });
  return add(skip, h);
}

/** The network's output for x [N, C, D, H, W] at times t [N] and class labels [N] (int32): the shape of x. */
export function unet(s: Scope, x: Tensor, t: Tensor, label: Tensor, config: UNetConfig): Tensor {
  const { width, multipliers, blocks, groups } = config;
  const [, channels, ...size] = x.shape;
  const multiple = 2 ** (multipliers.length - 1);
  const lack = size.map((d) => (multiple - (d % multiple)) % multiple);
  let h = pad(x, [0, 0, 0, 0, 0], [0, 0, ...lack]);

  const wide = 4 * width;
  let embedding = linear(s.child('time1'), timeFeatures(t, width), wide);
  embedding = linear(s.child('time2'), silu(embedding), wide);
  const table = s
    .child('class')
    .parameter('weight', [config.classes + 1, wide], { kind: 'uniform', bound: 1 });
  embedding = silu(add(embedding, gather(table, label)));

  const attend = (scope: Scope, y: Tensor) =>
    attention(scope.child('attention'), y, y.shape[1] / config.headChannels, groups);
  const block = (scope: Scope, y: Tensor, out: number) => residualBlock(scope, y, out, embedding, groups);

  h = conv(s.child('in'), h, width);
  const skips: Tensor[] = [];
  for (const [level, m] of multipliers.entries()) {
    const down = s.child('down').child(level);
    for (let i = 0; i < blocks; i++) {
      h = block(down.child(`block${i}`), h, width * m);
      if (i === blocks - 1 && config.attention.includes(level)) h = attend(down, h);
      skips.push(h);
    }
    if (level < multipliers.length - 1)
      h = conv(down.child('downsample'), h, width * m, { kernel: 4, stride: 2 });
  }
  h = block(s.child('middle.block0'), h, h.shape[1]);
  h = attend(s.child('middle'), h);
  h = block(s.child('middle.block1'), h, h.shape[1]);
  for (const [level, m] of [...multipliers.entries()].reverse()) {
    const up = s.child('up').child(level);
    for (let i = 0; i < blocks; i++)
      h = block(up.child(`block${i}`), concat([h, skips.pop()!], 1), width * m);
    if (config.attention.includes(level)) h = attend(up, h);
    if (level > 0) h = upsampleConv(up.child('upsample'), h, width * multipliers[level - 1]);
  }
  h = conv(s.child('out'), silu(norm(s.child('normOut'), h, groups)), channels, { zero: true });
  for (const [a, d] of size.entries()) h = slice(h, 2 + a, 0, d);
  return h;
}
