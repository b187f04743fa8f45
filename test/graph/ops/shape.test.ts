import { describe, expect, test } from 'vitest';
import { gradients } from '../../../src/graph/autodiff.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { multiply } from '../../../src/graph/ops/binary.ts';
import { sum } from '../../../src/graph/ops/reduce.ts';
import {
  cast,
  expand,
  reshape,
  stopGradient,
  straightThrough,
  transpose,
} from '../../../src/graph/ops/shape.ts';
import { checkOp } from '../checks.ts';
import { evaluate } from '../reference.ts';

test('reshape', async () => {
  await checkOp({ x: [2, 6] }, (t) => reshape(t.x, [3, 4]));
  await checkOp({ x: [1] }, (t) => reshape(t.x, []));
  await checkOp({ x: [] }, (t) => reshape(t.x, [1, 1]));
});

test('transpose', async () => {
  await checkOp({ x: [2, 3, 4] }, (t) => transpose(t.x, [2, 0, 1]));
  await checkOp({ x: [2, 3, 2, 2] }, (t) => transpose(t.x, [0, 3, 2, 1]));
  const g = new Graph();
  expect([...evaluate([transpose(g.input('x', [2, 3]), [1, 0])], { x: [0, 1, 2, 3, 4, 5] })[0]]).toEqual([
    0, 3, 1, 4, 2, 5,
  ]);
});

test('expand', async () => {
  await checkOp({ x: [2, 1, 3] }, (t) => expand(t.x, [2, 4, 3]));
  await checkOp({ x: [3, 1] }, (t) => expand(t.x, [2, 3, 2]));
  await checkOp({ x: [] }, (t) => expand(t.x, [2, 2]));
});

test('cast to int32 and back cuts towards zero, as the graph says nothing of gradients', async () => {
  const x = Float32Array.of(-2, 0, 3);
  await checkOp({ x: [3] }, (t) => cast(cast(t.x, 'int32'), 'float32'), { feeds: { x }, wrt: [] });
});

test('stopGradient passes the value and no gradient', async () => {
  await checkOp({ x: [3] }, (t) => stopGradient(t.x), { wrt: [] });
  const g = new Graph();
  const x = g.input('x', [3]);
  const [dx, none] = gradients(sum(multiply(x, stopGradient(x))), [x, g.input('y', [1])]);
  // d (x . stop(x)) is stop(x), not 2x.
  expect([...evaluate([dx!], { x: [1, 2, 3] })[0]]).toEqual([1, 2, 3]);
  expect(none).toBeUndefined();
  expect(gradients(sum(stopGradient(x)), [x])).toEqual([undefined]);
});

test('straightThrough has the value of one and the gradient of the other', async () => {
  await checkOp({ x: [3], v: [3] }, (t) => straightThrough(t.x, t.v), { wrt: [] });
  const g = new Graph();
  const [x, v] = [g.input('x', [3]), g.input('v', [3])];
  const y = straightThrough(x, v);
  const [dx, dv] = gradients(sum(multiply(y, y)), [x, v]);
  expect([...evaluate([dx!], { x: [9, 9, 9], v: [1, 2, 3] })[0]]).toEqual([2, 4, 6]);
  expect(dv).toBeUndefined();
});

describe('refusals', () => {
  const x = () => new Graph().input('x', [2, 3]);
  test('reshape', () => {
    expect(() => reshape(x(), [4])).toThrow(
      /reshape\(float32 \[2, 3\]\)\n.*as many elements as \[4\] has \(4\)/,
    );
  });
  test('transpose', () => {
    expect(() => transpose(x(), [0, 0])).toThrow(/transpose\(float32 \[2, 3\]\)\n.*not \[0, 0\]/);
  });
  test('expand', () => {
    expect(() => expand(x(), [4, 3])).toThrow(/expand\(float32 \[2, 3\]\)\n.*broadcasts to \[4, 3\]/);
  });
  test('straightThrough', () => {
    const g = new Graph();
    expect(() => straightThrough(g.input('x', [2]), g.input('v', [3]))).toThrow(
      /straightThrough\(.*\[2\].*\[3\]/,
    );
  });
});
