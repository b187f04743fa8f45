import { expect, test } from 'vitest';
import { emit } from '../../../src/graph/emit.ts';
import { Graph } from '../../../src/graph/graph.ts';
import * as unary from '../../../src/graph/ops/unary.ts';
import { checkOp, normals, runModel } from '../checks.ts';
import { erf } from '../referenceMath.ts';

const normal = normals(24).map((v) => 1.5 * v);
const positive = normal.map((v) => Math.abs(v) + 0.1);

test.each([
  ['negate', unary.negate, normal],
  ['exp', unary.exp, normal],
  ['log', unary.log, positive],
  ['sqrt', unary.sqrt, positive],
  ['abs', unary.abs, normal],
  ['tanh', unary.tanh, normal],
  ['sigmoid', unary.sigmoid, normal],
  ['erf', unary.erf, normal],
  ['sin', unary.sin, normal.map((v) => 3 * v)],
  ['cos', unary.cos, normal.map((v) => 3 * v)],
  ['softplus', unary.softplus, normal],
] as const)('%s', async (_, op, x) => {
  await checkOp({ x: [2, 3, 4] }, (t) => op(t.x), { feeds: { x } });
  await checkOp({ x: [] }, (t) => op(t.x), { feeds: { x: x.slice(0, 1) } });
});

test('sign is -1, 0 or 1 and passes no gradient', async () => {
  await checkOp({ x: [3] }, (t) => unary.sign(t.x), { feeds: { x: Float32Array.of(-2, 0, 3) }, wrt: [] });
});

test('softplus and sigmoid hold for logits of any size', async () => {
  const g = new Graph();
  const x = g.input('x', [4]);
  const emitted = emit(g, { outputs: { softplus: unary.softplus(x), sigmoid: unary.sigmoid(x) } });
  const y = await runModel(emitted, { x: { data: Float32Array.of(-200, -30, 30, 200), shape: [4] } });
  expect([...y.softplus.slice(2)]).toEqual([30, 200]);
  expect(y.softplus[0]).toBe(0);
  expect(y.softplus[1]).toBeCloseTo(Math.exp(-30), 15);
  expect([...y.sigmoid.slice(2)]).toEqual([1, 1]);
});

test('the tests own erf, against published values', () => {
  // Abramowitz & Stegun, table 7.1.
  expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
  expect(erf(-1)).toBeCloseTo(-0.8427007929, 10);
  expect(erf(2)).toBeCloseTo(0.995322265, 9);
  expect(1 - erf(3.5)).toBeCloseTo(7.43098e-7, 12);
});

test('only float32 is taken', () => {
  const x = new Graph().input('x', [2, 2], 'int32');
  expect(() => unary.exp(x)).toThrow(/exp\(int32 \[2, 2\]\)\n.*float32/);
});
