/**
 * A second meaning of the graph: every op evaluated in double precision by naive loops, written from the formulas and not
 * from the lowerings. It is the truth of the tests: ONNX Runtime must agree with it, and its finite differences must
 * agree with its own evaluation of the graph that autodiff built. Gradient-only ops are defined by what they mean
 * (`siluGradient` is dy times silu'), not by how they are computed.
 */
import type { Node, Shape, Tensor } from '../../src/graph/graph.ts';
import { convolution, kernelGradient } from './referenceConv.ts';
import { erf, product, type Rows, strides, unravel } from './referenceMath.ts';

export type Values = Record<string, ArrayLike<number>>;
type Arrays = readonly Float64Array[];
type Rule = (inputs: Arrays, node: Node<never>) => Float64Array | Float64Array[];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Elementwise over one operand. */
const map =
  (f: (x: number) => number): Rule =>
  ([x]) =>
    x.map(f);

/** For each element of `shape`, the flat position in an operand of shape `from` that broadcasts to it. */
function stretched(from: Shape, shape: Shape): (index: readonly number[]) => number {
  const lead = shape.length - from.length;
  const step = strides(from).map((s, i) => (from[i] === 1 ? 0 : s));
  return (index) => step.reduce((sum, s, i) => sum + s * index[i + lead], 0);
}

/** Elementwise over two operands that broadcast to the node's shape. */
const map2 =
  (f: (a: number, b: number) => number): Rule =>
  ([a, b], node) => {
    const { shape } = node.outputs[0];
    const [at, bt] = node.inputs.map((t) => stretched(t.shape, shape));
    return Float64Array.from({ length: product(shape) }, (_, i) => {
      const index = unravel(i, shape);
      return f(a[at(index)], b[bt(index)]);
    });
  };

/** The result at each index is the operand at `where(index)`; outside (undefined) it is 0. */
function picked(x: Float64Array, node: Node<never>, where: (index: number[]) => number[] | undefined) {
  const from = strides(node.inputs[0].shape);
  const { shape } = node.outputs[0];
  return Float64Array.from({ length: product(shape) }, (_, i) => {
    const source = where(unravel(i, shape));
    return source === undefined ? 0 : x[source.reduce((sum, v, a) => sum + v * from[a], 0)];
  });
}

/** Folds the operand over the node's `axes` with `f`, starting at `start`. */
const fold =
  (start: number, f: (sum: number, x: number) => number): Rule =>
  ([x], node) => {
    const { axes } = node.attributes as { axes: readonly number[] };
    const { shape } = node.inputs[0];
    const kept = shape.map((d, a) => (axes.includes(a) ? 1 : d));
    const out = new Float64Array(product(kept)).fill(start);
    const to = stretched(kept, shape);
    for (const [i, v] of x.entries()) {
      const at = to(unravel(i, shape));
      out[at] = f(out[at], v);
    }
    return out;
  };

/** Rows of the last axis. */
const byRow = (x: Float64Array, shape: Shape, f: (row: Float64Array, r: number) => ArrayLike<number>) => {
  const width = shape[shape.length - 1];
  const out = new Float64Array(x.length);
  for (let r = 0; r * width < x.length; r++) out.set(f(x.subarray(r * width, (r + 1) * width), r), r * width);
  return out;
};

