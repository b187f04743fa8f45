import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph.ts';
import { concat, pad, slice } from '../../../src/graph/ops/slice.ts';
import { checkOp } from '../checks.ts';
import { evaluate } from '../reference.ts';

test('slice', async () => {
  await checkOp({ x: [3, 4] }, (t) => slice(t.x, 1, 1, 3));
  await checkOp({ x: [3, 4] }, (t) => slice(t.x, 0, 0, 1));
  await checkOp({ x: [3, 4, 2] }, (t) => slice(t.x, 1, 3, 4));
});

test('concat', async () => {
  await checkOp({ a: [2, 1, 2], b: [2, 3, 2], c: [2, 2, 2] }, (t) => concat([t.a, t.b, t.c], 1));
  await checkOp({ a: [2], b: [3] }, (t) => concat([t.b, t.a, t.b], 0));
});

describe('pad', () => {
  test.each([
    [
      [0, 1, 2],
      [0, 2, 0],
    ],
    [
      [1, 0, 0],
      [1, 0, 3],
    ],
  ])('with zeros, %j and %j', async (before, after) => {
    await checkOp({ x: [2, 3, 2] }, (t) => pad(t.x, before, after));
  });

  // Axes of length 1, 2, 3 and more fold their edges in different ways.
  test.each([
    [
      [1, 2],
      [1, 1],
      [1, 1],
    ],
    [
      [2, 3],
      [2, 0],
      [0, 2],
    ],
    [
      [3, 4],
      [1, 2],
      [3, 1],
    ],
    [
      [1, 1],
      [2, 2],
      [0, 1],
    ],
  ])('with the edge, %j by %j and %j', async (shape, before, after) => {
    await checkOp({ x: shape }, (t) => pad(t.x, before, after, 'replicate'));
  });

  test('a volume with the edge on all sides', async () => {
    await checkOp({ x: [2, 2, 2, 1, 3] }, (t) => pad(t.x, [0, 0, 1, 1, 1], [0, 0, 1, 1, 1], 'replicate'));
    const g = new Graph();
    const line = pad(g.input('x', [3]), [2], [1], 'replicate');
    expect([...evaluate([line], { x: [1, 2, 3] })[0]]).toEqual([1, 1, 1, 2, 3, 3]);
  });
});

describe('refusals', () => {
  const g = new Graph();
  const x = g.input('x', [2, 3]);
  test.each([
    [2, 0, 1],
    [-1, 0, 1],
    [0, 1, 1],
    [0, -1, 1],
    [1, 2, 4],
  ])('slice axis %d from %d to %d', (axis, start, end) => {
    expect(() => slice(x, axis, start, end)).toThrow(/slice\(float32 \[2, 3\]\)\n.*range/);
  });
  test('concat', () => {
    const y = g.input('y', [3, 3]);
    expect(() => concat([x, y], 1)).toThrow(/concat\(float32 \[2, 3\], float32 \[3, 3\]\)\n.*axis 1/);
    expect(() => concat([x, x], -1)).toThrow(/axis -1/);
    expect(() => concat([x, g.input('i', [2, 3], 'int32')], 0)).toThrow(/int32/);
  });
  test('pad', () => {
    expect(() => pad(x, [1], [1])).toThrow(/pad\(float32 \[2, 3\]\)\n.*one padding >= 0 an axis/);
    expect(() => pad(x, [-1, 0], [0, 0])).toThrow(/not \[-1,0\]/);
  });
});
