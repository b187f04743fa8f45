import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/graph/autodiff.ts';
import { emit, PARAMETERS_INPUT } from '../../src/graph/emit.ts';
import { Graph } from '../../src/graph/graph.ts';
import { type UNetConfig, unet } from '../../src/models/unet.ts';
import { mse } from '../../src/nn/losses.ts';
import { Scope } from '../../src/nn/scope.ts';
import { normals, relativeError, runModel, TARGETS } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';
import { product } from '../graph/referenceMath.ts';
import { fixture } from '../nn/torch.ts';

const torch = fixture('unet.safetensors');
const config = JSON.parse(torch.metadata.config) as UNetConfig;

function network(size: readonly number[], cfg = config) {
  const graph = new Graph();
  const [x, t] = [graph.input('x', size), graph.input('t', [size[0]])];
  const label = graph.input('label', [size[0]], 'int32');
  return { graph, y: unet(new Scope(graph), x, t, label, cfg) };
}

test('the whole network, its loss and the gradient of every weight are PyTorch’s', async () => {
  const x = torch.get('x');
  const { graph, y } = network(x.shape);
  const loss = mse(y, graph.input('target', x.shape));
  const names = graph.parameters.map((p) => p.name);
  expect(names.map((n) => `weight/${n}`).sort()).toEqual(
    torch.names.filter((n) => n.startsWith('weight/')).sort(),
  );
  const found = gradients(loss, graph.parameterTensors);
  const flat = Float32Array.from(names.flatMap((n) => [...torch.get(`weight/${n}`).data]));
  const outputs = { y, loss, ...Object.fromEntries(names.map((n, i) => [`gradient/${n}`, found[i]!])) };
  const feeds = {
    ...Object.fromEntries(['x', 't', 'label', 'target'].map((k) => [k, torch.get(k)])),
    [PARAMETERS_INPUT]: { data: flat, shape: [flat.length] },
  };
  const results = await runModel(emit(graph, { outputs }), feeds);
  for (const [name, values] of Object.entries(results)) {
    const limit = name.startsWith('gradient') ? 1e-4 : 2e-5;
    expect(relativeError(values, torch.get(name).data), name).toBeLessThan(limit);
  }
});

test.each(TARGETS)('baked for sampling it gives the same, %s', async (target) => {
  const { graph, y } = network(torch.get('x').shape);
  const weights = new Map(
    graph.parameters.map((p) => [p.name, torch.get(`weight/${p.name}`).data as Float32Array]),
  );
  const feeds = Object.fromEntries(['x', 't', 'label'].map((k) => [k, torch.get(k)]));
  const results = await runModel(emit(graph, { outputs: { y }, weights, target }), feeds);
  expect(relativeError(results.y, torch.get('y').data)).toBeLessThan(2e-5);
});

describe('structure', () => {
  test('any size is padded to a multiple of 2^(levels-1) and cropped back', () => {
    for (const size of [
      [1, 2, 4, 4, 4],
      [2, 3, 5, 6, 7],
      [1, 1, 1, 2, 3],
    ]) {
      const { y } = network(size, { ...config, multipliers: [1, 1, 2] });
      expect(y.shape).toEqual(size);
    }
  });

  test('before training the output is zero, and label and time reach it only through weights that start at zero', () => {
    const { graph } = network([1, 2, 2, 2, 2]);
    const zero = graph.parameters.filter((p) => p.init.kind === 'zeros').map((p) => p.name);
    expect(zero).toContain('out.weight');
    expect(zero).toContain('middle.block0.conv2.weight');
    expect(zero).toContain('middle.attention.out.weight');
    expect(zero).toContain('middle.block0.norm2.embedding.weight');
  });

  test('samples of a batch do not see each other', () => {
    const size = [2, 2, 2, 2, 2];
    const { graph, y } = network(size);
    const parameters = Object.fromEntries(
      graph.parameters.map((p, i) => [p.name, normals(product(p.shape), i).map((v) => v / 3)]),
    );
    const x = normals(32);
    const [both] = evaluate([y], { x, t: [0.1, 0.9], label: [0, 2] }, parameters);
    const other = x.slice();
    other.set(normals(16, 9), 16);
    const [changed] = evaluate([y], { x: other, t: [0.1, 0.3], label: [0, 1] }, parameters);
    expect(changed.slice(0, 16)).toEqual(both.slice(0, 16));
    expect(changed.slice(16)).not.toEqual(both.slice(16));
  });

  test('width, classes and attention set the shapes', () => {
    const { graph } = network([1, 2, 4, 4, 4], { ...config, classes: 5, attention: [] });
    const shape = Object.fromEntries(graph.parameters.map((p) => [p.name, p.shape]));
    expect(shape['class.weight']).toEqual([6, 16]);
    expect(shape['down.1.attention.qkv.weight']).toBeUndefined();
    expect(shape['middle.attention.qkv.weight']).toEqual([24, 8, 1, 1, 1]);
    expect(shape['up.1.upsample.weight']).toEqual([4, 8, 3, 3, 3]);
  });

  test('head channels that do not divide the channels are refused', () => {
    expect(() => network([1, 2, 4, 4, 4], { ...config, headChannels: 3 })).toThrow(/whole sizes, 1 or more/);
  });
});
