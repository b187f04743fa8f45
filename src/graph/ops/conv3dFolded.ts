/**
 * 3D convolution of volumes folded to [N, D, C, H, W]: two products along the depth around one 2D convolution of many groups.
 *
 * With N.D slices as the batch of a 2D convolution, the runtime uses its fastest kernels (channels blocked, weights packed
 * once). Depth is left to matrices that act on whole slices: V = B x makes p slices a tile of m output slices, the groups of
 * the 2D convolution multiply each with its own kernel U = G g, and y = A M adds them up. All three are reshapes and products:
 *
 *   x [N, D, C.H.W] --B [T p, D]--> [N.T, p.C, H, W] --Conv, p groups--> [N.T, p.O, H', W'] --A [D', T p]--> y [N, D', O.H'.W']
 *
 * For 3 taps of stride 1 this is Winograd's F(4,3): 6 products for 4 slices instead of 12 (Lavin & Gray, CVPR 2016; points
 * 0, 1, -1, 2, -2, infinity). Its error against the direct form is 3e-5 where values are about 10. Other kernels: one
 * group, whose channels are the slices under the taps (B selects them); no taps along depth: the convolution alone.
 *
 * Measured on two cores, direct Conv3d / this form, GFLOP/s of the direct form's work: 32 channels at 48x40x56 113 / 231, 64
 * at 24x20x28 142 / 319, 128 at 12x10x14 160 / 378.
 */
import type { FoldedForm, Lowering, Node } from '../graph.ts';
import type { OnnxBuilder } from '../onnx/model.ts';
import type { ConvAttributes } from './conv3d.ts';

/** Rows of the three matrices of F(4,3). */
const B = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const G = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const A = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];
/** The product that every output slice contains once (the column of ones in A): the bias enters there. */
const ONES = 1;

/** Blocks of channels that the runtime's fast 2D convolution wants. */
const BLOCK = 8;

function isWinograd({ inputs: [, w], outputs: [y], attributes }: Node<ConvAttributes>): boolean {
  return attributes.stride === 1 && w.shape[2] === 3 && y.shape[2] > 2;
}

export const foldedConv3d: FoldedForm<ConvAttributes> = {
  leads: (node) => isWinograd(node) && node.inputs[1].shape.slice(0, 2).every((c) => c % BLOCK === 0),
  volumes: () => [0],
  lower(node, lowering) {
    if (isWinograd(node)) lowerWinograd(node, lowering);
    else lowerTaps(node, lowering);
  },
};

/** F(4,3) along depth. */
function lowerWinograd(node: Node<ConvAttributes>, { builder: b, inputs, outputs }: Lowering): void {
  const [x, w, bias] = inputs;
  const [n, channels, depth, h, wd] = node.inputs[0].shape;
  const [, out, outDepth, oh, ow] = node.outputs[0].shape;
  const [kh, kw] = node.inputs[1].shape.slice(3);
  const [m, p] = [A.length, B.length];
  const tiles = Math.ceil(outDepth / m);
  const before = node.attributes.before[0];

  const slices = matrix(b, tiles * p, depth, (set) => {
    for (let t = 0; t < tiles; t++)
      for (const [j, row] of B.entries())
        for (const [k, v] of row.entries()) set(t * p + j, t * m + k - before, v);
  });
  const v = b.node('MatMul', [slices, b.node('Reshape', [x, b.int64([n, depth, channels * h * wd])])]);

  // U = G g for all taps of H and W at once: [6, 3] [3, O.I.kh.kw].
  const taps = b.node('Reshape', [
    b.node('Transpose', [w], { perm: [2, 0, 1, 3, 4] }),
    b.int64([3, out * channels * kh * kw]),
  ]);
  const g = matrix(b, p, 3, (set) => {
    for (const [j, row] of G.entries()) for (const [k, value] of row.entries()) set(j, k, value);
  });
  const u = b.node('Reshape', [b.node('MatMul', [g, taps]), b.int64([p * out, channels, kh, kw])]);
  const biases =
    bias === undefined ? [] : [b.node('Pad', [bias, b.int64([ONES * out, (p - 1 - ONES) * out])])];
  const product = b.node(
    'Conv',
    [b.node('Reshape', [v, b.int64([n * tiles, p * channels, h, wd])]), u, ...biases],
    planar(node.attributes, kh, kw, p),
  );

  // Whole tiles need only their own 4 x 6; a last tile that overhangs is cut by the full matrix.
  const whole = outDepth % m === 0;
  const back = whole
    ? matrix(b, m, p, (set) => addTile(set, 0))
    : matrix(b, outDepth, tiles * p, (set) => {
        for (let t = 0; t < tiles; t++) addTile(set, t);
      });
  const rows = whole ? [n * tiles, p] : [n, tiles * p];
  const y = b.node('MatMul', [back, b.node('Reshape', [product, b.int64([...rows, out * oh * ow])])]);
  b.nodeInto(outputs, 'Reshape', [y, b.int64([n, outDepth, out, oh, ow])]);
}

