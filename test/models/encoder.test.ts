import { expect, test } from 'vitest';
import { emit } from '../../src/graph/emit.ts';
import { Graph } from '../../src/graph/graph.ts';
import { cellMeans, projectionOf, shapeFeaturesOf, unitRows } from '../../src/models/encoder.ts';
import { Scope } from '../../src/nn/scope.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { initialParameters, namedParameters } from '../../src/training/trainer.ts';
import { checkOp, runModel } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';

const CONFIG = {
  patch: 2 as const,
  widths: [4, 8],
  blocks: 1,
  groups: 2,
  cells: 2,
  features: 5,
  projection: 3,
};

test('cellMeans: the mean of each part, parts that cut a cell counted by their share', async () => {
  const graph = new Graph();
  const x = Array.from({ length: 2 * 2 * 4 * 6 }, (_, i) => (i * 37) % 19);
  const y = cellMeans(graph.input('x', [1, 2, 2, 4, 6]), 2);
  expect(y.shape).toEqual([1, 2 * 8]);
  const [means] = evaluate([y], { x });
  // Channel 1, lower z, upper y, lower x: a part of 1 x 2 x 3 cells.
  const part = [2, 3].flatMap((j) => [0, 1, 2].map((i) => x[48 + 6 * j + i]));
  expect(means[8 + 2]).toBeCloseTo(part.reduce((a, b) => a + b, 0) / 6, 5);
  const [odd] = evaluate([cellMeans(graph.input('line', [1, 1, 1, 1, 3]), 2)], { line: [3, 6, 30] });
  expect([...odd]).toEqual([(3 + 0.5 * 6) / 1.5, (0.5 * 6 + 30) / 1.5].map((v) => expect.closeTo(v, 5)));
  await checkOp({ x: [1, 2, 3, 4, 5] }, (t) => cellMeans(t.x, 2));
});

test('unitRows: length 1, gradients of finite differences', async () => {
  const graph = new Graph();
  const [unit] = evaluate([unitRows(graph.input('x', [2, 2]))], { x: [3, 4, -5, 0] });
  expect([...unit]).toEqual([0.6, 0.8, -1, 0].map((v) => expect.closeTo(v, 9)));
  await checkOp({ x: [3, 4] }, (t) => unitRows(t.x));
});

/** Features of masks [n, 1, d, h, w] under random weights. */
async function features(x: Float32Array, shape: number[]) {
  const graph = new Graph();
  const f = shapeFeaturesOf(new Scope(graph, 'e'), graph.input('x', shape), CONFIG);
  const p = projectionOf(new Scope(graph, 'p'), f, CONFIG);
  const weights = namedParameters(graph.parameters, initialParameters(graph.parameters, 1));
  const model = emit(graph, { outputs: { f, p }, weights, target: 'portable' });
  return runModel(model, { x: { data: x, shape } });
}

test('a grid of any size; a row depends on its mask alone; the projection has length 1', async () => {
  const shape = [3, 1, 7, 10, 9];
  const random = new RandomStream(1, 'test/encoder');
  const voxels = 7 * 10 * 9;
  const x = Float32Array.from({ length: 3 * voxels }, () => (random.uniform() < 0.4 ? 1 : -1));
  const { f, p } = await features(x, shape);
  expect([f.length, p.length]).toEqual([15, 9]);
  for (let i = 0; i < 3; i++) {
    expect(Math.hypot(...p.subarray(3 * i, 3 * i + 3))).toBeCloseTo(1, 5);
    const alone = await features(x.slice(i * voxels, (i + 1) * voxels), [1, ...shape.slice(1)]);
    for (let k = 0; k < 5; k++) expect(alone.f[k]).toBeCloseTo(f[5 * i + k], 5);
  }
  expect(Math.abs(f[0] - f[5])).toBeGreaterThan(1e-3);
});