const matmul: Rule = ([a, b], node) => {
  const { transposeA, transposeB } = node.attributes as { transposeA: boolean; transposeB: boolean };
  const [sa, sb] = node.inputs.map((t) => t.shape);
  const { shape } = node.outputs[0];
  const [m, n] = shape.slice(-2);
  const k = sa[sa.length - (transposeA ? 2 : 1)];
  const out = new Float64Array(product(shape));
  for (let batch = 0; batch < product(shape.slice(0, -2)); batch++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        for (let q = 0; q < k; q++) {
          const left = (sa.length > 2 ? batch * m * k : 0) + (transposeA ? q * m + i : i * k + q);
          const right = (sb.length > 2 ? batch * k * n : 0) + (transposeB ? j * k + q : q * n + j);
          out[batch * m * n + i * n + j] += a[left] * b[right];
        }
  return out;
};

const groupNorm: Rule = ([x, scale, shift], node) => {
  const { groups, epsilon } = node.attributes as { groups: number; epsilon: number };
  const [n, c, ...size] = node.inputs[0].shape;
  const cells = product(size);
  const row = (c / groups) * cells;
  const y = new Float64Array(x.length);
  const xhat = new Float64Array(x.length);
  const inverse = new Float64Array(n * groups);
  for (let g = 0; g < n * groups; g++) {
    const part = x.subarray(g * row, (g + 1) * row);
    const mean = part.reduce((s, v) => s + v, 0) / row;
    const variance = part.reduce((s, v) => s + (v - mean) ** 2, 0) / row;
    inverse[g] = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < row; i++) xhat[g * row + i] = (part[i] - mean) * inverse[g];
  }
  for (let i = 0; i < x.length; i++) {
    const nc = Math.floor(i / cells);
    y[i] = xhat[i] * scale[nc % scale.length] + shift[nc % shift.length];
  }
  return [y, xhat, inverse];
};

const nearestCode: Rule = ([z, codebook], node) => {
  const [[rows, c], [codes]] = node.inputs.map((t) => t.shape);
  return Float64Array.from({ length: rows }, (_, r) => {
    const distance = (v: number) => {
      let sum = 0;
      for (let i = 0; i < c; i++) sum += (z[r * c + i] - codebook[v * c + i]) ** 2;
      return sum;
    };
    let best = 0;
    for (let v = 1; v < codes; v++) if (distance(v) < distance(best)) best = v;
    return best;
  });
};

