import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph.ts';
import { matmul, softmax } from '../../../src/graph/ops/matmul.ts';
import { checkOp, normals } from '../checks.ts';
import { operators } from '../onnx/decode.ts';

const swap = (s: number[]) => [...s.slice(0, -2), s[s.length - 1], s[s.length - 2]];

describe.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('matmul, transposed %j %j', (ta, tb) => {
  test.each([
    [
      [3, 4],
      [4, 2],
    ],
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 2, 4],
      [2, 3, 4, 1],
    ],
    [
      [3, 4],
      [2, 4, 2],
    ],
    [
      [2, 2, 3, 4],
      [4, 2],
    ],
    [
      [1, 3, 1],
      [1, 1, 2],
    ],
  ])('%j x %j', async (a, b) => {
    const shapes = { a: ta ? swap(a) : a, b: tb ? swap(b) : b };
    const { portable, cpu } = await checkOp(shapes, (t) => matmul(t.a, t.b, ta, tb), { samples: 6 });
    expect(operators(portable.model).FusedMatMul).toBeUndefined();
    expect(operators(cpu.model).FusedMatMul).toBeGreaterThan(0);
  });
});

test('softmax over the last axis', async () => {
  await checkOp({ x: [2, 3, 4] }, (t) => softmax(t.x));
  await checkOp({ x: [5] }, (t) => softmax(t.x));
  await checkOp({ x: [2, 1] }, (t) => softmax(t.x), { wrt: [] });
});

test('softmax of large numbers', async () => {
  const x = normals(8).map((v) => 100 * v);
  await checkOp({ x: [2, 4] }, (t) => softmax(t.x), { feeds: { x }, wrt: [] });
});

describe('refusals', () => {
  const g = new Graph();
  const m = g.input('m', [2, 3, 4]);
  test('inner sizes', () => {
    expect(() => matmul(m, g.input('a', [3, 4]))).toThrow(
      /matmul\(A, B\)\(float32 \[2, 3, 4\], float32 \[3, 4\]\)\n.*not 4 and 3/,
    );
    expect(() => matmul(m, m, false, false)).toThrow(/inner/);
  });
  test('leading axes', () => {
    expect(() => matmul(m, g.input('b', [3, 4, 4]))).toThrow(/equal leading axes/);
  });
  test('rank and type', () => {
    expect(() => matmul(m, g.input('c', [4]))).toThrow(/rank 2/);
    expect(() => matmul(m, g.input('d', [4, 4], 'int32'))).toThrow(/int32/);
    expect(() => softmax(g.input('e', []))).toThrow(/softmax\(float32 \[\]\)/);
  });
});
