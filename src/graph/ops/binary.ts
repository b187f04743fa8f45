/**
 * Elementwise arithmetic of two float tensors, broadcast as NumPy does: shapes are aligned at the right, and an axis of
 * 1 stretches. The gradient of a stretched operand is summed back over what was stretched (`sumTo`).
 */
import { elements, type Op, type Shape, shapeError, type Tensor } from '../graph.ts';
import { sum } from './reduce.ts';
import { reshape } from './shape.ts';
import { negate } from './unary.ts';

/** The common shape of `a` and `b`, or `undefined` when they do not broadcast. */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    out.push(m === 1 ? n : m);
  }
  return out;
}

/** Sums `t` over the axes that broadcasting from `shape` had stretched: the adjoint of broadcasting. */
export function sumTo(t: Tensor, shape: Shape): Tensor {
  if (t.shape.join() === shape.join()) return t;
  const lead = t.shape.length - shape.length;
  const axes: number[] = [];
  for (let i = 0; i < t.shape.length; i++)
    if (i < lead || (shape[i - lead] === 1 && t.shape[i] !== 1)) axes.push(i);
  return reshape(sum(t, axes, true), shape);
}

type Rule = (a: Tensor, b: Tensor, out: Tensor, dy: Tensor) => readonly [Tensor, Tensor];

function binary(type: string, onnx: string, rule: Rule): Op<null> {
  return {
    type,
    infer(inputs) {
      const [a, b] = inputs;
      const shape = broadcastShapes(a.shape, b.shape);
      if (shape === undefined || a.dtype !== 'float32' || b.dtype !== 'float32')
        throw shapeError(type, inputs, 'two float32 tensors whose shapes broadcast');
      return [{ shape, dtype: 'float32' }];
    },
    gradient(node, [dy]) {
      const [a, b] = node.inputs;
      const [da, db] = rule(a, b, node.outputs[0], dy!);
      return [sumTo(da, a.shape), sumTo(db, b.shape)];
    },
    lower: (_, { builder, inputs, outputs }) => builder.nodeInto(outputs, onnx, inputs),
    folded: {
      // A scalar fits any layout; what has no depth axis of its own to move does not.
      volumes: ({ inputs }) =>
        inputs.every(({ shape }) => shape.length === 5 || elements(shape) === 1)
          ? inputs.flatMap(({ shape }, i) => (shape.length === 5 ? [i] : []))
          : [],
      lower: (_, { builder, inputs, outputs }) => builder.nodeInto(outputs, onnx, inputs),
    },
  };
}

const ADD = binary('add', 'Add', (_a, _b, _y, dy) => [dy, dy]);
const SUBTRACT = binary('subtract', 'Sub', (_a, _b, _y, dy) => [dy, negate(dy)]);
const MULTIPLY = binary('multiply', 'Mul', (a, b, _y, dy) => [multiply(dy, b), multiply(dy, a)]);
const DIVIDE = binary('divide', 'Div', (_a, b, y, dy) => [divide(dy, b), negate(divide(multiply(dy, y), b))]);

type Operand = Tensor | number;

function apply(op: Op<null>, a: Operand, b: Operand): Tensor {
  if (typeof a === 'number')
    return op === ADD || op === MULTIPLY ? apply(op, b, a) : lifted(op, a, b as Tensor);
  const right = typeof b === 'number' ? a.graph.scalar(b) : b;
  return a.graph.add(op, [a, right], null)[0];
}

function lifted(op: Op<null>, a: number, b: Tensor): Tensor {
  return b.graph.add(op, [b.graph.scalar(a), b], null)[0];
}

/** `a + b`, broadcast; a number stands for a scalar constant. */
export function add(a: Operand, b: Operand): Tensor {
  return apply(ADD, a, b);
}

/** `a - b`, broadcast. */
export function subtract(a: Operand, b: Operand): Tensor {
  return apply(SUBTRACT, a, b);
}

/** `a * b`, broadcast. */
export function multiply(a: Operand, b: Operand): Tensor {
  return apply(MULTIPLY, a, b);
}

/** `a / b`, broadcast. */
export function divide(a: Operand, b: Operand): Tensor {
  return apply(DIVIDE, a, b);
}

const MINIMUM: Op<null> = {
  ...binary('minimum', 'Min', (_a, _b, _y, dy) => [dy, dy]),
  gradient: undefined,
};

/** `min(a, b)`, broadcast; has no gradient (it bounds the clipping factor). */
export function minimum(a: Operand, b: Operand): Tensor {
  return apply(MINIMUM, a, b);
}
