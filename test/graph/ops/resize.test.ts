import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph.ts';
import { interpolationMatrix, resizeTrilinear } from '../../../src/graph/ops/resize.ts';
import { checkOp } from '../checks.ts';
import { evaluate } from '../reference.ts';

test.each([
  ['finer', [2, 2, 2, 3, 2], [4, 5, 3]],
  ['coarser', [1, 2, 4, 5, 3], [2, 3, 1]],
  ['one axis only', [1, 1, 2, 2, 3], [2, 2, 5]],
  ['from one voxel', [1, 2, 1, 1, 1], [2, 3, 2]],
])('%s', async (_, shape, size) => {
  await checkOp({ x: shape }, (t) => resizeTrilinear(t.x, size));
});

test('rows of weights sum to 1, and a straight line stays straight away from the edge', () => {
  for (const [from, to] of [
    [3, 7],
    [8, 3],
    [1, 4],
    [5, 5],
  ]) {
    const m = interpolationMatrix(from, to);
    for (let i = 0; i < to; i++) {
      const row = m.subarray(i * from, (i + 1) * from);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      const at = row.reduce((s, w, j) => s + w * j, 0);
      expect(at).toBeCloseTo(Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1), 5);
    }
  }
});

test('constants stay', () => {
  const g = new Graph();
  const y = resizeTrilinear(g.input('x', [1, 1, 2, 2, 2]), [3, 4, 5]);
  expect(y.shape).toEqual([1, 1, 3, 4, 5]);
  for (const v of evaluate([y], { x: Array(8).fill(4) })[0]) expect(v).toBeCloseTo(4, 6);
});
