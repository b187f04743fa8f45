/**
 * SiLU and GELU. `silu(x) = x sigmoid(x)` (Elfwing et al. 2017), `gelu(x) = x (1 + erf(x / sqrt 2)) / 2` (Hendrycks &
 * Gimpel 2016). SiLU has a gradient of its own: with s = sigmoid(x), y = x s, `dx = dy s (1 + x - y)`, five passes over
 * memory where the chain rule through the sigmoid takes eight; s is computed anew instead of kept.
 */
import { type Lowering, type Op, onceDifferentiable, shapeError, type Tensor } from '../graph.ts';
import { add, multiply } from './binary.ts';
import { erf } from './unary.ts';

const SILU: Op<null> = {
  type: 'silu',
  infer(inputs) {
    if (inputs[0].dtype !== 'float32') throw shapeError('silu', inputs, 'a float32 tensor');
    return [inputs[0]];
  },
  gradient: (node, [dy]) => [dy!.graph.add(SILU_GRADIENT, [node.inputs[0], node.outputs[0], dy!], null)[0]],
  recompute: (node, [x]) => (x === node.inputs[0] ? node.outputs : [silu(x)]),
  lower: lowerSilu,
  folded: { volumes: ({ inputs: [x] }) => (x.shape.length === 5 ? [0] : []), lower: lowerSilu },
};

function lowerSilu(_: unknown, { builder: b, inputs: [x], outputs, target }: Lowering): void {
  if (target === 'cpu') b.nodeInto(outputs, 'QuickGelu', [x], { alpha: { float: 1 } }, 'com.microsoft');
  else b.nodeInto(outputs, 'Mul', [x, b.node('Sigmoid', [x])]);
}

const SILU_GRADIENT: Op<null> = {
  type: 'siluGradient',
  infer: (inputs) => [inputs[0]],
  gradient: onceDifferentiable,
  lower(_, { builder: b, inputs: [x, y, dy], outputs }) {
    const factor = b.node('Add', [b.node('Sub', [x, y]), b.float(1)]);
    b.nodeInto(outputs, 'Mul', [b.node('Mul', [b.node('Sigmoid', [x]), factor]), dy]);
  },
};

/** `x sigmoid(x)`, elementwise. */
export function silu(x: Tensor): Tensor {
  return x.graph.add(SILU, [x], null)[0];
}

/** `x (1 + erf(x / sqrt 2)) / 2`, elementwise. */
export function gelu(x: Tensor): Tensor {
  return multiply(multiply(x, 0.5), add(erf(multiply(x, Math.SQRT1_2)), 1));
}
