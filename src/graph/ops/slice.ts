/**
 * Cutting and joining: slice, concat, split, and padding with zeros or with the edge ("replicate"). The gradient of a
 * slice is zero padding, that of zero padding a slice; that of replicate padding adds what lies outside to the edge.
 */
import { type Lowering, type Op, type Shape, shapeError, type Tensor } from '../graph.ts';
import { sum } from './reduce.ts';

/** Where an axis of [N, C, D, H, W] lies in [N, D, C, H, W]. */
const FOLDED_AXIS = [0, 2, 1, 3, 4];

interface SliceAttributes {
  axis: number;
  start: number;
  end: number;
}

const SLICE: Op<SliceAttributes> = {
  type: 'slice',
  infer(inputs, { axis, start, end }) {
    const { shape, dtype } = inputs[0];
    if (!(start >= 0 && start < end && end <= (shape[axis] ?? 0)))
      throw shapeError('slice', inputs, `an axis ${axis} that holds the range ${start}..${end}`);
    return [{ shape: shape.map((d, i) => (i === axis ? end - start : d)), dtype }];
  },
  gradient(node, [dy]) {
    const { axis, start, end } = node.attributes;
    const { shape } = node.inputs[0];
    const before = shape.map((_, i) => (i === axis ? start : 0));
    const after = shape.map((d, i) => (i === axis ? d - end : 0));
    return [pad(dy!, before, after)];
  },
  lower(node, { builder: b, inputs: [x], outputs }) {
    const { axis, start, end } = node.attributes;
    b.nodeInto(outputs, 'Slice', [x, b.int64([start]), b.int64([end]), b.int64([axis])]);
  },
  folded: {
    volumes: ({ inputs: [x] }) => (x.shape.length === 5 ? [0] : []),
    lower(node, { builder: b, inputs: [x], outputs }) {
      const { axis, start, end } = node.attributes;
      b.nodeInto(outputs, 'Slice', [x, b.int64([start]), b.int64([end]), b.int64([FOLDED_AXIS[axis]])]);
    },
  },
};

/** The part `start <= i < end` of one axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  if (start === 0 && end === x.shape[axis]) return x;
  return x.graph.add(SLICE, [x], { axis, start, end })[0];
}

const CONCAT: Op<{ axis: number }> = {
  type: 'concat',
  infer(inputs, { axis }) {
    const { shape, dtype } = inputs[0];
    const rest = (s: Shape) => s.filter((_, i) => i !== axis).join();
    if (!(axis in shape) || inputs.some((t) => t.dtype !== dtype || rest(t.shape) !== rest(shape)))
      throw shapeError('concat', inputs, `tensors that differ only along axis ${axis}`);
    const total = inputs.reduce((n, t) => n + t.shape[axis], 0);
    return [{ shape: shape.map((d, i) => (i === axis ? total : d)), dtype }];
  },
  gradient(node, [dy]) {
    let start = 0;
    return node.inputs.map((t) => {
      const end = start + t.shape[node.attributes.axis];
      const part = slice(dy!, node.attributes.axis, start, end);
      start = end;
      return part;
    });
  },
  lower: (node, { builder: b, inputs, outputs }) =>
    b.nodeInto(outputs, 'Concat', inputs, { axis: node.attributes.axis }),
  folded: {
    volumes: ({ inputs }) => (inputs[0].shape.length === 5 ? [...inputs.keys()] : []),
    lower: (node, { builder: b, inputs, outputs }) =>
      b.nodeInto(outputs, 'Concat', inputs, { axis: FOLDED_AXIS[node.attributes.axis] }),
  },
};

/** The tensors one after the other along `axis`. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return tensors[0];
  return tensors[0].graph.add(CONCAT, tensors, { axis })[0];
}

interface PadAttributes {
  before: readonly number[];
  after: readonly number[];
  mode: 'zero' | 'replicate';
}

const PAD: Op<PadAttributes> = {
  type: 'pad',
  infer(inputs, { before, after }) {
    const { shape, dtype } = inputs[0];
    const ok = (p: readonly number[]) => p.length === shape.length && p.every((v) => v >= 0);
    if (dtype !== 'float32' || !ok(before) || !ok(after))
      throw shapeError('pad', inputs, `one padding >= 0 an axis, not [${before}] and [${after}]`);
    return [{ shape: shape.map((d, i) => d + before[i] + after[i]), dtype }];
  },
  gradient(node, [dy]) {
    const { before, mode } = node.attributes;
    const { shape } = node.inputs[0];
    let g = dy!;
    for (const [axis, length] of shape.entries()) {
      const start = before[axis];
      const total = g.shape[axis];
      if (total === length) continue;
      if (mode === 'zero') g = slice(g, axis, start, start + length);
      else g = foldEdges(g, axis, start, length);
    }
    return [g];
  },
  // A grown copy of what is recomputed anyway need not be kept.
  recompute: ({ inputs, outputs, attributes: { before, after, mode } }, [x]) =>
    x === inputs[0] ? outputs : [pad(x, before, after, mode)],
  lower: (node, lowering) => lowerPad(node.attributes, lowering),
  folded: {
    volumes: ({ inputs: [x] }) => (x.shape.length === 5 ? [0] : []),
    lower({ attributes: { before, after, mode } }, lowering) {
      const move = (p: readonly number[]) => FOLDED_AXIS.map((axis) => p[axis]);
      lowerPad({ before: move(before), after: move(after), mode }, lowering);
    },
  },
};

function lowerPad({ before, after, mode }: PadAttributes, { builder: b, inputs: [x], outputs }: Lowering) {
  const inputs = [x, b.int64([...before, ...after])];
  if (mode === 'replicate') b.nodeInto(outputs, 'Pad', inputs, { mode: 'edge' });
  else b.nodeInto(outputs, 'Pad', inputs);
}

/** Adds the gradient of replicated cells to the edge cells they came from. */
function foldEdges(g: Tensor, axis: number, start: number, length: number): Tensor {
  const end = start + length;
  const total = g.shape[axis];
  if (length === 1) return sum(g, [axis], true);
  const first = sum(slice(g, axis, 0, start + 1), start > 0 ? [axis] : [], true);
  const last = sum(slice(g, axis, end - 1, total), end < total ? [axis] : [], true);
  const middle = length > 2 ? [slice(g, axis, start + 1, end - 1)] : [];
  return concat([first, ...middle, last], axis);
}

/** `x` with `before[i]` and `after[i]` more cells on axis i: zeros, or copies of the edge. */
export function pad(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  mode: 'zero' | 'replicate' = 'zero',
): Tensor {
  if (before.every((v) => v === 0) && after.every((v) => v === 0)) return x;
  return x.graph.add(PAD, [x], { before, after, mode })[0];
}
