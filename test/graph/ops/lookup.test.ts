import { describe, expect, test } from 'vitest';
import { emit } from '../../../src/graph/emit.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { gather, lessThan, nearestCode, oneHot, scatterAdd } from '../../../src/graph/ops/lookup.ts';
import { Session, value } from '../../../src/runtime/session.ts';
import { checkOp, normals } from '../checks.ts';
import { evaluate } from '../reference.ts';

const index = Int32Array.of(2, 0, 2, 3, 2, 1);

test('gather, rows repeated or not used at all', async () => {
  await checkOp({ table: [5, 3], i: [6] }, (t) => gather(t.table, t.i), { feeds: { i: index } });
  await checkOp({ table: [5, 3], i: [2, 3] }, (t) => gather(t.table, t.i), { feeds: { i: index } });
  await checkOp({ table: [4, 1], i: [] }, (t) => gather(t.table, t.i), { feeds: { i: Int32Array.of(3) } });
});

test('oneHot', async () => {
  await checkOp({ i: [6] }, (t) => oneHot(t.i, 5), { feeds: { i: index } });
});

describe('scatterAdd', () => {
  test('sums rows by index', async () => {
    await checkOp({ v: [6, 3], i: [6] }, (t) => scatterAdd(t.v, t.i, 5), { feeds: { i: index }, wrt: [] });
  });

  test('loses no addition when many rows share an index and several threads run', async () => {
    const rows = 300_000;
    const g = new Graph();
    const { model } = emit(g, {
      outputs: { y: scatterAdd(g.input('v', [rows, 4]), g.input('i', [rows], 'int32'), 3) },
    });
    const session = await Session.create(model, { threads: 4 });
    const feeds = {
      v: value(new Float32Array(rows * 4).fill(1), [rows, 4]),
      i: value(
        Int32Array.from({ length: rows }, (_, r) => (r * 7) % 3),
        [rows],
      ),
    };
    for (let run = 0; run < 3; run++) {
      const { y } = await session.run(feeds, { y: null });
      expect([...(y.data as Float32Array)]).toEqual(Array(12).fill(rows / 3));
    }
  });
});

describe('nearestCode', () => {
  test('is the brute-force nearest', async () => {
    await checkOp({ z: [40, 3], c: [17, 3] }, (t) => nearestCode(t.z, t.c), {
      wrt: [],
      feeds: { z: normals(120), c: normals(51, 1) },
    });
    await checkOp({ z: [4, 1], c: [1, 1] }, (t) => nearestCode(t.z, t.c), { wrt: [] });
  });

  test('in chunks as in one piece', async () => {
    const feeds = { z: normals(66), c: normals(30, 1) };
    for (const scores of [1, 20, 45, 220, 1000])
      await checkOp({ z: [22, 3], c: [10, 3] }, (t) => nearestCode(t.z, t.c, scores), { wrt: [], feeds });
  });

  test('the lowest index wins a tie', async () => {
    const c = Float32Array.of(5, 5, 1, 0, 1, 0, 0, 0);
    await checkOp({ z: [2, 2], c: [4, 2] }, (t) => nearestCode(t.z, t.c), {
      wrt: [],
      feeds: { z: Float32Array.of(1, 0, 0, 0), c },
    });
    const g = new Graph();
    const found = nearestCode(g.input('z', [1, 2]), g.input('c', [4, 2]));
    expect([...evaluate([found], { z: [1, 0], c })[0]]).toEqual([1]);
  });
});

test('lessThan, broadcast either way', async () => {
  await checkOp({ a: [2, 3], b: [3] }, (t) => lessThan(t.a, t.b), { wrt: [] });
  await checkOp({ a: [3], b: [2, 3] }, (t) => lessThan(t.a, t.b), { wrt: [] });
  await checkOp({ a: [3] }, (t) => lessThan(t.a, 0), { wrt: [] });
});

describe('refusals', () => {
  const g = new Graph();
  const table = g.input('table', [5, 3]);
  const i = g.input('i', [4], 'int32');
  const f = g.input('f', [4]);
  test.each([
    ['gather', () => gather(table, f), /gather\(float32 \[5, 3\], float32 \[4\]\)\n.*int32 indices/],
    ['gather rank', () => gather(f, i), /gather\(float32 \[4\], int32 \[4\]\)/],
    ['oneHot', () => oneHot(f, 3), /oneHot\(float32 \[4\]\)/],
    ['nearestCode', () => nearestCode(table, g.input('c', [7, 2])), /nearestCode\(.*\[5, 3\].*\[7, 2\]\)/],
    ['scatterAdd', () => scatterAdd(table, i, 3), /scatterAdd\(float32 \[5, 3\], int32 \[4\]\)/],
    ['lessThan', () => lessThan(table, g.input('d', [2])), /lessThan\(.*\[5, 3\].*\[2\]\)/],
  ] as const)('%s', (_, build, message) => {
    expect(build).toThrow(message);
  });
});
