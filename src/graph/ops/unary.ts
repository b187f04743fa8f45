/**
 * Elementwise functions of one float tensor, and their derivatives: negate, exp, log, sqrt, abs, tanh, sigmoid, erf,
 * softplus `log(1 + e^x)`. Shape in = shape out.
 */
import { type Op, shapeError, type Tensor } from '../graph.ts';
import { divide, multiply, subtract } from './binary.ts';

/** dx from the operand `x`, the result `y` and the result's gradient `dy`. */
type Rule = (x: Tensor, y: Tensor, dy: Tensor) => Tensor | undefined;

function unary(type: string, onnx: string, rule: Rule): Op<null> {
  return {
    type,
    infer(inputs) {
      if (inputs[0].dtype !== 'float32') throw shapeError(type, inputs, 'a float32 tensor');
      return [{ shape: inputs[0].shape, dtype: 'float32' }];
    },
    gradient: (node, [dy]) => [rule(node.inputs[0], node.outputs[0], dy!)],
    lower: (_, { builder, inputs, outputs }) => builder.nodeInto(outputs, onnx, inputs),
  };
}

const apply = (op: Op<null>, x: Tensor) => x.graph.add(op, [x], null)[0];

const NEGATE = unary('negate', 'Neg', (_x, _y, dy) => negate(dy));
const EXP = unary('exp', 'Exp', (_x, y, dy) => multiply(dy, y));
const LOG = unary('log', 'Log', (x, _y, dy) => divide(dy, x));
const SQRT = unary('sqrt', 'Sqrt', (_x, y, dy) => divide(multiply(dy, 0.5), y));
const ABS = unary('abs', 'Abs', (x, _y, dy) => multiply(dy, sign(x)));
const SIGN = unary('sign', 'Sign', () => undefined);
const TANH = unary('tanh', 'Tanh', (_x, y, dy) => multiply(dy, subtract(1, multiply(y, y))));
const SIGMOID = unary('sigmoid', 'Sigmoid', (_x, y, dy) => multiply(dy, multiply(y, subtract(1, y))));
const ERF = unary('erf', 'Erf', (x, _y, dy) =>
  multiply(dy, multiply(exp(negate(multiply(x, x))), 2 / Math.sqrt(Math.PI))),
);
const SIN = unary('sin', 'Sin', (x, _y, dy) => multiply(dy, cos(x)));
const COS = unary('cos', 'Cos', (x, _y, dy) => negate(multiply(dy, sin(x))));
const SOFTPLUS = unary('softplus', 'Softplus', (x, _y, dy) => multiply(dy, sigmoid(x)));

/** `-x`. */
export const negate = (x: Tensor): Tensor => apply(NEGATE, x);
/** `e^x`. */
export const exp = (x: Tensor): Tensor => apply(EXP, x);
/** `ln x`. */
export const log = (x: Tensor): Tensor => apply(LOG, x);
/** `x^(1/2)`. */
export const sqrt = (x: Tensor): Tensor => apply(SQRT, x);
/** `|x|`; the derivative at 0 is 0. */
export const abs = (x: Tensor): Tensor => apply(ABS, x);
/** -1, 0 or 1; its derivative is 0 everywhere. */
export const sign = (x: Tensor): Tensor => apply(SIGN, x);
/** `tanh x`. */
export const tanh = (x: Tensor): Tensor => apply(TANH, x);
/** `1 / (1 + e^-x)`. */
export const sigmoid = (x: Tensor): Tensor => apply(SIGMOID, x);
/** The error function `2 / sqrt(pi) . integral_0^x e^(-t^2) dt`. */
export const erf = (x: Tensor): Tensor => apply(ERF, x);
/** `sin x`, radians. */
export const sin = (x: Tensor): Tensor => apply(SIN, x);
/** `cos x`, radians. */
export const cos = (x: Tensor): Tensor => apply(COS, x);
/** `ln(1 + e^x)`, computed without overflow. */
export const softplus = (x: Tensor): Tensor => apply(SOFTPLUS, x);
