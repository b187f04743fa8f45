/** Foreign models: one that PyTorch exported, and small ones made to be refused. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileError, GridError, NumericsError, ShapeError } from '../../../src/errors.ts';
import { openExtractorSpace } from '../../../src/evaluation/spaces/extractor.ts';
import { emit } from '../../../src/graph/emit.ts';
import { Graph, type Tensor } from '../../../src/graph/graph.ts';
import { add, divide, multiply, subtract } from '../../../src/graph/ops/binary.ts';
import { mean, sum } from '../../../src/graph/ops/reduce.ts';
import { cast, reshape } from '../../../src/graph/ops/shape.ts';
import { slice } from '../../../src/graph/ops/slice.ts';
import { centredGrid, type Mask, type Vec3 } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { boxMask, fixture } from '../helpers.ts';

const TORCH = new URL('../fixtures/extractor.onnx', import.meta.url).pathname;
const golden = fixture('extractor') as { size: Vec3; boxes: Vec3[]; pooled: number[][] };
const boxes = (sides: readonly Vec3[], size = golden.size): Mask[] =>
  sides.map((side) => boxMask(size, [2, 2, 2], [0, 0, 0], side.map((n) => n - 1) as unknown as Vec3));
const masks = boxes(golden.boxes);

/** A model file of one input x; the axes of the mask are [D, H, W] = [6, 8, 10]. */
function model(
  build: (x: Tensor) => Tensor | Record<string, Tensor>,
  shape: number[] = [1, 1, 6, 8, 10],
  dtype: 'float32' | 'int32' = 'float32',
): string {
  const graph = new Graph();
  const out = build(graph.input('x', shape, dtype));
  const outputs = 'node' in out && 'graph' in out ? { f: out as Tensor } : (out as Record<string, Tensor>);
  const path = join(temporaryFolder(), 'model.onnx');
  writeFileSync(path, emit(graph, { outputs, target: 'portable' }).model);
  return path;
}

/** Describes, then lets go. */
async function described(file: string, sets: readonly Mask[], options = {}) {
  const space = await openExtractorSpace(file, { threads: 1, ...options });
  try {
    return { features: await space.describe(sets), notes: space.notes };
  } finally {
    await space.release();
  }
}

describe('a network that PyTorch exported, open in N, D, H, W', () => {
  test.each([1, 2, 3, 8])('gives what PyTorch gives, in batches of %i', async (batch) => {
    const { features, notes } = await described(TORCH, masks, { output: 'pooled', batch });
    expect([features.count, features.dim]).toEqual([3, 3]);
    golden.pooled.flat().forEach((v, i) => void expect(features.values[i]).toBeCloseTo(v, 5));
    expect(notes).toEqual(["extractor: 3 numbers, output 'pooled'"]);
  });

  test('an output of maps is averaged over its places', async () => {
    const { features } = await described(TORCH, masks, { output: 'maps' });
    golden.pooled.flat().forEach((v, i) => void expect(features.values[i]).toBeCloseTo(v, 5));
  });

  test('of several outputs one must be named, by a name that it has', async () => {
    await expect(described(TORCH, masks)).rejects.toThrow(/2 outputs: pooled, maps[\s\S]*--extractor-output/);
    await expect(described(TORCH, masks, { output: 'head' })).rejects.toThrow(/no output 'head'/);
  });

  test('cases of two grids are refused, also over two calls', async () => {
    const other = boxes([[2, 2, 2]], [10, 8, 8]);
    const output = 'pooled';
    await expect(described(TORCH, [...masks, ...other], { output })).rejects.toThrow(GridError);
    const space = await openExtractorSpace(TORCH, { threads: 1, output });
    await space.describe(masks);
    await expect(space.describe(other)).rejects.toThrow(GridError);
    await space.release();
  });
});

