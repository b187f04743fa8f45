import { describe, expect, test } from 'vitest';
import { emit } from '../../../src/graph/emit.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { groupNorm } from '../../../src/graph/ops/groupNorm.ts';
import { checkOp, normals, runModel } from '../checks.ts';
import { operators } from '../onnx/decode.ts';

test.each([
  ['one group', [2, 4, 2, 3, 2], 1, 1],
  ['groups of two, map per sample', [2, 4, 2, 3, 2], 2, 2],
  ['a group a channel', [1, 3, 3, 2, 2], 3, 1],
  ['batch of 3', [3, 2, 4, 1, 1], 1, 3],
  ['one spatial axis', [2, 4, 5], 2, 1],
] as const)('%s', async (_, x, groups, rows) => {
  const shapes = { x, scale: [rows, x[1]], shift: [rows, x[1]] };
  await checkOp(shapes, (t) => groupNorm(t.x, t.scale, t.shift, groups));
  await checkOp({ ...shapes, shift: [1, x[1]] }, (t) => groupNorm(t.x, t.scale, t.shift, groups, 0.1));
});

test('the portable form takes long rows in stages', async () => {
  const shapes = { x: [2, 4, 5, 30, 61], scale: [2, 4], shift: [1, 4] };
  const { portable, cpu } = await checkOp(shapes, (t) => groupNorm(t.x, t.scale, t.shift, 2), {
    samples: 1,
    tolerance: 5e-5,
  });
  expect(operators(portable.model).LayerNormalization).toBeUndefined();
  expect(operators(cpu.model).LayerNormalization).toBe(1);
});

test('a constant group gives the shift, and finite gradients', async () => {
  const x = new Float32Array(24).fill(3);
  await checkOp(
    { x: [1, 2, 3, 2, 2], scale: [1, 2], shift: [1, 2] },
    (t) => groupNorm(t.x, t.scale, t.shift, 1),
    {
      feeds: { x },
      samples: 0,
      tolerance: 1e-3, // dx is amplified by 1/sqrt(epsilon) = 316
    },
  );
});

// The largest norm of the reference model: a row of 430,080 numbers, whose mean may be large beside its deviation.
test.each([
  [10, 1],
  [-10, 0.1],
])('a long row of mean %d and deviation %d is normalised to 1e-4', async (mean, deviation) => {
  const shape = [1, 4, 48, 40, 56];
  const data = normals(4 * 48 * 40 * 56).map((v) => mean + deviation * v);
  const g = new Graph();
  const one = g.constant(Float32Array.of(1, 1, 1, 1), [1, 4]);
  const zero = g.constant(new Float32Array(4), [1, 4]);
  const y = groupNorm(g.input('x', shape), one, zero, 1);
  const results = await runModel(emit(g, { outputs: { y, inverse: y.node.outputs[2] } }), {
    x: { data, shape },
  });
  const m = data.reduce((s, v) => s + v, 0) / data.length;
  const variance = data.reduce((s, v) => s + (v - m) ** 2, 0) / data.length;
  const inverse = 1 / Math.sqrt(variance + 1e-5);
  let worst = 0;
  for (const [i, v] of data.entries()) worst = Math.max(worst, Math.abs(results.y[i] - (v - m) * inverse));
  expect(worst).toBeLessThan(1e-4);
  expect(Math.abs(results.inverse[0] / inverse - 1)).toBeLessThan(2e-5);
});

describe('refusals', () => {
  const g = new Graph();
  const x = g.input('x', [2, 4, 3]);
  const c = g.input('c', [1, 4]);
  test('groups', () => {
    expect(() => groupNorm(x, c, c, 3)).toThrow(
      /groupNorm\(float32 \[2, 4, 3\], float32 \[1, 4\], float32 \[1, 4\]\)\n.*multiple of the 3 groups/,
    );
  });
  test('the map', () => {
    expect(() => groupNorm(x, c, g.input('d', [3, 4]), 2)).toThrow(
      /scale and shift of shape \[2, 4\] or \[1, 4\]/,
    );
    expect(() => groupNorm(x, g.input('e', [4]), c, 2)).toThrow(/scale and shift/);
  });
});
