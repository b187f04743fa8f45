import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph.ts';
import { type ConvAttributes, conv3d, depthToSpace, spaceToDepth } from '../../../src/graph/ops/conv3d.ts';
import { checkOp } from '../checks.ts';
import { operators } from '../onnx/decode.ts';
import { evaluate } from '../reference.ts';

type Three = [number, number, number];
const same = (p: number): Three => [p, p, p];
const attributes = (before: Three = same(1), after: Three = before, stride: 1 | 2 = 1): ConvAttributes => ({
  before,
  after,
  stride,
});

const check = (x: number[], w: number[], a: ConvAttributes, { bias = true, samples = 5 } = {}) =>
  checkOp({ x, w, ...(bias ? { b: [w[0]] } : {}) }, (t) => conv3d(t.x, t.w, t.b, a), {
    samples,
    // The Winograd form loses a digit.
    tolerance: 2e-5,
  });

describe('direct form', () => {
  test.each([
    ['few channels', [1, 2, 4, 3, 5], [3, 2, 3, 3, 3], attributes()],
    ['batch of 3', [3, 2, 2, 3, 2], [2, 2, 3, 3, 3], attributes()],
    ['odd depth, 8 channels', [1, 8, 3, 3, 2], [8, 8, 3, 3, 3], attributes()],
    ['no padding', [1, 2, 4, 5, 3], [3, 2, 3, 3, 3], attributes(same(0))],
    ['asymmetric padding', [2, 2, 3, 2, 3], [2, 2, 3, 3, 3], attributes([2, 0, 1], [0, 2, 1])],
    ['kernel 2 padded by 1', [1, 3, 3, 2, 3], [2, 3, 2, 2, 2], attributes()],
    ['mixed kernel', [1, 2, 3, 4, 3], [2, 2, 1, 3, 2], attributes([0, 1, 0], [0, 1, 1])],
    ['a volume of one voxel', [1, 2, 1, 1, 1], [2, 2, 3, 3, 3], attributes()],
  ] as const)('%s', async (_, x, w, a) => {
    const { portable } = await check([...x], [...w], a as ConvAttributes);
    // Forward and input gradient.
    expect(operators(portable.model).Conv).toBe(2);
  });

  test('pointwise kernel: the weight gradient is one product', async () => {
    const { portable } = await check([3, 9, 2, 3, 2], [10, 9, 1, 1, 1], attributes(same(0)));
    expect(operators(portable.model)).toMatchObject({ Conv: 2, MatMul: 1 });
  });

  test.each([
    ['27 taps', [1, 2, 3, 3, 3], [2, 2, 3, 3, 3], 27],
    ['8 taps', [1, 2, 3, 3, 3], [2, 2, 2, 2, 2], 8],
  ])('weight gradient by slices, %s', async (_, x, w, taps) => {
    const { portable } = await check(x, w, attributes(), { bias: false });
    expect(operators(portable.model).MatMul).toBe(taps);
  });
});

describe('depth Winograd form', () => {
  // Forward and input gradient both by 4 products; the weight gradient by 4 x 3 stacked or 4 x 9 tap products.
  test.each([
    ['padding 1', [1, 8, 4, 3, 4], [8, 8, 3, 3, 3], attributes(), 12],
    ['two slices', [1, 8, 2, 3, 2], [9, 8, 3, 3, 3], attributes(), 12],
    ['batch of 3', [3, 8, 4, 2, 3], [8, 8, 3, 3, 3], attributes(), 12],
    ['asymmetric in depth', [1, 8, 4, 3, 3], [8, 8, 3, 3, 3], attributes([2, 1, 1], [0, 1, 1]), 12],
    ['kernel 3x2x2', [1, 8, 2, 3, 3], [8, 8, 3, 2, 2], attributes([1, 0, 0], [1, 0, 1]), 16],
    ['kernel 3x3x1', [1, 8, 2, 3, 3], [8, 8, 3, 3, 1], attributes([1, 1, 0], [1, 1, 0]), 12],
  ] as const)('%s', async (_, x, w, a, products) => {
    const { portable, cpu } = await check([...x], [...w], a as ConvAttributes);
    expect(operators(portable.model)).toMatchObject({ Conv: 8, MatMul: products });
    expect(operators(cpu.model)).toMatchObject({ Conv: 8, FusedMatMul: products });
  });

  test.each([
    ['no padding: the input gradient has padding 2', [1, 8, 4, 3, 4], attributes(same(0))],
    ['padding 2: the input gradient has none', [2, 8, 2, 3, 2], attributes(same(2))],
    ['padding 2 and 0', [1, 8, 4, 3, 3], attributes([2, 0, 1], [0, 2, 1])],
    ['padding only before', [1, 8, 5, 3, 3], attributes([1, 1, 1], [0, 0, 0])],
  ] as const)('%s', async (_, x, a) => {
    const { portable } = await check([...x], [8, 8, 3, 3, 3], a as ConvAttributes);
    expect(operators(portable.model).Conv).toBeGreaterThanOrEqual(4);
  });

  test('from 48 channels on the weight gradient is not stacked', async () => {
    const { portable } = await check([1, 8, 2, 2, 2], [48, 8, 3, 3, 3], attributes(), { samples: 2 });
    expect(operators(portable.model)).toMatchObject({ Conv: 8, MatMul: 36 });
  });

  test('7 channels stay direct', async () => {
    const { portable } = await check([1, 7, 2, 2, 2], [8, 7, 3, 3, 3], attributes(), { samples: 2 });
    expect(operators(portable.model).Conv).toBe(2);
  });
});

