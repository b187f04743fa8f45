/**
 * The gradient of a stride-1 convolution for its kernel: dw[o,i,k] = sum_{n,p} dy[n,o,p] x[n,i, p + k - before], for each
 * tap k a matrix product of dy [O, P] with a shifted copy of x [I, P].
 *
 * Forms tried, in GFLOP/s of the direct form's work on one core, for the shapes of conv3d.ts (C = 32, 64, 128):
 *   27 slices, 27 products                                               43,  72,  82
 *   depth Winograd (18 half-size products for 2 slices, not 27)          66, 101, 112    <- used from 48 channels on
 *   the same, x and dy on one padded flat grid, three y shifts of dy
 *   stacked so that one product has 3 O rows                             75,  89,  89    <- used below
 * In the Winograd form the kernel's four transforms get their gradients from dM = (e, e+o, e-o, -o), e and o dy's even and
 * odd slices, and dg0 = dU0 + (dU1+dU2)/2, dg1 = (dU1-dU2)/2, dg2 = (dU1+dU2)/2 + dU3.
 */
import {
  type Lowering,
  type Node,
  type Op,
  onceDifferentiable,
  type Shape,
  shapeError,
  type Tensor,
} from '../graph.ts';
import type { OnnxBuilder } from '../onnx/model.ts';
import { type ConvAttributes, suitsWinograd, winogradInput } from './conv3d.ts';

interface WeightGradientAttributes extends ConvAttributes {
  kernel: Shape;
}

const STACK_BELOW = 48;

const CONV3D_WEIGHT_GRADIENT: Op<WeightGradientAttributes> = {
  type: 'conv3dWeightGradient',
  infer(inputs, { kernel }) {
    const [x, dy] = inputs.map((t) => t.shape);
    if (x.length !== 5 || dy.length !== 5 || x[0] !== dy[0] || kernel[0] !== dy[1] || kernel[1] !== x[1])
      throw shapeError(
        'conv3dWeightGradient',
        inputs,
        `x and dy of a convolution with kernel [${kernel.join(', ')}]`,
      );
    return [{ shape: kernel, dtype: 'float32' }];
  },
  gradient: onceDifferentiable,
  lower(node, lowering) {
    const { kernel } = node.attributes;
    const [x, dy] = node.inputs;
    if (kernel[2] * kernel[3] * kernel[4] === 1) lowerPointwise(node, lowering);
    else if (
      suitsWinograd({
        attributes: node.attributes,
        inputs: [x, { shape: kernel, dtype: 'float32' }],
        outputs: [dy],
      })
    )
      lowerWinograd(node, lowering);
    else lowerSlices(node, lowering);
  },
};

/** dw [O, I, kd, kh, kw] of `conv3d(x, w)` at stride 1, from x [N, I, ..] and dy [N, O, ..]. */
export function conv3dWeightGradient(
  x: Tensor,
  dy: Tensor,
  kernel: Shape,
  attributes: ConvAttributes,
): Tensor {
  return x.graph.add(CONV3D_WEIGHT_GRADIENT, [x, dy], { ...attributes, kernel })[0];
}

/** A B' over the last two axes of [N, M, K] and [N, R, K]. */
function productTransposed({ builder: b, target }: Lowering, left: string, right: string): string {
  if (target === 'cpu') return b.node('FusedMatMul', [left, right], { transB: 1 }, 'com.microsoft');
  return b.node('MatMul', [left, b.node('Transpose', [right], { perm: [0, 2, 1] })]);
}

const flat = (b: OnnxBuilder, t: string, n: number, c: number) => b.node('Reshape', [t, b.int64([n, c, -1])]);

function lowerPointwise(node: Node<WeightGradientAttributes>, lowering: Lowering): void {
  const { builder: b, inputs, outputs } = lowering;
  const { kernel } = node.attributes;
  const n = node.inputs[0].shape[0];
  const product = productTransposed(
    lowering,
    flat(b, inputs[1], n, kernel[0]),
    flat(b, inputs[0], n, kernel[1]),
  );
  const total = b.node('ReduceSum', [product, b.int64([0])], { keepdims: 0 });
  b.nodeInto(outputs, 'Reshape', [total, b.int64(kernel)]);
}

/**
 * For every tap of a [kd, kh, kw] kernel, dy times the shifted x; both [N, C, D, H, W], x already padded.
 * Returns [O, I, kd kh kw].
 */
