/**
 * 3D convolution, y[n,o,p] = b[o] + sum_{i,k} w[o,i,k] x[n,i, stride p + k - before]: x [N, I, D, H, W], w [O, I, kd, kh, kw],
 * y [N, O, D', H', W'], zeros outside.
 *
 * Lowered in one of two forms. *direct*: one ONNX Conv. *depth Winograd*: F(2,3) along depth (Winograd 1980; Lavin & Gray,
 * CVPR 2016) turns two output slices, 6 slice products, into 4: with d0..d3 four input slices and g0..g2 the kernel's,
 *   m0 = (d0-d2) g0, m1 = (d1+d2)(g0+g1+g2)/2, m2 = (d2-d1)(g0-g1+g2)/2, m3 = (d1-d3) g2, y0 = m0+m1+m2, y1 = m1-m2-m3
 * where a product is a 2D convolution over all tiles at once. Measured on one core, C = 32 at 48x40x56, 64 at 24x20x28, 128
 * at 12x10x14: direct 62, 83, 87 GFLOP/s of the direct form's work, Winograd 88, 112, 115; the error against the direct form
 * is 1e-5 where values are about 10. The direct form stays for strides, other kernels, odd depths and few channels.
 */
import {
  allFloat,
  type Lowering,
  type Node,
  type Op,
  onceDifferentiable,
  type Shape,
  shapeError,
  type Tensor,
  type TensorType,
} from '../graph.ts';
import type { OnnxBuilder } from '../onnx/model.ts';
import { foldedConv3d } from './conv3dFolded.ts';
import { conv3dWeightGradient } from './conv3dWeightGradient.ts';
import { sum } from './reduce.ts';
import { reshape, transpose } from './shape.ts';
import { pad, slice } from './slice.ts';

export interface ConvAttributes {
  stride: 1 | 2;
  /** Zeros before each of z, y, x. */
  before: readonly [number, number, number];
  /** Zeros after each of z, y, x. */
  after: readonly [number, number, number];
}

const AXES = [0, 1, 2] as const;

function outputSize(x: Shape, kernel: Shape, { stride, before, after }: ConvAttributes): number[] {
  return AXES.map((a) => Math.floor((x[a] + before[a] + after[a] - kernel[a]) / stride) + 1);
}

export const CONV3D: Op<ConvAttributes> = {
  type: 'conv3d',
  infer(inputs, attributes) {
    const [x, w, b] = inputs.map((t) => t.shape);
    if (x.length !== 5 || w.length !== 5 || !allFloat(inputs))
      throw shapeError('conv3d', inputs, 'float32 x [N, I, D, H, W] and w [O, I, kd, kh, kw]');
    if (w[1] !== x[1])
      throw shapeError('conv3d', inputs, `a kernel for the ${x[1]} channels of x, not ${w[1]}`);
    if (b !== undefined && b.join() !== `${w[0]}`)
      throw shapeError('conv3d', inputs, `a bias of shape [${w[0]}]`);
    const spatial = outputSize(x.slice(2), w.slice(2), attributes);
    if (spatial.some((d) => d < 1))
      throw shapeError('conv3d', inputs, 'a volume at least as large as the kernel');
    return [{ shape: [x[0], w[0], ...spatial], dtype: 'float32' }];
  },
  gradient(node, [dy]) {
    const [x, w, bias] = node.inputs;
    const db = bias === undefined ? [] : [sum(dy!, [0, 2, 3, 4])];
    if (node.attributes.stride === 1)
      return [
        inputGradient(dy!, w, x.shape, node.attributes),
        conv3dWeightGradient(x, dy!, w.shape, node.attributes),
        ...db,
      ];
    return [...stridedGradients(x, w, dy!, node.attributes), ...db];
  },
  lower(node, lowering) {
    if (suitsWinograd(node)) lowerWinograd(node, lowering);
    else lowerDirect(node, lowering);
  },
  folded: foldedConv3d,
};

/** `conv3d(x, w, bias)` with zero padding; stride 1 or 2 alike on the three axes. */
export function conv3d(x: Tensor, w: Tensor, bias: Tensor | undefined, attributes: ConvAttributes): Tensor {
  return x.graph.add(CONV3D, bias === undefined ? [x, w] : [x, w, bias], attributes)[0];
}

const FLIP: Op<null> = {
  type: 'flipKernel',
  infer(inputs) {
    const [o, i, ...k] = inputs[0].shape;
    return [{ shape: [i, o, ...k], dtype: 'float32' }];
  },
  gradient: onceDifferentiable,
  lower(_, { builder: b, inputs: [w], outputs }) {
    const last = b.int64([-1, -1, -1]);
    const far = b.int64([-1000, -1000, -1000]);
    const flipped = b.node('Slice', [w, last, far, b.int64([2, 3, 4]), last]);
    b.nodeInto(outputs, 'Transpose', [flipped], { perm: [1, 0, 2, 3, 4] });
  },
};