describe('stride 2', () => {
  test.each([
    ['kernel 4, padding 1', [1, 2, 4, 6, 2], 4, attributes(same(1), same(1), 2)],
    ['kernel 4, 8 channels, batch 2', [2, 8, 4, 2, 4], 4, attributes(same(1), same(1), 2)],
    ['kernel 4 on replicated borders', [1, 2, 6, 4, 6], 4, attributes(same(0), same(0), 2)],
    ['kernel 3, even size', [1, 2, 4, 6, 2], 3, attributes(same(1), same(1), 2)],
    ['kernel 3, odd size', [2, 2, 5, 3, 5], 3, attributes(same(1), same(1), 2)],
    ['kernel 3, asymmetric', [1, 2, 4, 4, 6], 3, attributes(same(0), same(1), 2)],
  ] as const)('%s', async (_, x, k, a) => {
    await check([...x], [3, x[1], k, k, k], a as ConvAttributes);
  });

  test('other kernels have no gradient, and say so', async () => {
    await expect(check([1, 2, 4, 4, 4], [2, 2, 2, 2, 2], attributes(same(0), same(0), 2))).rejects.toThrow(
      /gradient of conv3d, stride 2\(float32 \[1, 2, 4, 4, 4\], float32 \[2, 2, 2, 2, 2\]\)/,
    );
  });
});

test('space to depth and back is the identity, channel c * 8 + parity', async () => {
  await checkOp({ x: [2, 2, 4, 2, 6] }, (t) => spaceToDepth(t.x));
  await checkOp({ x: [1, 16, 2, 1, 3] }, (t) => depthToSpace(t.x));
  const data = Float32Array.from({ length: 16 }, (_, i) => i);
  const graph = new Graph();
  const deep = spaceToDepth(graph.input('x', [1, 1, 2, 2, 4]));
  expect([...evaluate([deep], { x: data })[0]]).toEqual([
    0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15,
  ]);
  expect([...evaluate([depthToSpace(deep)], { x: data })[0]]).toEqual([...data]);
});

describe('refusals name operator, operands and shapes', () => {
  const refused = (x: number[], w: number[], b?: number[], a = attributes()) => {
    const g = new Graph();
    return () => conv3d(g.input('x', x), g.input('w', w), b === undefined ? undefined : g.input('b', b), a);
  };
  test('rank', () => {
    expect(refused([1, 2, 3, 4], [2, 2, 3, 3, 3])).toThrow(
      /conv3d\(float32 \[1, 2, 3, 4\], float32 \[2, 2, 3, 3, 3\]\)\n.*x \[N, I, D, H, W\]/,
    );
  });
  test('channels', () => {
    expect(refused([1, 2, 3, 4, 5], [2, 3, 3, 3, 3])).toThrow(/a kernel for the 2 channels of x, not 3/);
  });
  test('bias', () => {
    expect(refused([1, 2, 3, 4, 5], [4, 2, 3, 3, 3], [3])).toThrow(
      /float32 \[3\]\)\n.*a bias of shape \[4\]/,
    );
  });
  test('kernel larger than the volume', () => {
    expect(refused([1, 2, 2, 4, 5], [4, 2, 3, 3, 3], undefined, attributes(same(0)))).toThrow(
      /a volume at least as large as the kernel/,
    );
  });
  test('type', () => {
    const g = new Graph();
    const x = g.input('x', [1, 1, 3, 3, 3], 'int32');
    expect(() => conv3d(x, g.input('w', [1, 1, 3, 3, 3]), undefined, attributes())).toThrow(
      /conv3d\(int32 \[1, 1, 3, 3, 3\].*\n.*float32/,
    );
  });
  test('operands of two graphs', () => {
    const w = new Graph().input('w', [2, 2, 3, 3, 3]);
    expect(() => conv3d(new Graph().input('x', [1, 2, 3, 3, 3]), w, undefined, attributes())).toThrow(
      /operands that all belong to one graph/,
    );
  });
});
