import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { emit } from '../../src/graph/emit.ts';
import { Graph } from '../../src/graph/graph.ts';
import { gather } from '../../src/graph/ops/lookup.ts';
import { RuntimeError, Session, value } from '../../src/runtime/session.ts';

const graph = new Graph();
const y = gather(graph.input('table', [3, 2]), graph.input('index', [2], 'int32'));
const { model } = emit(graph, { outputs: { y, twice: gather(y, graph.constant(Int32Array.of(1, 0), [2])) } });
const table = value(Float32Array.of(0, 1, 2, 3, 4, 5), [3, 2]);
const index = value(Int32Array.of(2, 0), [2]);

let session: Session;
beforeAll(async () => {
  session = await Session.create(model, { threads: 1 });
});
afterAll(() => session.release());

test('gives the outputs asked for, and only those', async () => {
  const results = await session.run({ table, index }, { y: null });
  expect(Object.keys(results)).toEqual(['y']);
  expect([...(results.y.data as Float32Array)]).toEqual([4, 5, 0, 1]);
  expect(results.y.dims).toEqual([2, 2]);
});

test('writes into a given value in place', async () => {
  const data = new Float32Array(4);
  const results = await session.run({ table, index }, { y: value(data, [2, 2]), twice: null });
  expect([...data]).toEqual([4, 5, 0, 1]);
  expect([...(results.twice.data as Float32Array)]).toEqual([0, 1, 4, 5]);
});

test('a value shares its array', async () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);
  const shared = value(data, [3, 2]);
  data[4] = 40;
  const results = await session.run({ table: shared, index }, { y: null });
  expect((results.y.data as Float32Array)[0]).toBe(40);
});

describe('refusals', () => {
  const run = (feeds: Record<string, ReturnType<typeof value>>, into = { y: null as typeof table | null }) =>
    session.run(feeds, into);

  test.each([
    ['missing', { table }, /input 'index' is missing\n.*int32 \[2\]/],
    ['shape', { table, index: value(new Int32Array(3), [3]) }, /input 'index' is int32 \[3\]\n.*int32 \[2\]/],
    ['rank', { table, index: value(new Int32Array(2), [2, 1]) }, /input 'index' is int32 \[2, 1\]/],
    [
      'type',
      { table, index: value(new Float32Array(2), [2]) },
      /input 'index' is float32 \[2\]\n.*int32 \[2\]/,
    ],
  ])('an input of wrong %s', async (_, feeds, message) => {
    await expect(run(feeds as never)).rejects.toThrow(message);
    await expect(run(feeds as never)).rejects.toBeInstanceOf(ShapeError);
  });

  test('a value to write into of another shape', async () => {
    await expect(run({ table, index }, { y: table })).rejects.toThrow(
      /output 'y' is float32 \[3, 2\]\n.*\[2, 2\]/,
    );
  });

  test('an output the model does not have', async () => {
    await expect(run({ table, index }, { z: null } as never)).rejects.toThrow(/no output 'z'.*\n.*y, twice/);
  });

  test('an index out of range, with what ONNX Runtime said', async () => {
    const bad = run({ table, index: value(Int32Array.of(0, 7), [2]) });
    await expect(bad).rejects.toBeInstanceOf(RuntimeError);
    await expect(bad).rejects.toThrow(/idx=7[\s\S]*indices in range/);
  });

  test('bytes that are no model', async () => {
    const create = Session.create(model.slice(0, 100));
    await expect(create).rejects.toBeInstanceOf(RuntimeError);
    await expect(create).rejects.toThrow(/device 'cpu'[\s\S]*make the model file again/);
  });

  test('an array that does not fill its shape', () => {
    expect(() => value(new Float32Array(6), [3, 3])).toThrow(/6 numbers for a value float32 \[3, 3\]/);
  });
});
