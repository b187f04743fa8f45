/** The folded convolution, form by form; every operator's folded form is also run by `checkOp` in its own test. */
import { describe, expect, test } from 'vitest';
import { emit } from '../../../src/graph/emit.ts';
import { Graph, type Shape } from '../../../src/graph/graph.ts';
import { add } from '../../../src/graph/ops/binary.ts';
import { type ConvAttributes, conv3d } from '../../../src/graph/ops/conv3d.ts';
import { groupNorm } from '../../../src/graph/ops/groupNorm.ts';
import { concat, pad, slice } from '../../../src/graph/ops/slice.ts';
import { normals, relativeError, runModel } from '../checks.ts';
import { operators } from '../onnx/decode.ts';
import { evaluate } from '../reference.ts';
import { product } from '../referenceMath.ts';

const one = { stride: 1, before: [1, 1, 1], after: [1, 1, 1] } as const;

/** Folds by a leading 3x3x3 convolution of 8 channels, then applies `build` to its result. */
async function check(x: Shape, weights: Record<string, Shape>, build: (t: Record<string, Tensor>) => Tensor) {
  const graph = new Graph();
  const all: Record<string, Shape> = { lead: [8, 8, 3, 3, 3], ...weights };
  const t: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(all)) t[name] = graph.parameter(name, shape, { kind: 'zeros' });
  const data = normals(product(x), 20);
  const y = build({ ...t, x: conv3d(graph.input('x', x), t.lead, undefined, one) });
  const values = new Map(
    Object.entries(all).map(([name, shape], i) => [name, normals(product(shape), i).map((v) => v / 5)]),
  );
  const emitted = emit(graph, { outputs: { y }, weights: values, layout: 'folded' });
  const results = await runModel(emitted, { x: { data, shape: x } });
  const [truth] = evaluate([y], { x: data }, Object.fromEntries(values));
  expect(relativeError(results.y, truth)).toBeLessThan(1e-5);
  return operators(emitted.model);
}

type Tensor = ReturnType<typeof conv3d>;
const of = (stride: 1 | 2, before: number[], after: number[] = before): ConvAttributes =>
  ({ stride, before, after }) as unknown as ConvAttributes;

describe('against the reference in double precision', () => {
  test.each([
    ['whole tiles of four slices', [2, 8, 8, 3, 5], [16, 8, 3, 3, 3], of(1, [1, 1, 1])],
    ['a last tile that overhangs', [1, 8, 5, 4, 3], [8, 8, 3, 3, 3], of(1, [1, 1, 1])],
    ['three slices', [3, 8, 3, 4, 3], [8, 8, 3, 3, 3], of(1, [1, 1, 1])],
    ['two slices come out: by taps', [1, 8, 4, 4, 3], [8, 8, 3, 3, 3], of(1, [0, 1, 1])],
    ['no padding', [1, 8, 8, 5, 4], [8, 8, 3, 3, 3], of(1, [0, 0, 0])],
    ['padding 2 before, 0 after', [1, 8, 6, 4, 4], [8, 8, 3, 3, 3], of(1, [2, 1, 0], [0, 1, 2])],
    ['three taps along depth alone', [2, 8, 6, 3, 3], [8, 8, 3, 1, 1], of(1, [1, 0, 0])],
    ['pointwise', [2, 8, 4, 3, 3], [5, 8, 1, 1, 1], of(1, [0, 0, 0])],
    ['pointwise, padded along depth', [1, 8, 4, 3, 3], [5, 8, 1, 1, 1], of(1, [1, 0, 0])],
    ['kernel 2', [1, 8, 4, 3, 3], [9, 8, 2, 2, 2], of(1, [1, 1, 1])],
    ['kernel 4, stride 2', [2, 8, 6, 4, 8], [6, 8, 4, 4, 4], of(2, [1, 1, 1])],
    ['kernel 3, stride 2', [1, 8, 5, 4, 7], [6, 8, 3, 3, 3], of(2, [1, 1, 1])],
    ['one channel out', [1, 8, 4, 3, 3], [1, 8, 3, 3, 3], of(1, [1, 1, 1])],
  ] as const)('%s', async (_, x, w, a) => {
    const counts = await check(x, { w, b: [w[0]] }, (t) => conv3d(t.x, t.w, t.b, a as ConvAttributes));
    expect(counts.Conv).toBe(2);
  });

  test('each channel its own mean and size: the statistics of slices make those of the whole', async () => {
    await check([2, 8, 4, 3, 5], { scale: [1, 8], shift: [2, 8], b: [1, 8, 4, 1, 1] }, (t) =>
      groupNorm(add(t.x, t.b), t.scale, t.shift, 4),
    );
  });

  test.each([0, 1, 2, 3, 4])('slices, joins and pads along axis %d', async (axis) => {
    await check([2, 8, 4, 3, 5], {}, (t) => {
      const before = [0, 1, 2, 3, 4].map((a) => (a === axis ? 2 : 0));
      const grown = pad(slice(t.x, axis, 1, t.x.shape[axis]), before, [0, 0, 1, 0, 2], 'replicate');
      return concat([grown, pad(grown, [0, 0, 0, 0, 0], before)], axis);
    });
  });
});
