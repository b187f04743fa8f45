import { expect, test } from 'vitest';
import { emit } from '../../src/graph/emit.ts';
import { Graph, type Initialiser, type Shape, type Tensor } from '../../src/graph/graph.ts';
import { multiply } from '../../src/graph/ops/binary.ts';
import { type CompleterModel, completer, completerLoss, mirrored } from '../../src/models/completer.ts';
import { Scope } from '../../src/nn/scope.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { initialParameters, namedParameters } from '../../src/training/trainer.ts';
import { checkOp, normals, runModel } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';

const CONFIG: CompleterModel = { patch: 2, widths: [2, 4], blocks: 1, groups: 1, mirror: true };

/** A mask of random voxels in +-1. */
function mask(count: number, index = 0): Float32Array {
  const random = new RandomStream(1, 'test/completer', index);
  return Float32Array.from({ length: count }, () => (random.uniform() < 0.4 ? 1 : -1));
}

/** A mean bone: some shares. */
const meanOf = (shape: Shape): Uint8Array =>
  Uint8Array.from({ length: shape[2] * shape[3] * shape[4] }, (_, i) => (37 * i) % 256);

const parametersOf = (shape: Shape, config: CompleterModel) => {
  const graph = new Graph();
  completer(new Scope(graph), graph.input('x', shape), config, meanOf(shape));
  return graph.parameters;
};

/** A scope whose parameters are inputs of the graph, so that they can be moved. */
class InputScope extends Scope {
  readonly tensors: Record<string, Tensor>;
  constructor(graph: Graph, tensors: Record<string, Tensor>, prefix = '') {
    super(graph, prefix);
    this.tensors = tensors;
  }
  override child(name: string | number): Scope {
    return new InputScope(
      this.graph,
      this.tensors,
      this.prefix === '' ? `${name}` : `${this.prefix}.${name}`,
    );
  }
  override parameter(name: string, _shape: Shape, _init: Initialiser): Tensor {
    return this.tensors[`${this.prefix}.${name}`];
  }
}

test('mirrored: left and right change places, and so do gradients', async () => {
  const graph = new Graph();
  const [y] = evaluate([mirrored(graph.input('x', [1, 1, 1, 2, 3]))], { x: [1, 2, 3, 4, 5, 6] });
  expect([...y]).toEqual([3, 2, 1, 6, 5, 4]);
  await checkOp({ x: [2, 1, 2, 3, 4] }, (t) => mirrored(t.x));
});

test('before any training it gives its input back, on grids of any size', async () => {
  for (const [size, config] of [
    [[7, 6, 9], CONFIG],
    [[8, 8, 8], { ...CONFIG, widths: [2, 2, 2], mirror: false }],
    [[5, 4, 3], { ...CONFIG, patch: 1 as const }],
  ] as const) {
    const shape = [2, 1, ...size];
    const graph = new Graph();
    const y = completer(new Scope(graph), graph.input('x', shape), config, meanOf(shape));
    expect(y.shape).toEqual(shape);
    const weights = namedParameters(graph.parameters, initialParameters(graph.parameters, 3));
    const x = mask(2 * size[0] * size[1] * size[2]);
    const results = await runModel(emit(graph, { outputs: { y }, weights }), { x: { data: x, shape } });
    expect([...results.y]).toEqual([...x].map((v) => 3 * v));
  }
});

test('the gradient of every weight is that of finite differences', async () => {
  const shape = [1, 1, 4, 3, 4];
  const specs = parametersOf(shape, CONFIG);
  const shapes = Object.fromEntries(specs.map((p) => [p.name, p.shape]));
  // The last layer starts at zero, behind which no weight would show: all are drawn.
  const feeds = Object.fromEntries(
    specs.map((p, i) => [
      p.name,
      normals(
        p.shape.reduce((a, b) => a * b, 1),
        i,
      ).map((v) => 0.3 * v),
    ]),
  );
  const x = mask(48, 1);
  await checkOp(
    shapes,
    (t) => {
      const graph = Object.values(t)[0].graph;
      return completer(new InputScope(graph, t), graph.constant(x, shape), CONFIG, meanOf(shape));
    },
    { feeds, samples: 2, tolerance: 3e-3, gradientTolerance: 1e-3, targets: ['cpu'] },
  );
}, 60_000);

test('the first layer sees the voxels of each cube, those of its mirror image and of the mean bone, and its place', () => {
  const first = (config: CompleterModel) =>
    parametersOf([1, 1, 8, 8, 8], config).find((p) => p.name === 'in.weight')?.shape;
  expect(first(CONFIG)).toEqual([2, 8 + 8 + 8 + 3, 3, 3, 3]);
  expect(first({ ...CONFIG, mirror: false })).toEqual([2, 8 + 8 + 3, 3, 3, 3]);
  expect(first({ ...CONFIG, patch: 1 })).toEqual([2, 1 + 1 + 1 + 3, 3, 3, 3]);
});

test('the loss is its formula, and its gradient that of finite differences', async () => {
  const n = 2 * 8;
  const logits = normals(n, 5);
  const whole = mask(n, 6);
  const x = whole.map((v, i) => (v > 0 && i % 3 === 0 ? -1 : v));
  const weights = { entropy: 0.3, dice: 0.7, implant: 0.4 };
  const shape = [2, 1, 2, 2, 2];
  const build = (t: Record<string, Tensor>) => {
    const { graph } = t.logits;
    return completerLoss(t.logits, graph.constant(x, shape), graph.constant(whole, shape), weights);
  };
  const graph = new Graph();
  const [value] = evaluate([build({ logits: graph.input('logits', shape) })], { logits });
  let expected = 0;
  for (const row of [0, 1]) {
    const at = [...Array(8).keys()].map((i) => 8 * row + i);
    const p = (i: number) => 1 / (1 + Math.exp(-logits[i]));
    const y = (i: number) => (whole[i] > 0 ? 1 : 0);
    const free = (i: number) => (x[i] > 0 ? 0 : 1);
    const total = (f: (i: number) => number) => at.reduce((sum, i) => sum + f(i), 0);
    const missing = total((i) => y(i) * free(i)) + 10;
    expected += total((i) => -Math.log(y(i) === 1 ? p(i) : 1 - p(i))) * (0.3 / missing / 2);
    expected += (0.7 / 2) * (1 - (2 * total((i) => p(i) * y(i)) + 1) / (total(p) + total(y) + 1));
    const shared = 2 * total((i) => p(i) * y(i) * free(i)) + 10;
    expected += (0.4 / 2) * (1 - shared / (total((i) => p(i) * free(i)) + missing));
  }
  expect(value[0]).toBeCloseTo(expected, 7);
  await checkOp({ logits: shape }, (t) => multiply(build(t), 1), { samples: 16 });
});