const RULES: Record<string, Rule> = {
  add: map2((a, b) => a + b),
  subtract: map2((a, b) => a - b),
  multiply: map2((a, b) => a * b),
  divide: map2((a, b) => a / b),
  minimum: map2(Math.min),
  lessThan: map2((a, b) => (a < b ? 1 : 0)),
  negate: map((x) => -x),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  abs: map(Math.abs),
  sign: map(Math.sign),
  tanh: map(Math.tanh),
  sigmoid: map(sigmoid),
  erf: map(erf),
  sin: map(Math.sin),
  cos: map(Math.cos),
  softplus: map((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  silu: map((x) => x * sigmoid(x)),
  siluGradient: ([x, , dy]) => x.map((v, i) => dy[i] * (sigmoid(v) + v * sigmoid(v) * (1 - sigmoid(v)))),
  sum: fold(0, (s, x) => s + x),
  sumOfSquares: fold(0, (s, x) => s + x * x),
  max: fold(Number.NEGATIVE_INFINITY, Math.max),
  reshape: ([x]) => x,
  cast: ([x]) => x,
  stopGradient: ([x]) => x,
  straightThrough: ([, value]) => value,
  transpose: ([x], node) => {
    const { order } = node.attributes as { order: readonly number[] };
    return picked(x, node, (index) => {
      const source: number[] = [];
      for (const [to, from] of order.entries()) source[from] = index[to];
      return source;
    });
  },
  expand: ([x], node) => {
    const { shape } = node.outputs[0];
    const at = stretched(node.inputs[0].shape, shape);
    return Float64Array.from({ length: product(shape) }, (_, i) => x[at(unravel(i, shape))]);
  },
  slice: ([x], node) => {
    const { axis, start } = node.attributes as { axis: number; start: number };
    return picked(x, node, (index) => index.map((v, a) => (a === axis ? v + start : v)));
  },
  concat: (parts, node) => {
    const { axis } = node.attributes as { axis: number };
    const { shape } = node.outputs[0];
    return Float64Array.from({ length: product(shape) }, (_, i) => {
      const index = unravel(i, shape);
      let p = 0;
      while (index[axis] >= node.inputs[p].shape[axis]) index[axis] -= node.inputs[p++].shape[axis];
      return parts[p][strides(node.inputs[p].shape).reduce((s, v, a) => s + v * index[a], 0)];
    });
  },
  pad: ([x], node) => {
    const { before, mode } = node.attributes as { before: readonly number[]; mode: 'zero' | 'replicate' };
    const { shape } = node.inputs[0];
    return picked(x, node, (index) => {
      const at = index.map((v, a) => v - before[a]);
      if (mode === 'replicate') return at.map((v, a) => Math.min(Math.max(v, 0), shape[a] - 1));
      return at.every((v, a) => v >= 0 && v < shape[a]) ? at : undefined;
    });
  },
  matmul,
  softmax: ([x], node) =>
    byRow(x, node.inputs[0].shape, (row) => {
      const largest = Math.max(...row);
      const e = row.map((v) => Math.exp(v - largest));
      const total = e.reduce((s, v) => s + v, 0);
      return e.map((v) => v / total);
    }),
  // dx_i = sum_j dy_j dy_j/dx_i with the full Jacobian y_j (delta_ij - y_i).
  softmaxGradient: ([y, dy], node) => {
    const { shape } = node.inputs[0];
    const width = shape[shape.length - 1];
    return byRow(y, shape, (row, r) =>
      row.map((yi, i) => row.reduce((s, yj, j) => s + dy[r * width + j] * yj * ((i === j ? 1 : 0) - yi), 0)),
    );
  },
  groupNorm,
  gather: ([table, index], node) => {
    const c = node.inputs[0].shape[1];
    const out = new Float64Array(index.length * c);
    for (const [r, v] of index.entries()) out.set(table.subarray(v * c, (v + 1) * c), r * c);
    return out;
  },
  oneHot: ([index], node) => {
    const { depth } = node.attributes as { depth: number };
    const out = new Float64Array(index.length * depth);
    for (const [r, v] of index.entries()) out[r * depth + v] = 1;
    return out;
  },
  nearestCode,
  scatterAdd: ([values, index], node) => {
    const [m, c] = node.inputs[0].shape;
    const out = new Float64Array(product(node.outputs[0].shape));
    for (let r = 0; r < m; r++) for (let i = 0; i < c; i++) out[index[r] * c + i] += values[r * c + i];
    return out;
  },
  conv3d: (inputs, node) => convolution(inputs, node),
  conv3dWeightGradient: (inputs, node) => kernelGradient(inputs, node),
  flipKernel: ([w], node) => {
    const [, , ...k] = node.inputs[0].shape;
    return picked(w, node, ([i, o, ...at]) => [o, i, ...at.map((v, a) => k[a] - 1 - v)]);
  },
};

/** The values of `outputs` in double precision, given the graph's inputs and parameters by name. */
export function evaluate(outputs: readonly Tensor[], feeds: Values, parameters: Values = {}): Float64Array[] {
  const { graph } = outputs[0];
  const needed = new Set<Node>();
  for (const todo = outputs.map((t) => t.node); todo.length > 0; ) {
    const node = todo.pop()!;
    if (needed.has(node)) continue;
    needed.add(node);
    todo.push(...node.inputs.map((t) => t.node));
  }
  const results: Map<Node, Rows> = new Map();
  const named = (values: Values, name: string) => {
    if (values[name] === undefined) throw new Error(`no value for ${name}`);
    return Float64Array.from(values[name]);
  };
  for (const node of graph.nodes) {
    if (!needed.has(node)) continue;
    const { type } = node.op;
    const attributes = node.attributes as { name: string; data: ArrayLike<number | bigint> };
    const inputs = node.inputs.map((t) => results.get(t.node)![t.output]);
    let value: Float64Array | Float64Array[];
    if (type === 'input') value = named(feeds, attributes.name);
    else if (type === 'parameter') value = named(parameters, attributes.name);
    else if (type === 'constant') value = Float64Array.from(attributes.data, Number);
    else if (type === 'flatParameters')
      value = Float64Array.from(graph.parameters.flatMap((p) => [...named(parameters, p.name)]));
    else if (RULES[type] !== undefined) value = RULES[type](inputs, node as Node<never>);
    else throw new Error(`the reference does not know op ${type}`);
    const list = Array.isArray(value) ? value : [value];
    for (const [i, t] of node.outputs.entries())
      if (list[i].length !== product(t.shape))
        throw new Error(`${type}: the reference has ${list[i].length} values, the graph [${t.shape}]`);
    results.set(node, list);
  }
  return outputs.map((t) => results.get(t.node)![t.output]);
}
