import { describe, expect, test } from 'vitest';
import { emit } from '../../src/graph/emit.ts';
import { Graph } from '../../src/graph/graph.ts';
import { bceWithLogits, l1, mse, smoothL1, softDice } from '../../src/nn/losses.ts';
import { checkOp, runModel } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';
import { compareWithTorch, fixture } from './torch.ts';

const torch = fixture('losses.safetensors');
const losses = { mse, l1, smoothL1, bceWithLogits, softDice };

test.each(Object.entries(losses))('%s: value and gradients are PyTorch’s', async (name, loss) => {
  await compareWithTorch(torch, name, ['a', 'b'], {}, (_, t) => loss(t.a, t.b));
});

test.each(Object.entries(losses))('%s: gradients are those of finite differences', async (_, loss) => {
  await checkOp({ a: [2, 3, 2], b: [2, 3, 2] }, (t) => loss(t.a, t.b));
});

const of = (loss: (typeof losses)['mse'], a: number[], b: number[]) => {
  const g = new Graph();
  const y = loss(g.input('a', [1, a.length]), g.input('b', [1, b.length]));
  expect(y.shape).toEqual([]);
  return evaluate([y], { a, b })[0][0];
};

describe('closed forms', () => {
  test('mse, l1, smooth l1', () => {
    expect(of(mse, [1, 2], [1, 5])).toBe(4.5);
    expect(of(l1, [1, 2], [1, 5])).toBe(1.5);
    // 0.5 . 0.5^2 and 3 - 0.5
    expect(of(smoothL1, [0.5, 2], [0, 5])).toBeCloseTo((0.125 + 2.5) / 2, 12);
  });
  test('soft Dice is near 0 for a perfect answer and near 1 for a wrong one', () => {
    const bone = Array.from({ length: 200 }, (_, i) => (i < 50 ? 1 : 0));
    const sure = bone.map((v) => (v ? 40 : -40));
    expect(of(softDice, sure, bone)).toBeCloseTo(0, 10);
    expect(
      of(
        softDice,
        sure.map((v) => -v),
        bone,
      ),
    ).toBeCloseTo(1 - 1 / 201, 10);
  });
  test('cross-entropy at logit 0 is ln 2', () => {
    expect(of(bceWithLogits, [0, 0], [1, 0])).toBeCloseTo(Math.LN2, 12);
  });
});

test('cross-entropy stays finite for logits of 200', async () => {
  const g = new Graph();
  const loss = bceWithLogits(g.input('a', [4]), g.input('b', [4]));
  const feeds = {
    a: { data: Float32Array.of(200, -200, 200, -200), shape: [4] },
    b: { data: Float32Array.of(1, 0, 0, 1), shape: [4] },
  };
  expect((await runModel(emit(g, { outputs: { loss } }), feeds)).loss[0]).toBe(100);
});
