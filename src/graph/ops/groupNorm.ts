/**
 * Group normalisation with an affine map per sample and channel (Wu & He 2018; adaptive form: Dhariwal & Nichol 2021):
 * xhat = (x - mean) / sqrt(var + eps) over each group of C / G channels and all voxels, y = xhat . scale + shift.
 * x [N, C, ...], scale and shift [N, C] or [1, C]; results y, xhat and 1/deviation [N, G].
 *
 * Lowered through LayerNormalization, which also returns the inverse deviation (ONNX's own GroupNormalization was measured
 * seven times slower). Its error on a row of 430,080 numbers is 2e-5 natively, whatever the mean, but in wasm up to 2e-3
 * (mean 10, deviation 0.1): the portable form takes long rows in stages (7e-6) at the same cost.
 *
 * Backward, with a_c = scale_c / deviation and sums over voxels s1_c = sum dy, s2_c = sum dy xhat:
 *   dscale = s2, dshift = s1, dx = dy a - (sum_{c in group} (scale_c s1_c + xhat scale_c s2_c)) / (deviation M),
 * M the number of elements of a group; xhat is kept instead of x, so nothing is normalised twice.
 */
import {
  allFloat,
  elements,
  type Lowering,
  type Node,
  type Op,
  onceDifferentiable,
  type Shape,
  shapeError,
  type Tensor,
} from '../graph.ts';
import type { OnnxBuilder } from '../onnx/model.ts';
import { add, multiply, sumTo } from './binary.ts';
import { sum } from './reduce.ts';
import { expand, reshape } from './shape.ts';

interface GroupNormAttributes {
  groups: number;
  epsilon: number;
}

const GROUP_NORM: Op<GroupNormAttributes> = {
  type: 'groupNorm',
  infer(inputs, { groups }) {
    const [x, scale, shift] = inputs.map((t) => t.shape);
    const [n, c] = x;
    if (x.length < 3 || c % groups !== 0 || !allFloat(inputs))
      throw shapeError(
        'groupNorm',
        inputs,
        `float32 x [N, C, ...] with C a multiple of the ${groups} groups`,
      );
    for (const s of [scale, shift])
      if (s.length !== 2 || s[1] !== c || (s[0] !== 1 && s[0] !== n))
        throw shapeError('groupNorm', inputs, `scale and shift of shape [${n}, ${c}] or [1, ${c}]`);
    return [inputs[0], inputs[0], { shape: [n, groups], dtype: 'float32' }];
  },
  gradient(node, [dy, dxhat, dinverse]) {
    if (dxhat !== undefined || dinverse !== undefined) return onceDifferentiable(node as Node<never>);
    const [x, scale, shift] = node.inputs;
    const [, xhat, inverse] = node.outputs;
    const { groups } = node.attributes;
    const [n, c, ...size] = x.shape;
    const perGroup = c / groups;
    const cells = elements(size);
    const rows = [n, c, size[0], cells / size[0]];
    const total = (t: Tensor) => sum(sum(reshape(t, rows), [3]), [2]);
    const s1 = total(dy!);
    const s2 = total(multiply(dy!, xhat));
    const channels = (t: Tensor) =>
      reshape(expand(reshape(t, [n, groups, 1]), [n, groups, perGroup]), [n, c]);
    const groupSum = (t: Tensor) =>
      multiply(
        multiply(sum(reshape(multiply(t, scale), [n, groups, perGroup]), [2]), inverse),
        -1 / (perGroup * cells),
      );
    const wide = (t: Tensor) => reshape(t, [n, c, ...size.map(() => 1)]);
    const a = multiply(channels(inverse), scale);
    const dx = add(
      multiply(dy!, wide(a)),
      add(multiply(xhat, wide(channels(groupSum(s2)))), wide(channels(groupSum(s1)))),
    );
    return [dx, sumTo(s2, scale.shape), sumTo(s1, shift.shape)];
  },
  recompute(node, [, scale, shift]) {
    const [, xhat, inverse] = node.outputs;
    const wide = (t: Tensor) => reshape(t, [...t.shape, ...xhat.shape.slice(2).map(() => 1)]);
    // Operands in the other order than in `lower`, so that the runtime does not merge the two.
    return [add(wide(shift), multiply(wide(scale), xhat)), xhat, inverse];
  },
  lower(node, { builder: b, inputs: [x, scale, shift], outputs, target }) {
    const { groups, epsilon } = node.attributes;
    const { shape } = node.inputs[0];
    const [n, c, ...size] = shape;
    const row = (c / groups) * elements(size);
    const staged = target === 'portable' && row > STAGED_ABOVE;
    const [xhat, inverse] = staged
      ? normaliseInStages(b, x, [n * groups, (c / groups) * size[0], elements(size) / size[0]], epsilon)
      : normaliseRows(b, x, [n * groups, row], epsilon);
    b.nodeInto([outputs[1]], 'Reshape', [xhat, b.int64(shape)]);
    b.nodeInto([outputs[2]], 'Reshape', [inverse, b.int64([n, groups])]);
    const wide = (t: string, rows: number) =>
      b.node('Reshape', [t, b.int64([rows, c, ...size.map(() => 1)])]);
    const scaled = b.node('Mul', [outputs[1], wide(scale, node.inputs[1].shape[0])]);
    b.nodeInto([outputs[0]], 'Add', [scaled, wide(shift, node.inputs[2].shape[0])]);
  },
  folded: { volumes: () => [0], lower: lowerFolded },
};