describe('sizes that the model fixes', () => {
  test('a batch of 4 for 5 cases: the last is filled up, and nothing of the filling stays', async () => {
    const file = model((x) => sum(x, [1, 2, 3, 4]), [4, 1, 6, 8, 10]);
    const sides: Vec3[] = [
      [1, 1, 1],
      [2, 1, 1],
      [3, 2, 1],
      [4, 2, 2],
      [10, 8, 6],
    ];
    const { features } = await described(file, boxes(sides));
    expect([features.count, features.dim, ...features.values]).toEqual([5, 1, 1, 2, 6, 16, 480]);
  });

  test('another grid: masks are resampled, volumes stay, and a note says so', async () => {
    const file = model((x) => mean(x, [1, 2, 3, 4]), [1, 1, 3, 4, 5]);
    const half = boxes([[10, 4, 6]]);
    const { features, notes } = await described(file, half);
    expect(features.values[0]).toBeCloseTo(0.5, 5);
    expect(notes[0]).toBe('the extractor is for 5x4x3 voxels: masks of 10x8x6 were resampled to them');
    // The order of the axes is z, y, x: a plate across the first half of y.
    const rows = await described(
      model((x) => reshape(slice(x, 3, 1, 2), [1, 15]), [1, 1, 3, 4, 5]),
      half,
    );
    for (const v of rows.features.values) expect(v).toBeCloseTo(1, 5);
  });
});

describe('refusals', () => {
  const wrong: [string, () => string, object, unknown, RegExp][] = [
    ['a missing file', () => '/nowhere/model.onnx', {}, FileError, /does not exist/],
    ['a folder', () => temporaryFolder(), {}, FileError, /is no file/],
    [
      'an empty file',
      () => {
        const path = join(temporaryFolder(), 'empty.onnx');
        writeFileSync(path, '');
        return path;
      },
      {},
      FileError,
      /is empty/,
    ],
    [
      'a file that is no ONNX model',
      () => {
        const path = join(temporaryFolder(), 'text.onnx');
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, '{"not": "a model"}'.repeat(100));
        return path;
      },
      {},
      FileError,
      /does not open as an ONNX model/,
    ],
    [
      'integer input',
      () => model((x) => cast(x, 'float32'), [1, 1, 6, 8, 10], 'int32'),
      {},
      ShapeError,
      /'x' int32[\s\S]*float32 input/,
    ],
    [
      'slices',
      () => model((x) => mean(x, [1, 2, 3]), [1, 1, 8, 10]),
      {},
      ShapeError,
      /\[1, 1, 8, 10\][\s\S]*volumes/,
    ],
    [
      'three channels',
      () => model((x) => mean(x, [2, 3, 4]), [1, 3, 6, 8, 10]),
      {},
      ShapeError,
      /one channel/,
    ],
    [
      'integer output',
      () => model((x) => cast(mean(x, [2, 3, 4]), 'int32')),
      {},
      ShapeError,
      /'f' int32[\s\S]*float32 features/,
    ],
    ['a scalar', () => model((x) => mean(x)), {}, ShapeError, /gives \[\] for 1 case/],
    [
      'no row a case',
      () => model((x) => reshape(mean(x, [2, 3, 4]), [1, 2]), [2, 1, 6, 8, 10]),
      {},
      ShapeError,
      /gives \[1, 2\] for 2 cases/,
    ],
    [
      'numbers that are not finite',
      () => model((x) => divide(mean(x, [2, 3, 4]), multiply(mean(x, [2, 3, 4]), 0))),
      {},
      NumericsError,
      /feature 0 of case 0/,
    ],
    [
      'features that depend on the company',
      () => model((x) => subtract(mean(x, [2, 3, 4]), mean(x)), [2, 1, 6, 8, 10]),
      {},
      NumericsError,
      /when others are beside it[\s\S]*model.eval/,
    ],
  ];
  test.each(wrong)('%s', async (_, file, options, kind, words) => {
    const refused = described(file(), masks, options);
    await expect(refused).rejects.toThrow(kind as typeof FileError);
    await expect(refused).rejects.toThrow(words);
  });

  test('two inputs', async () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 1, 6, 8, 10]);
    const f = mean(add(x, graph.input('t', [1, 1, 6, 8, 10])), [2, 3, 4]);
    const path = join(temporaryFolder(), 'two.onnx');
    writeFileSync(path, emit(graph, { outputs: { f }, target: 'portable' }).model);
    await expect(described(path, masks)).rejects.toThrow(/has 2 inputs: 'x'[\s\S]*masks alone/);
  });
});

test('an empty set has no rows; a mask of another grid in space is told apart', async () => {
  const { features } = await described(TORCH, [], { output: 'pooled' });
  expect(features).toEqual({ values: new Float32Array(0), count: 0, dim: 0 });
  const moved = { ...masks[0], ...centredGrid(golden.size, [3, 2, 2]) };
  await expect(described(TORCH, [masks[0], moved], { output: 'pooled' })).rejects.toThrow(GridError);
});
