import { describe, expect, test } from 'vitest';
import { emit, PARAMETERS_INPUT } from '../../src/graph/emit.ts';
import { elements, Graph } from '../../src/graph/graph.ts';
import { add, multiply } from '../../src/graph/ops/binary.ts';
import { conv3d } from '../../src/graph/ops/conv3d.ts';
import { groupNorm } from '../../src/graph/ops/groupNorm.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { sumOfSquares } from '../../src/graph/ops/reduce.ts';
import { cast, reshape } from '../../src/graph/ops/shape.ts';
import { silu } from '../../src/graph/ops/silu.ts';
import { normals, relativeError, runModel } from './checks.ts';
import { operators } from './onnx/decode.ts';
import { evaluate } from './reference.ts';

function twoLayers() {
  const graph = new Graph();
  const x = graph.input('x', [2, 3]);
  const w1 = graph.parameter('one.weight', [3, 4], { kind: 'zeros' });
  graph.parameter('unused', [5], { kind: 'zeros' });
  const w2 = graph.parameter('two.weight', [4, 2], { kind: 'zeros' });
  const y = matmul(silu(matmul(x, w1)), w2);
  const flat = normals(graph.parameterCount, 3);
  const weights = new Map(
    graph.parameters.map((p) => [p.name, flat.slice(p.offset, p.offset + elements(p.shape))]),
  );
  return { graph, x, y, flat, weights };
}

const feed = { data: normals(6), shape: [2, 3] };

test('baked weights and the flat vector give the same result, bit for bit, and the reference value', async () => {
  const { graph, y, flat, weights } = twoLayers();
  const baked = emit(graph, { outputs: { y }, weights });
  const split = emit(graph, { outputs: { y } });
  expect(baked.inputs).toEqual(['x']);
  expect(split.inputs).toEqual([PARAMETERS_INPUT, 'x']);
  const a = await runModel(baked, { x: feed });
  const b = await runModel(split, { x: feed, [PARAMETERS_INPUT]: { data: flat, shape: [flat.length] } });
  expect(a.y).toEqual(b.y);
  const [truth] = evaluate([y], { x: feed.data }, Object.fromEntries(weights));
  expect(relativeError(a.y, truth)).toBeLessThan(1e-6);
});

test('the same graph gives the same bytes; a name of its own only renames', () => {
  const [a, b] = [twoLayers(), twoLayers()];
  expect(emit(a.graph, { outputs: { y: a.y } }).model).toEqual(emit(b.graph, { outputs: { y: b.y } }).model);
});

test('only what the outputs need is written', () => {
  const { graph, x, y } = twoLayers();
  const half = emit(graph, { outputs: { half: multiply(x, 0.5) } });
  expect(half.inputs).toEqual(['x']);
  expect(operators(half.model)).toEqual({ Mul: 1, Identity: 1 });
  expect(half.nodeCount).toBe(2);
  expect(emit(graph, { outputs: { y }, target: 'cpu' }).outputs).toEqual(['y']);
});

test('outputs may be inputs, constants, whole numbers, parameters, the flat vector, or one tensor twice', async () => {
  const { graph, x, y, flat } = twoLayers();
  const outputs = {
    same: x,
    constant: graph.constant(Float32Array.of(1, 2), [2]),
    whole: cast(multiply(x, 10), 'int32'),
    weight: graph.parameterTensors[2],
    all: graph.flatParameters(),
    y1: y,
    y2: y,
    norm: sumOfSquares(graph.flatParameters()),
  };
  const results = await runModel(emit(graph, { outputs }), {
    x: feed,
    [PARAMETERS_INPUT]: { data: flat, shape: [flat.length] },
  });
  expect(results.same).toEqual(feed.data);
  expect([...results.constant]).toEqual([1, 2]);
  expect([...results.whole]).toEqual([...Int32Array.from(feed.data, (v) => Math.fround(v * 10))]);
  expect(results.weight).toEqual(flat.slice(17));
  expect(results.all).toEqual(flat);
  expect(results.y1).toEqual(results.y2);
  expect(results.norm[0]).toBeCloseTo(
    flat.reduce((s, v) => s + v * v, 0),
    4,
  );
});

