import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { gradients } from '../../src/graph/autodiff.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add, multiply, subtract } from '../../src/graph/ops/binary.ts';
import { gather } from '../../src/graph/ops/lookup.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { mean } from '../../src/graph/ops/reduce.ts';
import { silu } from '../../src/graph/ops/silu.ts';
import { value } from '../../src/runtime/session.ts';
import { StepRunner } from '../../src/runtime/stepRunner.ts';
import { ADAM_DEFAULTS, adam, adamSchedule } from '../../src/training/optimiser.ts';
import { normals } from '../graph/checks.ts';

/** count <- count + by; reports 10 count. */
async function counter() {
  const graph = new Graph();
  const count = graph.input('count', [2]);
  const rows = gather(graph.input('table', [2, 1]), graph.input('index', [2], 'int32'));
  const by = mean(rows);
  return StepRunner.create(
    {
      graph,
      state: [{ input: 'count', output: add(count, by), initial: Float32Array.of(1, 2) }],
      results: { tens: multiply(count, 10) },
    },
    { threads: 1 },
  );
}

const feeds = (...index: number[]) => ({
  table: value(Float32Array.of(1, 5), [2, 1]),
  index: value(Int32Array.from(index), [2]),
});

test('state moves on from step to step, and results report the state before', async () => {
  const runner = await counter();
  const seen: number[][] = [];
  for (let i = 0; i < 3; i++) seen.push([...((await runner.run(feeds(0, 0))).tens.data as Float32Array)]);
  expect(seen).toEqual([
    [10, 20],
    [20, 30],
    [30, 40],
  ]);
  expect([...runner.state('count')]).toEqual([4, 5]);
  await runner.release();
});

test('vectors that change places do so at once: a step reads the old state while it writes the new', async () => {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [3]), graph.input('b', [3])];
  const state = [
    { input: 'a', output: add(b, 1), initial: Float32Array.of(0, 0, 0) },
    { input: 'b', output: add(a, 10), initial: Float32Array.of(5, 6, 7) },
  ];
  const runner = await StepRunner.create({ graph, state, results: {} }, { threads: 1 });
  for (let i = 0; i < 4; i++) await runner.run({});
  expect([...runner.state('a')]).toEqual([22, 22, 22]);
  expect([...runner.state('b')]).toEqual([27, 28, 29]);
  expect(state[0].initial).toEqual(Float32Array.of(0, 0, 0));
  await runner.release();
});

test('a step that fails leaves the state whole', async () => {
  const runner = await counter();
  await runner.run(feeds(0, 1));
  await expect(runner.run(feeds(0, 9))).rejects.toThrow(/idx=9/);
  expect([...runner.state('count')]).toEqual([4, 5]);
  await runner.run(feeds(0, 1));
  expect([...runner.state('count')]).toEqual([7, 8]);
  await runner.release();
});

describe('setState', () => {
  test('replaces the state', async () => {
    const runner = await counter();
    await runner.run(feeds(0, 0));
    runner.setState('count', Float32Array.of(100, 200));
    await runner.run(feeds(0, 0));
    expect([...runner.state('count')]).toEqual([101, 201]);
    await runner.release();
  });

  test('refuses another length and an unknown name', async () => {
    const runner = await counter();
    for (const n of [1, 3])
      expect(() => runner.setState('count', new Float32Array(n))).toThrow(
        new RegExp(`${n} numbers for the state 'count'\n.*2 numbers`),
      );
    expect(() => runner.state('other')).toThrow(ShapeError);
    expect([...runner.state('count')]).toEqual([1, 2]);
    await runner.release();
  });
});

/** Two layers trained on fixed data by Adam; `idle` is a parameter the loss does not touch. */
async function training(threads: number) {
  const graph = new Graph();
  const x = graph.input('x', [64, 16]);
  const w1 = graph.parameter('w1', [16, 32], { kind: 'ones' });
  graph.parameter('idle', [7], { kind: 'ones' });
  const w2 = graph.parameter('w2', [32, 3], { kind: 'ones' });
  const error = subtract(matmul(silu(matmul(x, w1)), w2), graph.input('y', [64, 3]));
  const loss = mean(multiply(error, error));
  const step = adam(graph, gradients(loss, graph.parameterTensors), ADAM_DEFAULTS);
  const initial = normals(graph.parameterCount).map((v) => v / 4);
  const zeros = new Float32Array(initial.length);
  const runner = await StepRunner.create(
    {
      graph,
      state: [
        { input: 'parameters', output: step.after.parameters, initial },
        { input: 'moment1', output: step.after.moment1, initial: zeros },
        { input: 'moment2', output: step.after.moment2, initial: zeros },
        { input: 'ema', output: step.after.ema, initial },
      ],
      results: { loss },
    },
    { threads },
  );
  const data = { x: value(normals(64 * 16, 1), [64, 16]), y: value(normals(64 * 3, 2), [64, 3]) };
  const run = async (t: number) => {
    const schedule = value(adamSchedule(t, 1e-2, ADAM_DEFAULTS), [4]);
    return (await runner.run({ ...data, schedule })).loss.data[0] as number;
  };
  return { runner, run, initial };
}

const STATE = ['parameters', 'moment1', 'moment2', 'ema'];

test('training lowers the loss, and from the same state gives the same numbers bit for bit', async () => {
  const { runner, run } = await training(2);
  const losses: number[] = [];
  for (let t = 1; t <= 10; t++) losses.push(await run(t));
  expect(losses[9]).toBeLessThan(losses[0]);
  const kept = STATE.map((name) => runner.state(name).slice());
  for (let t = 11; t <= 15; t++) losses.push(await run(t));
  const end = STATE.map((name) => runner.state(name).slice());

  const other = await training(2);
  for (const [i, name] of STATE.entries()) other.runner.setState(name, kept[i]);
  for (let t = 11; t <= 15; t++) expect(await other.run(t)).toBe(losses[t - 1]);
  for (const [i, name] of STATE.entries()) expect(other.runner.state(name)).toEqual(end[i]);
  await runner.release();
  await other.runner.release();
});

test('a parameter that the loss does not touch stays where it is', async () => {
  const { runner, run, initial } = await training(1);
  for (let t = 1; t <= 3; t++) await run(t);
  const idle = [16 * 32, 16 * 32 + 7] as const;
  expect(runner.state('parameters').slice(...idle)).toEqual(initial.slice(...idle));
  expect([...runner.state('moment1').slice(...idle)]).toEqual(Array(7).fill(0));
  expect(runner.state('parameters').slice(0, 4)).not.toEqual(initial.slice(0, 4));
  await runner.release();
});