/** dx of a stride-1 convolution: the convolution of dy with the flipped, transposed kernel (not ConvTranspose, which is slow). */
function inputGradient(dy: Tensor, w: Tensor, x: Shape, { before }: Pick<ConvAttributes, 'before'>): Tensor {
  const kernel = w.shape.slice(2);
  const start = AXES.map((a) => kernel[a] - 1 - before[a]);
  const end = AXES.map((a) => x[2 + a] + kernel[a] - 1 - dy.shape[2 + a] - start[a]);
  const zeros = (p: number[]) => p.map((v) => Math.max(0, v)) as [number, number, number];
  const flipped = dy.graph.add(FLIP, [w], null)[0];
  return conv3d(dy, flipped, undefined, { stride: 1, before: zeros(start), after: zeros(end) });
}

/**
 * dx and dw of a stride-2 convolution, through the equal stride-1 convolution on the space-to-depth form of x: a kernel
 * of 3 or 4 becomes one of 2 on 8 times the channels.
 */
function stridedGradients(
  x: Tensor,
  w: Tensor,
  dy: Tensor,
  { before, after }: ConvAttributes,
): [Tensor, Tensor] {
  const [, channels, ...size] = x.shape;
  const [out, , ...kernel] = w.shape;
  const half = AXES.map((a) => dy.shape[2 + a] + 1);
  const extra = AXES.map((a) => 2 * half[a] - size[a] - before[a]);
  if (kernel.some((k) => k !== 3 && k !== 4) || extra.some((e) => e < 0))
    throw shapeError(
      'gradient of conv3d, stride 2',
      [x, w],
      `a kernel of 3 or 4 and even sizes, not paddings ${before}, ${after}`,
    );
  const grown = pad(x, [0, 0, ...before], [0, 0, ...extra]);
  const deep = spaceToDepth(grown);
  const lack = kernel.map((k) => 4 - k);
  const w4 = pad(w, [0, 0, 0, 0, 0], [0, 0, ...lack]);
  const shape = [out, channels * 8, 2, 2, 2];
  // [O, I, kz, 2, ky, 2, kx, 2] -> [O, I, 2, 2, 2, kz, ky, kx]: tap 2k + r becomes tap k of channel parity r.
  const split = reshape(w4, [out, channels, 2, 2, 2, 2, 2, 2]);
  const deepKernel = reshape(transpose(split, [0, 1, 3, 5, 7, 2, 4, 6]), shape);
  const plain: ConvAttributes = { stride: 1, before: [0, 0, 0], after: [0, 0, 0] };
  const deepGradient = inputGradient(dy, deepKernel, deep.shape, plain);
  let dx = depthToSpace(deepGradient);
  for (const a of AXES) dx = slice(dx, 2 + a, before[a], before[a] + size[a]);
  const dDeep = reshape(conv3dWeightGradient(deep, dy, shape, plain), [out, channels, 2, 2, 2, 2, 2, 2]);
  let dw = reshape(transpose(dDeep, [0, 1, 5, 2, 6, 3, 7, 4]), [out, channels, 4, 4, 4]);
  for (const a of AXES) dw = slice(dw, 2 + a, 0, kernel[a]);
  return [dx, dw];
}

/**
 * [N, C, 2D, 2H, 2W] -> [N, 8C, D, H, W]; channel c * 8 + 4 rz + 2 ry + rx holds the voxels of parity (rz, ry, rx). One
 * axis at a time: three moves of one axis take a third of the time of one transpose of eight axes.
 */
export function spaceToDepth(x: Tensor): Tensor {
  const [n, c, d, h, w] = x.shape;
  const [d2, h2, w2] = [d / 2, h / 2, w / 2];
  let y = transpose(reshape(x, [n * c, d2, 2, h * w]), [0, 2, 1, 3]);
  y = transpose(reshape(y, [n * c * 2, d2 * h2, 2, w]), [0, 2, 1, 3]);
  y = transpose(reshape(y, [n * c * 4, d2 * h2 * w2, 2]), [0, 2, 1]);
  return reshape(y, [n, 8 * c, d2, h2, w2]);
}

/** The inverse of `spaceToDepth`: [N, 8C, D, H, W] -> [N, C, 2D, 2H, 2W]. */
export function depthToSpace(x: Tensor): Tensor {
  const [n, c8, d, h, w] = x.shape;
  const c = c8 / 8;
  let y = transpose(reshape(x, [n * c * 4, 2, d * h * w]), [0, 2, 1]);
  y = transpose(reshape(y, [n * c * 2, 2, d * h, 2 * w]), [0, 2, 1, 3]);
  y = transpose(reshape(y, [n * c, 2, d, 4 * h * w]), [0, 2, 1, 3]);
  return reshape(y, [n, c, 2 * d, 2 * h, 2 * w]);
}

