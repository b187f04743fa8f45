/** One emitted file, two runtimes: onnxruntime-node and onnxruntime-web's WebAssembly (run by Node here, by browsers there). */
import * as web from 'onnxruntime-web/wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradients } from '../../src/graph/autodiff.ts';
import { type Emitted, emit } from '../../src/graph/emit.ts';
import { Graph, type Shape } from '../../src/graph/graph.ts';
import { groupNorm } from '../../src/graph/ops/groupNorm.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { unet } from '../../src/models/unet.ts';
import { mse } from '../../src/nn/losses.ts';
import { Scope } from '../../src/nn/scope.ts';
import { normals, relativeError, runModel, TARGETS } from './checks.ts';
import { evaluate } from './reference.ts';
import { product } from './referenceMath.ts';

type Feeds = Record<string, { data: Float32Array | Int32Array; shape: Shape }>;

async function runInWasm({ model, outputs }: Emitted, feeds: Feeds): Promise<Record<string, Float32Array>> {
  const session = await web.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const values = Object.entries(feeds).map(([k, { data, shape }]) => {
    const type = data instanceof Int32Array ? 'int32' : 'float32';
    return [k, new web.Tensor(type as 'float32', data as Float32Array, [...shape])];
  });
  const results = await session.run(Object.fromEntries(values), outputs);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([k, v]) => [k, v.data as Float32Array]));
}

beforeAll(() => {
  web.env.wasm.numThreads = 1;
});

// 8 channels at even depths: the Winograd form of the convolutions and of their gradients is in the file.
const size = [1, 2, 4, 4, 4];
const network = {
  width: 8,
  multipliers: [1, 1],
  blocks: 1,
  groups: 4,
  attention: [1],
  headChannels: 4,
  classes: 2,
};

function model() {
  const graph = new Graph();
  const [x, t] = [graph.input('x', size), graph.input('t', [1])];
  const y = unet(new Scope(graph), x, t, graph.input('label', [1], 'int32'), network);
  const weights = new Map(
    graph.parameters.map((p, i) => [p.name, normals(product(p.shape), i).map((v) => v / 5)]),
  );
  return { graph, y, weights };
}

const feeds: Feeds = {
  x: { data: normals(product(size)), shape: size },
  t: { data: Float32Array.of(0.4), shape: [1] },
  label: { data: Int32Array.of(1), shape: [1] },
};

describe.each(TARGETS)('target %s', (target) => {
  test('a sampling step is the same in wasm', async () => {
    const { graph, y, weights } = model();
    const emitted = emit(graph, { outputs: { y }, weights, target });
    const [a, b] = [await runInWasm(emitted, feeds), await runModel(emitted, feeds)];
    expect(relativeError(a.y, b.y)).toBeLessThan(2e-6);
  });
});

// By LayerNormalization alone wasm is wrong by 1e-4 here, and by more on longer rows.
test('a long row is normalised as well in wasm as natively', async () => {
  const shape = [1, 2, 16, 40, 56];
  const data = normals(product(shape)).map((v) => 10 + v / 10);
  const graph = new Graph();
  const [one, zero] = [Float32Array.of(1, 1), Float32Array.of(0, 0)].map((d) => graph.constant(d, [1, 2]));
  const y = groupNorm(graph.input('x', shape), one, zero, 1);
  const results = await runInWasm(emit(graph, { outputs: { y }, target: 'portable' }), {
    x: { data, shape },
  });
  expect(relativeError(results.y, evaluate([y], { x: data })[0])).toBeLessThan(1e-5);
});

test('loss and gradients are the same in wasm', async () => {
  const { graph, y, weights } = model();
  const loss = mse(y, graph.constant(normals(product(size), 50), size));
  const found = gradients(loss, graph.parameterTensors);
  const gradientOf = (name: string) => found[graph.parameters.findIndex((p) => p.name === name)]!;
  const names = [
    'in.weight',
    'down.0.downsample.weight',
    'middle.attention.qkv.weight',
    'class.weight',
    'out.bias',
  ];
  const outputs = {
    loss,
    ...Object.fromEntries(names.map((n) => [`d ${n}`, gradientOf(n)])),
    total: sum(y),
  };
  const emitted = emit(graph, { outputs, weights, target: 'portable' });
  const [a, b] = [await runInWasm(emitted, feeds), await runModel(emitted, feeds)];
  for (const name of Object.keys(outputs)) expect(relativeError(a[name], b[name]), name).toBeLessThan(2e-5);
});
