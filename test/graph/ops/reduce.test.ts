import { describe, expect, test } from 'vitest';
import { emit } from '../../../src/graph/emit.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { max, mean, sum, sumOfSquares } from '../../../src/graph/ops/reduce.ts';
import { checkOp, normals, relativeError, runModel } from '../checks.ts';

describe('sum and mean', () => {
  test.each([
    [[0], false],
    [[1], true],
    [[0, 2], false],
    [[2, 1], true],
    [[0, 1, 2], false],
    [[], false],
  ])('over axes %j, kept: %j', async (axes, keep) => {
    await checkOp({ x: [2, 3, 4] }, (t) => sum(t.x, axes, keep));
    await checkOp({ x: [2, 3, 4] }, (t) => mean(t.x, axes, keep));
  });

  test('of everything by default, and of a scalar', async () => {
    await checkOp({ x: [2, 3] }, (t) => sum(t.x));
    await checkOp({ x: [2, 3] }, (t) => mean(t.x));
    await checkOp({ x: [] }, (t) => mean(t.x));
  });

  test('in stages when large, over any axes', async () => {
    const options = { samples: 2, feeds: { x: normals(66000) } };
    await checkOp({ x: [3, 22, 1000] }, (t) => sum(t.x, [0, 2]), options);
    await checkOp({ x: [3, 22, 1000] }, (t) => mean(t.x, [1, 2], true), options);
  });

  test('a million numbers keep their digits, in stages more than flat', async () => {
    const x = normals(1 << 20).map((v) => v + 0.5);
    const graph = new Graph();
    const outputs = {
      flat: sum(graph.input('x', [1 << 20])),
      squares: sumOfSquares(graph.input('x2', [1 << 20])),
      cube: sum(graph.input('x3', [4, 64, 64, 64])),
    };
    const shape = [1 << 20];
    const feeds = { x: { data: x, shape }, x2: { data: x, shape }, x3: { data: x, shape: [4, 64, 64, 64] } };
    const y = await runModel(emit(graph, { outputs }), feeds);
    const [s, q] = x.reduce(([a, b], v) => [a + v, b + v * v], [0, 0] as [number, number]);
    expect(relativeError(y.flat, [s])).toBeLessThan(1e-4);
    expect(relativeError(y.cube, [s])).toBeLessThan(1e-5);
    expect(relativeError(y.squares, [q])).toBeLessThan(1e-4);
  });

  test('refuses an axis that is not there', () => {
    expect(() => sum(new Graph().input('x', [2, 3]), [2])).toThrow(/sum\(float32 \[2, 3\]\)\n.*axes 2/);
    expect(() => sum(new Graph().input('x', [2, 3], 'int32'), [0])).toThrow(/sum\(int32 \[2, 3\]\)/);
  });
});

test('sum of squares', async () => {
  await checkOp({ x: [2, 3, 4] }, (t) => sumOfSquares(t.x));
});

test('max, without gradient', async () => {
  await checkOp({ x: [2, 3, 4] }, (t) => max(t.x, [1]), { wrt: [] });
  await checkOp({ x: [2, 3, 4] }, (t) => max(t.x, [0, 2], true), { wrt: [] });
});