function lowerDirect(node: Node<ConvAttributes>, { builder, inputs, outputs }: Lowering): void {
  const { stride, before, after } = node.attributes;
  builder.nodeInto(outputs, 'Conv', inputs, {
    kernel_shape: node.inputs[1].shape.slice(2),
    strides: [stride, stride, stride],
    pads: [...before, ...after],
  });
}

/** Where the Winograd form is faster, by measurement: 3 taps along an even depth, stride 1, channels enough for the products. */
export function suitsWinograd(node: {
  attributes: ConvAttributes;
  inputs: readonly TensorType[];
  outputs: readonly TensorType[];
}): boolean {
  const [x, w] = node.inputs;
  const depth = node.outputs[0].shape[2];
  return (
    node.attributes.stride === 1 &&
    w.shape[2] === 3 &&
    w.shape[3] > 1 &&
    depth % 2 === 0 &&
    x.shape[1] >= 8 &&
    w.shape[0] >= 8
  );
}

function lowerWinograd(node: Node<ConvAttributes>, { builder: b, inputs, outputs }: Lowering): void {
  const [x, w, bias] = inputs;
  const { before, after } = node.attributes;
  const [n, o, depth, h, wd] = node.outputs[0].shape;
  const parts = winogradInput(b, x, node.inputs[0].shape[2], before[0], after[0]);
  const kernels = winogradKernel(b, w);
  const attributes = {
    kernel_shape: [1, ...node.inputs[1].shape.slice(3)],
    pads: [0, before[1], before[2], 0, after[1], after[2]],
  };
  // The bias enters through m1, which both y0 and y1 add once.
  const m = parts.map((v, i) =>
    b.node('Conv', i === 1 && bias !== undefined ? [v, kernels[i], bias] : [v, kernels[i]], attributes),
  );
  const even = b.node('Add', [b.node('Add', [m[1], m[2]]), m[0]]);
  const odd = b.node('Sub', [b.node('Sub', [m[1], m[2]]), m[3]]);
  const apart = b.int64([n, o, depth / 2, 1, h * wd]);
  const pair = b.node('Concat', [b.node('Reshape', [even, apart]), b.node('Reshape', [odd, apart])], {
    axis: 3,
  });
  b.nodeInto(outputs, 'Reshape', [pair, b.int64([n, o, depth, h, wd])]);
}

/** d0-d2, d1+d2, d2-d1, d1-d3 over all tiles of two output slices; x has `depth` slices and is padded by `before`, `after`. */
export function winogradInput(
  b: OnnxBuilder,
  x: string,
  depth: number,
  before: number,
  after: number,
): string[] {
  const axis = b.int64([2]);
  const two = b.int64([2]);
  const every2 = (from: string, start: number, end: number) =>
    b.node('Slice', [from, b.int64([start]), b.int64([end]), axis, two]);
  if (before === 1 && after === 1) {
    // With one slice of zeros at both ends the tiles are x's even and odd slices and those shifted by one tile.
    const even = every2(x, 0, depth);
    const odd = every2(x, 1, depth);
    const shift = (from: string, by: 1 | -1) =>
      b.node('Pad', [from, b.int64([0, 0, by, 0, 0, 0, 0, -by, 0, 0])]);
    return [
      b.node('Sub', [shift(odd, 1), odd]),
      b.node('Add', [even, odd]),
      b.node('Sub', [odd, even]),
      b.node('Sub', [even, shift(even, -1)]),
    ];
  }
  const grown = before + after > 0 ? b.node('Pad', [x, b.int64([0, 0, before, 0, 0, 0, 0, after, 0, 0])]) : x;
  const total = depth + before + after;
  const [d0, d1, d2, d3] = [0, 1, 2, 3].map((s) => every2(grown, s, total - 2 + Math.min(2, s)));
  return [b.node('Sub', [d0, d2]), b.node('Add', [d1, d2]), b.node('Sub', [d2, d1]), b.node('Sub', [d1, d3])];
}

/** g0, (g0+g1+g2)/2, (g0-g1+g2)/2, g2, each [O, I, 1, kh, kw]. */
export function winogradKernel(b: OnnxBuilder, w: string): string[] {
  const axis = b.int64([2]);
  const [g0, g1, g2] = [0, 1, 2].map((k) => b.node('Slice', [w, b.int64([k]), b.int64([k + 1]), axis]));
  const outer = b.node('Mul', [b.node('Add', [g0, g2]), b.float(0.5)]);
  const inner = b.node('Mul', [g1, b.float(0.5)]);
  return [g0, b.node('Add', [outer, inner]), b.node('Sub', [outer, inner]), g2];
}
