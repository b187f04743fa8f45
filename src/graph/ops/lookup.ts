/**
 * Looking up rows of a table: gather (an embedding), the nearest code of a codebook, and scatter-add, which sums rows
 * back by index. `gather`'s gradient for the table is a product with the one-hot rows, right for small tables (classes);
 * a codebook learns by moving averages and takes none.
 */
import { allFloat, type Op, shapeError, type Tensor } from '../graph.ts';
import { broadcastShapes } from './binary.ts';
import { matmul } from './matmul.ts';
import { reshape } from './shape.ts';

const GATHER: Op<null> = {
  type: 'gather',
  infer(inputs) {
    const [table, index] = inputs;
    if (table.shape.length !== 2 || table.dtype !== 'float32' || index.dtype !== 'int32')
      throw shapeError('gather', inputs, 'a float32 table [V, C] and int32 indices');
    return [{ shape: [...index.shape, table.shape[1]], dtype: 'float32' }];
  },
  gradient(node, [dy]) {
    const [table, index] = node.inputs;
    const rows = index.shape.reduce((a, b) => a * b, 1);
    const hot = oneHot(reshape(index, [rows]), table.shape[0]);
    return [matmul(hot, reshape(dy!, [rows, table.shape[1]]), true), undefined];
  },
  lower: (_, { builder: b, inputs, outputs }) => b.nodeInto(outputs, 'Gather', inputs, { axis: 0 }),
};

/** Row `index[i]` of `table` [V, C] for every i: [..., C]. */
export function gather(table: Tensor, index: Tensor): Tensor {
  return table.graph.add(GATHER, [table, index], null)[0];
}

const ONE_HOT: Op<{ depth: number }> = {
  type: 'oneHot',
  infer(inputs, { depth }) {
    if (inputs[0].dtype !== 'int32') throw shapeError('oneHot', inputs, 'int32 indices');
    return [{ shape: [...inputs[0].shape, depth], dtype: 'float32' }];
  },
  lower(node, { builder: b, inputs: [index], outputs }) {
    const values = b.node(
      'Concat',
      [b.node('Reshape', [b.float(0), b.int64([1])]), b.node('Reshape', [b.float(1), b.int64([1])])],
      { axis: 0 },
    );
    const wide = b.node('Cast', [index], { to: 7 });
    b.nodeInto(outputs, 'OneHot', [wide, b.int64([node.attributes.depth], true), values], { axis: -1 });
  },
};

/** int32 [...] -> float32 [..., depth], 1 at the index and 0 elsewhere. */
export function oneHot(index: Tensor, depth: number): Tensor {
  return index.graph.add(ONE_HOT, [index], { depth })[0];
}

/** Rows compared at a time: the score matrix of a chunk, rows x codes, stays below 256 MB. */
const CHUNK_SCORES = 64 * 1024 * 1024;

const NEAREST_CODE: Op<{ chunkScores: number }> = {
  type: 'nearestCode',
  infer(inputs) {
    const [z, codebook] = inputs.map((t) => t.shape);
    if (z.length !== 2 || codebook.length !== 2 || z[1] !== codebook[1] || !allFloat(inputs))
      throw shapeError('nearestCode', inputs, 'float32 vectors [M, C] and a codebook [V, C]');
    return [{ shape: [z[0]], dtype: 'int32' }];
  },
  lower(node, { builder: b, inputs: [z, codebook], outputs }) {
    const [rows, codes] = [node.inputs[0].shape[0], node.inputs[1].shape[0]];
    // argmin |z - c|^2 = argmax (z . c - |c|^2 / 2): |z|^2 is the same for every code.
    const norm = b.node('ReduceSumSquare', [codebook, b.int64([1])], { keepdims: 0 });
    const bias = b.node('Mul', [norm, b.float(-0.5)]);
    const step = Math.max(1, Math.floor(node.attributes.chunkScores / codes));
    const parts: string[] = [];
    for (let start = 0; start < rows; start += step) {
      const end = Math.min(rows, start + step);
      const part = rows <= step ? z : b.node('Slice', [z, b.int64([start]), b.int64([end]), b.int64([0])]);
      const scores = b.node('Gemm', [part, codebook, bias], { transB: 1 });
      parts.push(b.node('ArgMax', [scores], { axis: 1, keepdims: 0 }));
    }
    const index = parts.length === 1 ? parts[0] : b.node('Concat', parts, { axis: 0 });
    b.nodeInto(outputs, 'Cast', [index], { to: 6 });
  },
};

/**
 * For each row of z [M, C] the index of the nearest row of the codebook [V, C] by L2; the lowest index wins a tie. At most
 * `chunkScores` distances are held at a time.
 */
export function nearestCode(z: Tensor, codebook: Tensor, chunkScores = CHUNK_SCORES): Tensor {
  return z.graph.add(NEAREST_CODE, [z, codebook], { chunkScores })[0];
}

const SCATTER_ADD: Op<{ rows: number }> = {
  type: 'scatterAdd',
  infer(inputs, { rows }) {
    const [values, index] = inputs;
    const fits = values.shape.length === 2 && index.shape.join() === `${values.shape[0]}`;
    if (!fits || values.dtype !== 'float32' || index.dtype !== 'int32')
      throw shapeError('scatterAdd', inputs, 'float32 values [M, C] and int32 indices [M]');
    return [{ shape: [rows, values.shape[1]], dtype: 'float32' }];
  },
  lower(node, { builder: b, inputs: [values, index], outputs }) {
    const [m, c] = node.inputs[0].shape;
    const zero = b.node('Expand', [b.float(0), b.int64([node.attributes.rows, c])]);
    // Not ScatterND: its threads lose additions where indices repeat (microsoft/onnxruntime issue 18048).
    const at = b.node('Expand', [b.node('Reshape', [index, b.int64([m, 1])]), b.int64([m, c])]);
    b.nodeInto(outputs, 'ScatterElements', [zero, at, values], { axis: 0, reduction: 'add' });
  },
};

/** [rows, C] whose row v is the sum of `values[i]` over all i with `index[i] = v`; has no gradient. */
export function scatterAdd(values: Tensor, index: Tensor, rows: number): Tensor {
  return values.graph.add(SCATTER_ADD, [values, index], { rows })[0];
}

const LESS: Op<null> = {
  type: 'lessThan',
  infer(inputs) {
    const shape = broadcastShapes(inputs[0].shape, inputs[1].shape);
    if (shape === undefined || !allFloat(inputs))
      throw shapeError('lessThan', inputs, 'two float32 tensors whose shapes broadcast');
    return [{ shape, dtype: 'float32' }];
  },
  lower: (_, { builder: b, inputs, outputs }) =>
    b.nodeInto(outputs, 'Cast', [b.node('Less', inputs)], { to: 1 }),
};

/** 1 where `a < b`, else 0, broadcast; has no gradient. */
export function lessThan(a: Tensor, b: Tensor | number): Tensor {
  return a.graph.add(LESS, [a, typeof b === 'number' ? a.graph.scalar(b) : b], null)[0];
}
