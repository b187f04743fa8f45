/**
 * Operations that move or repeat elements and never change them: reshape, transpose, expand, cast.
 */
import { type DType, elements, type Op, type Shape, shapeError, type Tensor } from '../graph.ts';
import { broadcastShapes, sumTo } from './binary.ts';

const RESHAPE: Op<{ shape: Shape }> = {
  type: 'reshape',
  infer(inputs, { shape }) {
    if (elements(shape) !== elements(inputs[0].shape))
      throw shapeError(
        'reshape',
        inputs,
        `as many elements as [${shape.join(', ')}] has (${elements(shape)})`,
      );
    return [{ shape, dtype: inputs[0].dtype }];
  },
  gradient: (node, [dy]) => [reshape(dy!, node.inputs[0].shape)],
  lower: (node, { builder: b, inputs: [x], outputs }) =>
    b.nodeInto(outputs, 'Reshape', [x, b.int64(node.attributes.shape)]),
};

const TRANSPOSE: Op<{ order: readonly number[] }> = {
  type: 'transpose',
  infer(inputs, { order }) {
    const { shape, dtype } = inputs[0];
    if ([...order].sort((a, b) => a - b).join() !== shape.map((_, i) => i).join())
      throw shapeError('transpose', inputs, `a permutation of the axes, not [${order.join(', ')}]`);
    return [{ shape: order.map((a) => shape[a]), dtype }];
  },
  gradient(node, [dy]) {
    const inverse: number[] = [];
    for (const [to, from] of node.attributes.order.entries()) inverse[from] = to;
    return [transpose(dy!, inverse)];
  },
  lower: (node, { builder: b, inputs, outputs }) =>
    b.nodeInto(outputs, 'Transpose', inputs, { perm: node.attributes.order }),
};

const EXPAND: Op<{ shape: Shape }> = {
  type: 'expand',
  infer(inputs, { shape }) {
    if (broadcastShapes(inputs[0].shape, shape)?.join() !== shape.join())
      throw shapeError('expand', inputs, `a tensor that broadcasts to [${shape.join(', ')}]`);
    return [{ shape, dtype: inputs[0].dtype }];
  },
  gradient: (node, [dy]) => [sumTo(dy!, node.inputs[0].shape)],
  lower: (node, { builder: b, inputs: [x], outputs }) =>
    b.nodeInto(outputs, 'Expand', [x, b.int64(node.attributes.shape)]),
};

const CAST_CODE: Record<DType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };

const CAST: Op<{ dtype: DType }> = {
  type: 'cast',
  infer: (inputs, { dtype }) => [{ shape: inputs[0].shape, dtype }],
  lower: (node, { builder: b, inputs, outputs }) =>
    b.nodeInto(outputs, 'Cast', inputs, { to: CAST_CODE[node.attributes.dtype] }),
};

/** The same elements, in order, under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (x.shape.join() === shape.join() && x.shape.length === shape.length) return x;
  return x.graph.add(RESHAPE, [x], { shape })[0];
}

/** Axis i of the result is axis `order[i]` of `x`. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  return x.graph.add(TRANSPOSE, [x], { order })[0];
}

/** `x` repeated along its axes of 1 until it has `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (x.shape.join() === shape.join() && x.shape.length === shape.length) return x;
  return x.graph.add(EXPAND, [x], { shape })[0];
}

/** The elements as another type; has no gradient. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.graph.add(CAST, [x], { dtype })[0];
}

const STOP: Op<null> = {
  type: 'stopGradient',
  infer: (inputs) => [inputs[0]],
  lower: (_, { builder: b, inputs, outputs }) => b.nodeInto(outputs, 'Identity', inputs),
};

/** `x` itself, but no gradient passes. */
export function stopGradient(x: Tensor): Tensor {
  return x.graph.add(STOP, [x], null)[0];
}

/** The value of `value` with the gradient of `x`: the straight-through estimator (Bengio et al. 2013). */
export function straightThrough(x: Tensor, value: Tensor): Tensor {
  return x.graph.add(STRAIGHT_THROUGH, [x, value], null)[0];
}

const STRAIGHT_THROUGH: Op<null> = {
  type: 'straightThrough',
  infer(inputs) {
    if (inputs[0].shape.join() !== inputs[1].shape.join())
      throw shapeError('straightThrough', inputs, 'a value shaped like the tensor it stands for');
    return [inputs[0]];
  },
  gradient: (_node, [dy]) => [dy, undefined],
  lower: (_, { builder: b, inputs: [, value], outputs }) => b.nodeInto(outputs, 'Identity', [value]),
};
