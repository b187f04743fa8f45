/**
 * Graphs drawn at random from operators that keep the shape of a volume: what single operators cannot show, values shared,
 * recomputed and merged by the runtime, must hold in any composition.
 */
import { test } from 'vitest';
import type { Tensor } from '../../src/graph/graph.ts';
import { add, divide, multiply, subtract } from '../../src/graph/ops/binary.ts';
import { conv3d } from '../../src/graph/ops/conv3d.ts';
import { groupNorm } from '../../src/graph/ops/groupNorm.ts';
import { matmul, softmax } from '../../src/graph/ops/matmul.ts';
import { mean, sum } from '../../src/graph/ops/reduce.ts';
import { reshape, transpose } from '../../src/graph/ops/shape.ts';
import { gelu, silu } from '../../src/graph/ops/silu.ts';
import { concat, pad, slice } from '../../src/graph/ops/slice.ts';
import { tanh } from '../../src/graph/ops/unary.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { checkOp } from './checks.ts';

const SHAPE = [2, 8, 2, 3, 2];
const rows = (t: Tensor) => reshape(t, [2, 8, 12]);
const one = { stride: 1, before: [1, 1, 1], after: [1, 1, 1] } as const;

type Weights = Record<'w' | 'scale' | 'shift', Tensor>;

/** Operators of one or two volumes; none lets values grow without bound. */
const OPERATORS: readonly ((a: Tensor, b: Tensor, t: Weights) => Tensor)[] = [
  (a, b) => add(a, b),
  (a, b) => tanh(subtract(a, b)),
  (a, b) => multiply(a, tanh(b)),
  (a, b) => divide(a, add(multiply(b, b), 1)),
  (a) => silu(a),
  (a) => gelu(a),
  (a, _, { scale, shift }) => groupNorm(a, scale, shift, 2),
  (a, _, { scale, shift }) => silu(groupNorm(a, scale, shift, 4)),
  (a, b, { scale, shift, w }) => add(b, conv3d(silu(groupNorm(a, scale, shift, 2)), w, undefined, one)),
  (a, _, { w }) => tanh(conv3d(a, w, undefined, one)),
  (a, b) => reshape(matmul(softmax(matmul(rows(a), rows(b), false, true)), rows(b)), SHAPE),
  (a) => transpose(reshape(transpose(a, [0, 4, 2, 3, 1]), [2, 2, 2, 3, 8]), [0, 4, 2, 3, 1]),
  (a) => slice(pad(a, [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], 'replicate'), 2, 0, 2),
  (a) => slice(slice(pad(a, [0, 0, 0, 1, 0], [0, 0, 0, 0, 2], 'replicate'), 3, 0, 3), 4, 2, 4),
  (a, b) => concat([slice(a, 1, 3, 8), slice(b, 1, 0, 3)], 1),
  (a, b) => add(a, mean(b, [2, 3, 4], true)),
  (a, b) => multiply(a, reshape(tanh(sum(b, [0, 2, 3, 4])), [1, 8, 1, 1, 1])),
];

test.each(Array.from({ length: 16 }, (_, i) => i))('graph %d', async (index) => {
  const stream = new RandomStream(3, 'test/graphs', index);
  const shapes = { x: SHAPE, w: [8, 8, 3, 3, 3], scale: [1, 8], shift: [2, 8] };
  await checkOp(
    shapes,
    (t) => {
      const small = { w: multiply(t.w, 0.1), scale: t.scale, shift: t.shift };
      const pool = [t.x];
      for (let i = 0; i < 10; i++) {
        const pick = () => pool[Math.max(pool.length - 1 - stream.integer(3), 0)];
        pool.push(OPERATORS[stream.integer(OPERATORS.length)](pick(), pick(), small));
      }
      // Every weight takes part, whatever was drawn.
      const [a, b] = [pool[pool.length - 1], pool[pool.length - 2]];
      return add(a, conv3d(groupNorm(b, small.scale, small.shift, 2), small.w, undefined, one));
    },
    { samples: 2, tolerance: 1e-4, gradientTolerance: 1e-5 },
  );
});
