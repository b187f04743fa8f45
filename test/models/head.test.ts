import { expect, test } from 'vitest';
import { emit } from '../../src/graph/emit.ts';
import { elements, Graph, type Tensor } from '../../src/graph/graph.ts';
import { resizeTrilinear } from '../../src/graph/ops/resize.ts';
import { slice } from '../../src/graph/ops/slice.ts';
import { areaMatrix, coarsen, type HeadKind, head, linearTaps } from '../../src/models/head.ts';
import { Scope } from '../../src/nn/scope.ts';
import { normals, relativeError, runModel, TARGETS } from '../graph/checks.ts';

/** Values of `y` of a graph whose only input is x, with every parameter at zero, for both targets. */
async function run(y: Tensor, x: Float32Array, shape: readonly number[]): Promise<Float32Array[]> {
  const weights = new Map(y.graph.parameters.map((p) => [p.name, new Float32Array(elements(p.shape))]));
  const results = TARGETS.map((target) =>
    runModel(emit(y.graph, { outputs: { y }, weights, target }), { x: { data: x, shape } }),
  );
  return (await Promise.all(results)).map((r) => r.y);
}

test('areaMatrix: whole parts, parts of a cell, the same grid', () => {
  expect([...areaMatrix(4, 2)]).toEqual([0.5, 0.5, 0, 0, 0, 0, 0.5, 0.5]);
  const third = [2 / 3, 1 / 3, 0, 0, 1 / 3, 2 / 3];
  for (const [i, v] of areaMatrix(3, 2).entries()) expect(v).toBeCloseTo(third[i], 6);
  expect([...areaMatrix(2, 2)]).toEqual([1, 0, 0, 1]);
  for (const [from, to] of [
    [456, 192],
    [7, 5],
  ]) {
    const m = areaMatrix(from, to);
    const column = (j: number) => Array.from({ length: to }, (_, i) => m[i * from + j]);
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
    for (let i = 0; i < to; i++) expect(sum(m.subarray(i * from, (i + 1) * from))).toBeCloseTo(1, 5);
    // Every fine cell counts alike.
    for (let j = 0; j < from; j++) expect(sum(column(j))).toBeCloseTo(to / from, 5);
  }
});

test('coarsen is the majority of the fine voxels under a cell, halves are bone', async () => {
  const [fine, coarse] = [
    [6, 4, 3],
    [3, 2, 2],
  ];
  const x = normals(72).map((v) => (v > 0.2 ? 1 : -1));
  x.set([1, 1, 1, -1, -1, -1]);
  const graph = new Graph();
  const y = coarsen(graph.input('x', [1, 1, ...fine]), coarse);
  // Truth: each fine voxel cut in `coarse` parts along each axis, and those counted in blocks of `fine`.
  const truth = new Float32Array(12);
  const at = (z: number, y: number, x: number) => 3 * (4 * z + y) + x;
  for (let c = 0; c < 12; c++) {
    const cell = [Math.floor(c / 4), Math.floor(c / 2) % 2, c % 2];
    let sum = 0;
    for (let i = 0; i < 72; i++) {
      const sub = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3];
      const [a, b, d] = sub.map((s, axis) => Math.floor((cell[axis] * fine[axis] + s) / coarse[axis]));
      sum += x[at(a, b, d)];
    }
    truth[c] = sum >= 0 ? 1 : -1;
  }
  expect(new Set(truth).size).toBe(2);
  for (const values of await run(y, x, [1, 1, ...fine])) expect([...values]).toEqual([...truth]);
  const half = new Graph();
  const even = coarsen(half.input('x', [1, 1, 2, 2, 2]), [1, 1, 1]);
  for (const values of await run(even, Float32Array.of(1, -1, 1, -1, 1, -1, 1, -1), [1, 1, 2, 2, 2]))
    expect([...values]).toEqual([1]);
});

test('linearTaps are the weights of linear interpolation', () => {
  expect(linearTaps(2)).toEqual([
    [0.25, 0.75, 0],
    [0, 0.75, 0.25],
  ]);
  expect(linearTaps(1)).toEqual([[0, 1, 0]]);
});

test.each([
  ['up', 1, [5, 7, 8]],
  ['up_res_conv', 3, [5, 7, 8]],
  ['super', 1, [6, 8, 10]],
  ['super', 3, [6, 8, 10]],
  ['super', 2, [9, 12, 15]],
  ['super', 1, [12, 16, 20]],
] as const)('%s of %i features starts as the trilinear logit, %j', async (kind, channels, size) => {
  const shape = [2, channels, 3, 4, 5];
  const x = normals(elements(shape));
  const build = (make: (x: Tensor) => Tensor) => make(new Graph().input('x', shape));
  const made = build((t) => head(new Scope(t.graph, 'head'), t, { kind, scale: 2, channels }, size));
  const truth = build((t) => resizeTrilinear(slice(t, 1, 0, 1), size));
  expect(made.shape).toEqual([2, 1, ...size]);
  const [wanted] = await run(truth, x, shape);
  for (const values of await run(made, x, shape)) expect(relativeError(values, wanted)).toBeLessThan(1e-6);
});

test('what each head learns', () => {
  const parameters = (kind: HeadKind, channels: number) => {
    const graph = new Graph();
    head(
      new Scope(graph, 'head'),
      graph.input('x', [1, channels, 2, 2, 2]),
      { kind, scale: 2, channels },
      [4, 4, 4],
    );
    return graph.parameters.map((p) => `${p.name} ${p.shape.join('x')}`);
  };
  expect(parameters('none', 1)).toEqual([]);
  expect(parameters('up', 1)).toEqual([]);
  expect(parameters('up_conv', 4)).toEqual(['head.weight 1x4x3x3x3', 'head.bias 1']);
  expect(parameters('super', 4)).toEqual(['head.weight 8x4x3x3x3', 'head.bias 8']);
});