test('names a user chose do not clash with those of the values between', async () => {
  const graph = new Graph();
  const [a, b] = [graph.input('add_0', [2]), graph.input('multiply_1', [2])];
  const outputs = { add_1: multiply(add(a, b), b), shape_2: add(a, a) };
  const feeds = {
    add_0: { data: Float32Array.of(1, 2), shape: [2] },
    multiply_1: { data: Float32Array.of(3, 4), shape: [2] },
  };
  const results = await runModel(emit(graph, { outputs }), feeds);
  expect([...results.add_1]).toEqual([12, 24]);
  expect([...results.shape_2]).toEqual([2, 4]);
});

describe('folded layout', () => {
  const one = { stride: 1, before: [1, 1, 1], after: [1, 1, 1] } as const;
  const size = [2, 8, 4, 3, 5];

  function network() {
    const graph = new Graph();
    const x = graph.input('x', size);
    const weight = (name: string, shape: number[]) => graph.parameter(name, shape, { kind: 'zeros' });
    const [scale, shift] = ['scale', 'shift'].map((name) => weight(name, [1, 8]));
    const h = silu(groupNorm(conv3d(x, weight('first', [8, 8, 3, 3, 3]), undefined, one), scale, shift, 2));
    const y = add(h, conv3d(h, weight('second', [8, 8, 3, 3, 3]), weight('bias', [8]), one));
    const weights = new Map(
      graph.parameters.map((p, i) => [p.name, normals(elements(p.shape), i).map((v) => v / 4)]),
    );
    return { graph, x, y, weights };
  }

  test('volumes stay folded between convolutions: one transpose in, one out, and those of the weights', async () => {
    const { graph, y, weights } = network();
    const { model } = emit(graph, { outputs: { y }, weights, layout: 'folded' });
    expect(operators(model)).toMatchObject({ Conv: 2, Transpose: 4 });
    const plain = emit(graph, { outputs: { y }, weights });
    expect(operators(plain.model)).toMatchObject({ Conv: 8 });
    const data = normals(elements(size), 9);
    const [truth] = evaluate([y], { x: data }, Object.fromEntries(weights));
    expect(
      relativeError((await runModel({ ...plain, model }, { x: { data, shape: size } })).y, truth),
    ).toBeLessThan(1e-5);
  });

  test('what has no folded form gets its operands plain', async () => {
    const { graph, y, weights } = network();
    const rows = matmul(reshape(y, [2, 8, 60]), reshape(y, [2, 8, 60]), false, true);
    const emitted = emit(graph, { outputs: { rows, y }, weights, layout: 'folded' });
    const data = normals(elements(size), 9);
    const results = await runModel(emitted, { x: { data, shape: size } });
    const [truth] = evaluate([rows], { x: data }, Object.fromEntries(weights));
    expect(relativeError(results.rows, truth)).toBeLessThan(1e-5);
  });

  test('a graph without a convolution to gain from stays as it is', () => {
    const graph = new Graph();
    const x = graph.input('x', size);
    const scale = graph.constant(new Float32Array(8).fill(1), [1, 8]);
    const y = silu(groupNorm(x, scale, scale, 2));
    expect(emit(graph, { outputs: { y }, layout: 'folded' }).model).toEqual(
      emit(graph, { outputs: { y } }).model,
    );
  });
});

describe('refusals', () => {
  test('a weight that is missing or of another size', () => {
    const { graph, y, weights } = twoLayers();
    weights.delete('two.weight');
    expect(() => emit(graph, { outputs: { y }, weights })).toThrow(
      /no weight for the parameter two.weight\n.*float32 \[4, 2\], 8 numbers/,
    );
    weights.set('two.weight', new Float32Array(7));
    expect(() => emit(graph, { outputs: { y }, weights })).toThrow(
      /a weight of 7 numbers for the parameter two.weight/,
    );
  });

  test('baked weights where the flat vector is needed', () => {
    const { graph, weights } = twoLayers();
    const norm = sumOfSquares(graph.flatParameters());
    expect(() => emit(graph, { outputs: { norm }, weights })).toThrow(
      /weights to bake into a graph that uses the flat/,
    );
  });

  test('an output with the name of an input', () => {
    const { graph, y } = twoLayers();
    expect(() => emit(graph, { outputs: { x: y } })).toThrow(/two values of the model named 'x'/);
  });
});
