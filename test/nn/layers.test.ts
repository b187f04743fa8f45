import { describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { multiply } from '../../src/graph/ops/binary.ts';
import { conv3d } from '../../src/graph/ops/conv3d.ts';
import { gather } from '../../src/graph/ops/lookup.ts';
import { matmul, softmax } from '../../src/graph/ops/matmul.ts';
import { resizeTrilinear } from '../../src/graph/ops/resize.ts';
import { gelu, silu } from '../../src/graph/ops/silu.ts';
import { adaptiveNorm, attention, conv, linear, norm, upsampleConv } from '../../src/nn/layers.ts';
import { Scope } from '../../src/nn/scope.ts';
import { normals } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';
import { compareWithTorch, fixture } from './torch.ts';

const torch = fixture('layers.safetensors');
const weights = { weight: 'w', bias: 'b' };
const rowsOf = (name: string) => torch.get(name).shape[0];

describe('values and gradients are PyTorch’s', () => {
  test.each([
    ['conv3', {}],
    ['conv1', { kernel: 1 }],
    ['convReplicate', { padding: 'replicate' }],
    ['convStride2', { kernel: 4, stride: 2 }],
    ['convStride2Replicate', { kernel: 4, stride: 2, padding: 'replicate' }],
    ['conv3Stride2', { kernel: 3, stride: 2 }],
  ] as const)('%s', async (name, options) => {
    await compareWithTorch(torch, name, ['x'], weights, (s, t) => conv(s, t.x, rowsOf(`${name}/w`), options));
  });

  test('upsampleConv', async () => {
    await compareWithTorch(torch, 'upsampleConv', ['x'], weights, (s, t) => upsampleConv(s, t.x, 3));
  });
  test('norm', async () => {
    const names = { scale: 'w', shift: 'b' };
    await compareWithTorch(torch, 'groupNorm', ['x'], names, (s, t) => norm(s, t.x, 4));
  });
  test('linear', async () => {
    await compareWithTorch(torch, 'linear', ['x'], weights, (s, t) => linear(s, t.x, 3));
  });
  test('embedding', async () => {
    await compareWithTorch(torch, 'embedding', ['index', 'table'], {}, (_, t) => gather(t.table, t.index));
  });
  test('silu and gelu', async () => {
    await compareWithTorch(torch, 'silu', ['x'], {}, (_, t) => silu(t.x));
    await compareWithTorch(torch, 'gelu', ['x'], {}, (_, t) => gelu(t.x));
  });
  test('scaled dot product attention', async () => {
    const sdpa = ({ q, k, v }: Record<string, Tensor>) =>
      matmul(softmax(matmul(multiply(q, 0.5), k, false, true)), v);
    await compareWithTorch(torch, 'sdpa', ['q', 'k', 'v'], {}, (_, t) => sdpa(t));
  });
  test('the attention layer is multi-head attention over voxels', async () => {
    const names = {
      'norm.scale': 'scale',
      'norm.shift': 'shift',
      'qkv.weight': 'qkv',
      'qkv.bias': 'qkvBias',
      'out.weight': 'out',
      'out.bias': 'outBias',
    };
    await compareWithTorch(torch, 'attention', ['x'], names, (s, t) => attention(s, t.x, 2, 2), 2e-5);
  });
  test('trilinear resizing', async () => {
    await compareWithTorch(torch, 'resizeUp', ['x'], {}, (_, t) => resizeTrilinear(t.x, [5, 3, 7]));
    await compareWithTorch(torch, 'resizeDown', ['x'], {}, (_, t) => resizeTrilinear(t.x, [2, 3, 2]));
  });
});

test('upsampleConv is a convolution of the copied voxels, away from the edge and at it', () => {
  const g = new Graph();
  const x = g.input('x', [1, 1, 2, 1, 1]);
  const y = upsampleConv(new Scope(g, 'up'), x, 1);
  const weight = Float32Array.from({ length: 27 }, (_, i) =>
    i % 9 === 4 ? [1, 10, 100][Math.floor(i / 9)] : 0,
  );
  const [values] = evaluate([y], { x: [1, 2] }, { 'up.weight': weight, 'up.bias': [0.5] });
  // Along depth the copies are 1 1 2 2: taps (1, 10, 100) give 110, 211, 221, 22; the same for all four columns.
  expect([...values].map((v) => v - 0.5)).toEqual([110, 211, 221, 22].flatMap((v) => [v, v, v, v]));
});

test('adaptiveNorm begins as the plain norm, and follows its embedding', () => {
  const g = new Graph();
  const [x, e] = [g.input('x', [2, 4, 2, 1, 3]), g.input('e', [2, 3])];
  const s = new Scope(g, 'n');
  const [plain, adaptive] = [norm(s, x, 2), adaptiveNorm(s, x, e, 2)];
  const feeds = { x: normals(48), e: normals(6, 1) };
  const scale = normals(4, 2);
  const shift = normals(4, 3);
  const at = (weight: ArrayLike<number>, bias: ArrayLike<number>) =>
    evaluate([plain, adaptive], feeds, {
      'n.scale': scale,
      'n.shift': shift,
      'n.embedding.weight': weight,
      'n.embedding.bias': bias,
    });
  expect(g.parameters.find((p) => p.name === 'n.embedding.weight')?.init.kind).toBe('zeros');
  const [a, b] = at(new Float32Array(24), new Float32Array(8));
  expect(b).toEqual(a);
  // Scale bias 1, shift bias 3 for every channel: 2 norm + 3.
  const [, c] = at(new Float32Array(24), Float32Array.of(1, 1, 1, 1, 3, 3, 3, 3));
  for (const [i, v] of a.entries()) expect(c[i]).toBeCloseTo(2 * v + 3, 10);
});

describe('starts of the weights', () => {
  const start = (build: (s: Scope, x: Tensor) => Tensor) => {
    const g = new Graph();
    build(new Scope(g, 'a'), g.input('x', [1, 6, 4, 4, 4]));
    return Object.fromEntries(g.parameters.map((p) => [p.name, [p.shape, p.init]]));
  };
  test('uniform by fan in, zero where asked', () => {
    const bound = 1 / Math.sqrt(6 * 27);
    const uniform = { kind: 'uniform', bound };
    expect(start((s, x) => conv(s, x, 5))).toEqual({
      'a.weight': [[5, 6, 3, 3, 3], uniform],
      'a.bias': [[5], uniform],
    });
    expect(start((s, x) => upsampleConv(s, x, 5))).toEqual({
      'a.weight': [[5, 6, 3, 3, 3], uniform],
      'a.bias': [[5], uniform],
    });
    const zeros = { kind: 'zeros' };
    expect(start((s, x) => conv(s, x, 5, { zero: true, kernel: 1 }))).toEqual({
      'a.weight': [[5, 6, 1, 1, 1], zeros],
      'a.bias': [[5], zeros],
    });
  });
});

test('scopes name parameters by their path', () => {
  const g = new Graph();
  const root = new Scope(g);
  const name = (s: Scope) => {
    s.parameter('w', [1], { kind: 'zeros' });
    return g.parameters[g.parameters.length - 1].name;
  };
  expect(name(root)).toBe('w');
  expect(name(root.child('down').child(0))).toBe('down.0.w');
});

test('conv with stride 1 keeps the size, with stride 2 and kernel 4 halves it', () => {
  const g = new Graph();
  const x = g.input('x', [1, 2, 4, 6, 8]);
  const s = new Scope(g, 's');
  expect(conv(s.child(1), x, 3, { padding: 'replicate' }).shape).toEqual([1, 3, 4, 6, 8]);
  expect(conv(s.child(2), x, 3, { kernel: 4, stride: 2 }).shape).toEqual([1, 3, 2, 3, 4]);
  const plain = { stride: 1, before: [0, 0, 0], after: [0, 0, 0] } as const;
  expect(conv3d(x, g.input('w', [3, 2, 3, 3, 3]), undefined, plain).shape).toEqual([1, 3, 2, 4, 6]);
});
