/**
 * Batched matrix product and softmax. `matmul(a, b)` multiplies the last two axes, [.., M, K] x [.., K, N] -> [.., M, N];
 * either operand may be taken transposed. The leading axes must be equal, or one operand has none.
 */
import { allFloat, type Op, onceDifferentiable, type Shape, shapeError, type Tensor } from '../graph.ts';
import { sum } from './reduce.ts';

interface MatmulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

const lastTwo = (s: Shape, transposed: boolean): [number, number] => {
  const [m, n] = [s[s.length - 2], s[s.length - 1]];
  return transposed ? [n, m] : [m, n];
};

const MATMUL: Op<MatmulAttributes> = {
  type: 'matmul',
  infer(inputs, { transposeA, transposeB }) {
    const [a, b] = inputs.map((t) => t.shape);
    const bad = (rule: string) =>
      shapeError(`matmul(A${transposeA ? "'" : ''}, B${transposeB ? "'" : ''})`, inputs, rule);
    if (a.length < 2 || b.length < 2 || !allFloat(inputs)) throw bad('two float32 tensors of rank 2 or more');
    const [m, k] = lastTwo(a, transposeA);
    const [k2, n] = lastTwo(b, transposeB);
    if (k !== k2) throw bad(`equal inner sizes, not ${k} and ${k2}`);
    const leadA = a.slice(0, -2);
    const leadB = b.slice(0, -2);
    if (leadA.length > 0 && leadB.length > 0 && leadA.join() !== leadB.join())
      throw bad('equal leading axes');
    return [{ shape: [...(leadA.length > 0 ? leadA : leadB), m, n], dtype: 'float32' }];
  },
  gradient(node, [dy]) {
    const [a, b] = node.inputs;
    const { transposeA: ta, transposeB: tb } = node.attributes;
    const da = ta ? matmul(b, dy!, tb, true) : matmul(dy!, b, false, !tb);
    const db = tb ? matmul(dy!, a, true, ta) : matmul(a, dy!, !ta, false);
    return [sumLead(da, a.shape), sumLead(db, b.shape)];
  },
  lower(node, { builder, inputs: [a, b], outputs, target }) {
    const { transposeA, transposeB } = node.attributes;
    if (!transposeA && !transposeB) builder.nodeInto(outputs, 'MatMul', [a, b]);
    else if (target === 'cpu')
      builder.nodeInto(
        outputs,
        'FusedMatMul',
        [a, b],
        { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
        'com.microsoft',
      );
    else {
      const swap = (name: string, t: Tensor) => {
        const perm = t.shape.map((_, i) => i);
        perm.splice(-2, 2, perm.length - 1, perm.length - 2);
        return builder.node('Transpose', [name], { perm });
      };
      const left = transposeA ? swap(a, node.inputs[0]) : a;
      const right = transposeB ? swap(b, node.inputs[1]) : b;
      builder.nodeInto(outputs, 'MatMul', [left, right]);
    }
  },
};

/** Sums a gradient over the leading axes its operand did not have. */
function sumLead(g: Tensor, shape: Shape): Tensor {
  const lead = g.shape.length - shape.length;
  return lead > 0 ? sum(g, [...Array(lead).keys()]) : g;
}

/** `A B`, with `A` or `B` transposed (last two axes) if asked. */
export function matmul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return a.graph.add(MATMUL, [a, b], { transposeA, transposeB })[0];
}

const SOFTMAX: Op<null> = {
  type: 'softmax',
  infer(inputs) {
    if (inputs[0].shape.length === 0 || !allFloat(inputs))
      throw shapeError('softmax', inputs, 'a float32 tensor with at least one axis');
    return [inputs[0]];
  },
  gradient: (node, [dy]) => [dy!.graph.add(SOFTMAX_GRADIENT, [node.outputs[0], dy!], null)[0]],
  lower: (_, { builder: b, inputs, outputs }) => b.nodeInto(outputs, 'Softmax', inputs, { axis: -1 }),
};

const SOFTMAX_GRADIENT: Op<null> = {
  type: 'softmaxGradient',
  infer: (inputs) => [inputs[0]],
  gradient: onceDifferentiable,
  lower(_, { builder: b, inputs: [y, dy], outputs }) {
    const product = b.node('Mul', [y, dy]);
    const total = b.node('ReduceSum', [product, b.int64([-1])], { keepdims: 1 });
    b.nodeInto(outputs, 'Sub', [product, b.node('Mul', [y, total])]);
  },
};

/** `e^x / sum e^x` over the last axis; gradient `y (dy - sum y dy)`. */
export function softmax(x: Tensor): Tensor {
  return x.graph.add(SOFTMAX, [x], null)[0];
}