function tapProducts(
  lowering: Lowering,
  x: string,
  dy: string,
  kernel: Shape,
  n: number,
  size: Shape,
): string {
  const { builder: b } = lowering;
  const [o, i, ...taps] = kernel;
  const dyFlat = flat(b, dy, n, o);
  const parts: string[] = [];
  const axes = b.int64([2, 3, 4]);
  for (let z = 0; z < taps[0]; z++)
    for (let y = 0; y < taps[1]; y++)
      for (let u = 0; u < taps[2]; u++) {
        const end = b.int64([z + size[0], y + size[1], u + size[2]]);
        const shifted = flat(b, b.node('Slice', [x, b.int64([z, y, u]), end, axes]), n, i);
        parts.push(productTransposed(lowering, dyFlat, shifted));
      }
  const all = b.node('Reshape', [b.node('Concat', parts, { axis: 1 }), b.int64([n, parts.length, o, i])]);
  return b.node('Transpose', [b.node('ReduceSum', [all, b.int64([0])], { keepdims: 0 })], {
    perm: [1, 2, 0],
  });
}

function padded(b: OnnxBuilder, x: string, before: Shape, after: Shape): string {
  if ([...before, ...after].every((p) => p === 0)) return x;
  return b.node('Pad', [x, b.int64([0, 0, ...before, 0, 0, ...after])]);
}

function lowerSlices(node: Node<WeightGradientAttributes>, lowering: Lowering): void {
  const { builder: b, inputs, outputs } = lowering;
  const { kernel, before, after } = node.attributes;
  const dy = node.inputs[1].shape;
  const x = padded(b, inputs[0], before, after);
  const taps = tapProducts(lowering, x, inputs[1], kernel, dy[0], dy.slice(2));
  b.nodeInto(outputs, 'Reshape', [taps, b.int64(kernel)]);
}

function lowerWinograd(node: Node<WeightGradientAttributes>, lowering: Lowering): void {
  const { builder: b, inputs, outputs } = lowering;
  const { kernel, before, after } = node.attributes;
  const [n, o, depth, h, w] = node.inputs[1].shape;
  const i = kernel[1];
  // With three taps along y and x, x with its padding is one cell larger all around than dy: the stacked form's grid.
  const stack = o < STACK_BELOW && kernel[3] === 3 && kernel[4] === 3;
  const grown = padded(b, inputs[0], [0, before[1], before[2]], [0, after[1], after[2]]);
  const v = winogradInput(b, grown, node.inputs[0].shape[2], before[0], after[0]);
  const dy = stack ? padded(b, inputs[1], [0, 1, 1], [0, 1, 1]) : inputs[1];
  const every2 = (start: number) =>
    b.node('Slice', [dy, b.int64([start]), b.int64([depth]), b.int64([2]), b.int64([2])]);
  const even = every2(0);
  const odd = every2(1);
  const m = [even, b.node('Add', [even, odd]), b.node('Sub', [even, odd]), b.node('Neg', [odd])];
  const du = v.map((part, k) =>
    stack
      ? stackedProducts(lowering, part, m[k], n, o, i, depth / 2, h + 2, w + 2)
      : tapProducts(lowering, part, m[k], [o, i, 1, kernel[3], kernel[4]], n, [depth / 2, h, w]),
  );
  const half = b.float(0.5);
  const outer = b.node('Mul', [b.node('Add', [du[1], du[2]]), half]);
  const inner = b.node('Mul', [b.node('Sub', [du[1], du[2]]), half]);
  const dw = b.node('Concat', [b.node('Add', [du[0], outer]), inner, b.node('Add', [outer, du[3]])], {
    axis: 2,
  });
  b.nodeInto(outputs, 'Reshape', [dw, b.int64(kernel)]);
}

/**
 * dU [O, I, 9] of one Winograd part: x and dy lie on the same grid with a border of one cell, so a shift in y or x is a
 * shift of the flat index. The three y shifts of dy, stacked, give the product more rows.
 */
function stackedProducts(
  lowering: Lowering,
  x: string,
  dy: string,
  n: number,
  o: number,
  i: number,
  depth: number,
  h: number,
  w: number,
): string {
  const { builder: b } = lowering;
  const cells = depth * h * w;
  const xFlat = flat(b, x, n, i);
  const dyFlat = flat(b, dy, n, o);
  // A row of zeros at both ends, so that dy may be shifted by a row of the grid either way.
  const grown = b.node('Pad', [dyFlat, b.int64([0, 0, w, 0, 0, w])]);
  const cut = (t: string, start: number) =>
    b.node('Slice', [t, b.int64([start]), b.int64([start + cells - 2]), b.int64([2])]);
  const rows = [0, 1, 2].map((y) => cut(grown, 1 + (2 - y) * w));
  const stacked = b.node('Concat', rows, { axis: 1 });
  const products = [0, 1, 2].map((u) => {
    return productTransposed(lowering, stacked, cut(xFlat, u));
  });
  const all = b.node('Reshape', [b.node('Concat', products, { axis: 1 }), b.int64([n, 3, 3, o, i])]);
  const total = b.node('ReduceSum', [all, b.int64([0])], { keepdims: 0 });
  return b.node('Reshape', [b.node('Transpose', [total], { perm: [2, 3, 1, 0] }), b.int64([o, i, 9])]);
}