/**
 * On [N, D, C, H, W] a group is not one row: each slice gives its own mean and variance of every group, and
 * mean = avg mean_d, var + eps = avg (var_d + eps + (mean_d - mean)^2). Scale and shift take the normalisation along.
 */
function lowerFolded(
  node: Node<GroupNormAttributes>,
  { builder: b, inputs: [x, scale, shift], outputs, used }: Lowering,
): void {
  const { groups, epsilon } = node.attributes;
  const [n, c, depth, ...size] = node.inputs[0].shape;
  const per = c / groups;
  const length = per * elements(size);
  const rows = [n, depth, groups];
  const row = (t: string) => b.node('Reshape', [t, b.int64(rows)]);
  const [, inverses, means] = normaliseRows(b, x, [elements(rows), length], epsilon);
  const average = (t: string) => b.node('ReduceMean', [t, b.int64([1])]);
  const mean = average(row(means));
  const off = b.node('Sub', [row(means), mean]);
  const spread = b.node('Reciprocal', [b.node('Mul', [row(inverses), row(inverses)])]);
  const variance = average(b.node('Add', [spread, b.node('Mul', [off, off])]));
  const inverse = b.node('Reciprocal', [b.node('Sqrt', [variance])]);
  if (used[2]) b.nodeInto([outputs[2]], 'Reshape', [inverse, b.int64([n, groups])]);

  const column = (t: string) => b.node('Reshape', [t, b.int64([n, groups, 1])]);
  const affine = (t: string, count: number) => b.node('Reshape', [t, b.int64([count, groups, per])]);
  const map = (gain: string, offset: string, output: string, channels: number[]) => {
    const scaled = b.node('Mul', [x, b.node('Reshape', [gain, b.int64(channels)])]);
    b.nodeInto([output], 'Add', [scaled, b.node('Reshape', [offset, b.int64(channels)])]);
  };
  const gain = b.node('Mul', [affine(scale, node.inputs[1].shape[0]), column(inverse)]);
  const offset = b.node('Sub', [affine(shift, node.inputs[2].shape[0]), b.node('Mul', [gain, column(mean)])]);
  map(gain, offset, outputs[0], [n, 1, c, 1, 1]);
  if (!used[1]) return;
  const wide = b.node('Expand', [column(inverse), b.int64([n, groups, per])]);
  map(wide, b.node('Neg', [b.node('Mul', [wide, column(mean)])]), outputs[1], [n, 1, c, 1, 1]);
}

/** Elements of a row from which on other runtimes than the native one get their statistics in stages. */
const STAGED_ABOVE = 16384;

/** xhat, the inverse deviation and the mean of each row of x [rows, length], by one operator. */
function normaliseRows(
  b: OnnxBuilder,
  x: string,
  shape: Shape,
  epsilon: number,
): [xhat: string, inverse: string, mean: string] {
  const flat = b.node('Reshape', [x, b.int64(shape)]);
  const one = b.node('Expand', [b.float(1), b.int64([shape[1]])]);
  const zero = b.node('Expand', [b.float(0), b.int64([shape[1]])]);
  const xhat = b.fresh('xhat');
  const inverse = b.fresh('inverse');
  const mean = b.fresh('mean');
  b.nodeInto([xhat, mean, inverse], 'LayerNormalization', [flat, one, zero], {
    axis: -1,
    epsilon: { float: epsilon },
  });
  return [xhat, inverse, mean];
}

/** The same for x [rows, parts, length]: means of parts, then their mean; the variance from the centred values. */
function normaliseInStages(b: OnnxBuilder, x: string, shape: Shape, epsilon: number): [string, string] {
  const whole = b.node('Reshape', [x, b.int64(shape)]);
  const mean = (t: string) => b.node('ReduceMean', [b.node('ReduceMean', [t, b.int64([2])]), b.int64([1])]);
  const centred = b.node('Sub', [whole, mean(whole)]);
  const variance = mean(b.node('Mul', [centred, centred]));
  const inverse = b.node('Reciprocal', [b.node('Sqrt', [b.node('Add', [variance, b.float(epsilon)])])]);
  return [b.node('Mul', [centred, inverse]), inverse];
}

/** `(x - mean) / sqrt(var + epsilon) . scale + shift`, statistics over each of `groups` groups of channels. */
export function groupNorm(x: Tensor, scale: Tensor, shift: Tensor, groups: number, epsilon = 1e-5): Tensor {
  return x.graph.add(GROUP_NORM, [x, scale, shift], { groups, epsilon })[0];
}
