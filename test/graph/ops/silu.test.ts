import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph.ts';
import { gelu, silu } from '../../../src/graph/ops/silu.ts';
import { checkOp, normals } from '../checks.ts';
import { operators } from '../onnx/decode.ts';
import { evaluate } from '../reference.ts';

const x = normals(40).map((v) => 3 * v);

test('silu, fused on the CPU and standard elsewhere', async () => {
  const { cpu, portable } = await checkOp({ x: [2, 4, 5] }, (t) => silu(t.x), { feeds: { x } });
  expect(operators(cpu.model).QuickGelu).toBe(1);
  expect(operators(portable.model).QuickGelu).toBeUndefined();
});

test('silu stays finite where e^-x overflows', async () => {
  await checkOp({ x: [3] }, (t) => silu(t.x), { feeds: { x: Float32Array.of(-200, 0, 200) } });
});

test('gelu', async () => {
  await checkOp({ x: [40] }, (t) => gelu(t.x), { feeds: { x } });
  const g = new Graph();
  // x Phi(x) with the normal distribution's tables: Phi(1) = 0.8413447461.
  expect(evaluate([gelu(g.input('x', [2]))], { x: [1, -1] })[0][0]).toBeCloseTo(0.8413447461, 7);
});

test('silu takes only float32', () => {
  expect(() => silu(new Graph().input('x', [3], 'int32'))).toThrow(/silu\(int32 \[3\]\)/);
});
