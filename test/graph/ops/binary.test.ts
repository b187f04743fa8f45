import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph.ts';
import {
  add,
  broadcastShapes,
  divide,
  minimum,
  multiply,
  subtract,
  sumTo,
} from '../../../src/graph/ops/binary.ts';
import { checkOp, normals } from '../checks.ts';
import { evaluate } from '../reference.ts';

const away = (count: number) => normals(count, 5).map((v) => v + 3 * Math.sign(v));

describe.each([
  ['add', add],
  ['subtract', subtract],
  ['multiply', multiply],
  ['divide', divide],
] as const)('%s', (name, op) => {
  test.each([
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    [
      [2, 3, 4],
      [3, 1],
    ],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [
      [1, 3],
      [2, 3],
    ],
    [[], [2, 3]],
    [[1, 1], [2]],
    [[3], []],
    [[1], [1]],
  ])('of shapes %j and %j', async (a, b) => {
    const feeds = name === 'divide' ? { b: away(b.reduce((n, d) => n * d, 1)) } : undefined;
    await checkOp({ a, b }, (t) => op(t.a, t.b), { feeds });
  });

  test('with numbers on either side, and with itself', async () => {
    const feeds = { a: away(5) };
    await checkOp({ a: [5] }, (t) => op(t.a, 1.5), { feeds });
    await checkOp({ a: [5] }, (t) => op(1.5, t.a), { feeds });
    await checkOp({ a: [5] }, (t) => op(op(t.a, t.a), op(t.a, 2)), { feeds });
  });

  test('refuses shapes that do not broadcast, and whole numbers', () => {
    const g = new Graph();
    expect(() => op(g.input('a', [2, 3]), g.input('b', [2]))).toThrow(
      new RegExp(`${name}\\(float32 \\[2, 3\\], float32 \\[2\\]\\)\\n.*broadcast`),
    );
    expect(() => op(g.input('c', [2]), g.input('d', [2], 'int32'))).toThrow(/int32 \[2\]/);
  });
});

test('minimum takes the smaller, broadcast, and passes no gradient', async () => {
  await checkOp({ a: [2, 3], b: [3] }, (t) => minimum(t.a, t.b), { wrt: [] });
  await checkOp({ a: [2, 3] }, (t) => minimum(t.a, 0.25), { wrt: [] });
  const g = new Graph();
  expect(evaluate([minimum(g.input('a', [3]), 1)], { a: [0, 1, 2] })[0]).toEqual(Float64Array.of(0, 1, 1));
});

test('broadcastShapes and sumTo are adjoint', async () => {
  expect(broadcastShapes([2, 1, 4], [3, 1])).toEqual([2, 3, 4]);
  expect(broadcastShapes([2], [3])).toBeUndefined();
  await checkOp({ x: [2, 3, 4] }, (t) => sumTo(t.x, [3, 1]));
  await checkOp({ x: [2, 3] }, (t) => sumTo(t.x, []));
});