function addTile(set: (row: number, column: number, value: number) => void, tile: number): void {
  for (const [i, row] of A.entries())
    for (const [j, v] of row.entries()) set(tile * A.length + i, tile * B.length + j, v);
}

/** The slices under the taps side by side as channels, one group; for kernels and strides without a Winograd form. */
function lowerTaps(node: Node<ConvAttributes>, { builder: b, inputs, outputs }: Lowering): void {
  const [x, w, bias] = inputs;
  const [n, channels, depth, h, wd] = node.inputs[0].shape;
  const [, out, outDepth, oh, ow] = node.outputs[0].shape;
  const [taps, kh, kw] = node.inputs[1].shape.slice(2);
  const { stride, before } = node.attributes;
  let slices = b.node('Reshape', [x, b.int64([n * depth, channels, h, wd])]);
  if (taps > 1 || stride > 1 || outDepth !== depth) {
    const select = matrix(b, outDepth * taps, depth, (set) => {
      for (let d = 0; d < outDepth; d++)
        for (let k = 0; k < taps; k++) set(d * taps + k, stride * d + k - before[0], 1);
    });
    const under = b.node('MatMul', [select, b.node('Reshape', [x, b.int64([n, depth, channels * h * wd])])]);
    slices = b.node('Reshape', [under, b.int64([n * outDepth, taps * channels, h, wd])]);
  }
  const kernel = b.node('Reshape', [
    b.node('Transpose', [w], { perm: [0, 2, 1, 3, 4] }),
    b.int64([out, taps * channels, kh, kw]),
  ]);
  const y = b.node(
    'Conv',
    bias === undefined ? [slices, kernel] : [slices, kernel, bias],
    planar(node.attributes, kh, kw, 1),
  );
  b.nodeInto(outputs, 'Reshape', [y, b.int64([n, outDepth, out, oh, ow])]);
}

/** The attributes of the 2D convolution: everything but depth. */
function planar({ stride, before, after }: ConvAttributes, kh: number, kw: number, group: number) {
  return {
    kernel_shape: [kh, kw],
    strides: [stride, stride],
    pads: [before[1], before[2], after[1], after[2]],
    group,
  };
}

/** A constant matrix filled by `set`; columns outside belong to the zeros around the volume, rows outside are cut off. */
function matrix(
  b: OnnxBuilder,
  rows: number,
  columns: number,
  fill: (set: (row: number, column: number, value: number) => void) => void,
): string {
  const data = new Float32Array(rows * columns);
  fill((row, column, value) => {
    if (row < rows && column >= 0 && column < columns) data[row * columns + column] = value;
  });
  const name = b.fresh('matrix');
  b.initializer(name, 'float32', [rows, columns], data);
  return name;
}
