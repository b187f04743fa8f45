import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/graph/autodiff.ts';
import { Graph, type Op, type Tensor } from '../../src/graph/graph.ts';
import { add, multiply } from '../../src/graph/ops/binary.ts';
import { conv3d } from '../../src/graph/ops/conv3d.ts';
import { groupNorm } from '../../src/graph/ops/groupNorm.ts';
import { gather } from '../../src/graph/ops/lookup.ts';
import { softmax } from '../../src/graph/ops/matmul.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { silu } from '../../src/graph/ops/silu.ts';
import { exp, tanh } from '../../src/graph/ops/unary.ts';
import { checkOp } from './checks.ts';
import { operators } from './onnx/decode.ts';
import { evaluate } from './reference.ts';

const one = { stride: 1, before: [1, 1, 1], after: [1, 1, 1] } as const;

describe('recomputation', () => {
  const shapes = { x: [2, 4, 2, 3, 2], scale: [2, 4], shift: [1, 4], w: [3, 4, 3, 3, 3] };
  const build = (t: Record<string, Tensor>) =>
    conv3d(silu(groupNorm(t.x, t.scale, t.shift, 2)), t.w, undefined, one);

  test('silu(groupNorm(x)) feeding a convolution', async () => {
    await checkOp(shapes, build);
  });

  test('two such blocks, one result used twice, under a residual', async () => {
    await checkOp({ ...shapes, w: [4, 4, 3, 3, 3], scale: [1, 4] }, (t) => {
      const h = build(t);
      const again = silu(groupNorm(add(h, t.x), t.scale, t.shift, 1));
      return add(multiply(again, h), conv3d(again, t.w, undefined, one));
    });
  });

  test('silu of a plain value is kept: it costs no memory that is not kept anyway', async () => {
    const { portable } = await checkOp({ x: [3], z: [3] }, (t) => multiply(silu(t.x), t.z));
    // One sigmoid in the value, one in the gradient.
    expect(operators(portable.model).Sigmoid).toBe(2);
  });

  test('the backward pass uses the values made again, not the first ones', () => {
    const g = new Graph();
    const t = Object.fromEntries(Object.entries(shapes).map(([k, s]) => [k, g.input(k, s)]));
    const activation = silu(groupNorm(t.x, t.scale, t.shift, 2));
    const loss = sum(conv3d(activation, t.w, undefined, one));
    gradients(loss, Object.values(t));
    const users = g.nodes.filter((n) => n.id > loss.node.id && n.inputs.includes(activation));
    expect(users).toEqual([]);
    expect(g.nodes.filter((n) => n.op.type === 'silu')).toHaveLength(2);
  });
});

test('a value used several times gathers all its gradients', async () => {
  await checkOp({ x: [3], z: [3] }, (t) => add(multiply(multiply(t.x, t.x), t.z), add(t.x, t.x)));
});

test('a long chain of doublings takes time in proportion to its length', () => {
  const g = new Graph();
  const x = g.input('x', []);
  let y = x;
  for (let i = 0; i < 60; i++) y = add(y, y);
  const [dx] = gradients(y, [x]);
  expect(evaluate([dx!], { x: [1] })[0][0]).toBe(2 ** 60);
});

test('targets inside the graph, the loss itself, and what the loss does not touch', () => {
  const g = new Graph();
  const [x, z] = [g.input('x', [2]), g.input('z', [2])];
  const h = exp(x);
  const after = tanh(h);
  const loss = sum(multiply(h, h));
  const [dh, dx, dz, dAfter, dLoss] = gradients(loss, [h, x, z, after, loss]);
  expect([...evaluate([dh!], { x: [0, 1] })[0]]).toEqual([2, 2 * Math.E]);
  expect(evaluate([dx!], { x: [0, 1] })[0][1]).toBeCloseTo(2 * Math.E ** 2, 12);
  expect(dz).toBeUndefined();
  expect(dAfter).toBeUndefined();
  expect([...evaluate([dLoss!], {})[0]]).toEqual([1]);
});

test('integer operands take no gradient', () => {
  const g = new Graph();
  const index = g.input('i', [2], 'int32');
  const table = g.input('table', [3, 2]);
  const [di, dTable] = gradients(sum(gather(table, index)), [index, table]);
  expect(di).toBeUndefined();
  expect([...evaluate([dTable!], { i: [2, 2] })[0]]).toEqual([0, 0, 0, 0, 2, 2]);
});

describe('refusals', () => {
  test('only a float32 scalar can be differentiated', () => {
    const g = new Graph();
    expect(() => gradients(g.input('x', [2]), [])).toThrow(/gradients\(float32 \[2\]\)\n.*scalar \(rank 0\)/);
    expect(() => gradients(g.input('i', [], 'int32'), [])).toThrow(/gradients\(int32 \[\]\)/);
  });

  test('an operator whose gradient has another shape than its operand is named', () => {
    const g = new Graph();
    const x = g.input('x', [2]);
    const wrong: Op<null> = { type: 'wrong', infer: (i) => [i[0]], gradient: (_, [dy]) => [sum(dy!)] };
    expect(() => gradients(sum(g.add(wrong, [x], null)[0]), [x])).toThrow(
      /gradient of wrong\(float32 \[2\], float32 \[\]\)/,
    );
  });

  test.each([
    ['silu', (x: Tensor) => silu(x)],
    ['softmax', (x: Tensor) => softmax(x)],
    ['conv3d', (x: Tensor) => conv3d(x, x, undefined, one)],
    ['groupNorm', (x: Tensor) => groupNorm(x, sum(x, [2, 3, 4]), sum(x, [2, 3, 4]), 1)],
  ])('the second derivative of %s is refused, not taken for zero', (_, f) => {
    const g = new Graph();
    const x = g.input('x', [2, 2, 2, 2, 2]);
    const y = f(x);
    const [dx] = gradients(sum(multiply(y, y)), [x]);
    expect(() => gradients(sum(multiply(dx!, dx!)), [x])).toThrow(/one differentiation only/);
  });

  test('the second derivative of plain arithmetic is right', () => {
    const g = new Graph();
    const x = g.input('x', [1]);
    const [dx] = gradients(sum(multiply(x, multiply(x, x))), [x]);
    const [ddx] = gradients(sum(dx!), [x]);
    expect(evaluate([dx!, ddx!], { x: [2] }).map((v) => v[0])).toEqual([12, 12]);
  });
});
