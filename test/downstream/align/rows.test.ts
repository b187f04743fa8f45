/** A test that was stopped goes on from its rows: none is asked for twice, and those of another test are not believed. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { AlignMethod } from '../../../src/downstream/align/method.ts';
import { openAlignRows } from '../../../src/downstream/align/row.ts';
import { alignRowKey, testAlignment } from '../../../src/downstream/align/test.ts';
import { InterruptedError } from '../../../src/errors.ts';
import { IDENTITY_TRANSFORM } from '../../../src/skull/register/transform.ts';
import { airplanes } from './helpers.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-rows-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dataset = airplanes(join(root, 'data'), 6, 1);
const path = join(root, 'align.rows.jsonl');

let asked = 0;
const method: AlignMethod = {
  name: 'counted',
  words: 'leaves everything where it is, and counts how often',
  hash: 'a',
  align: async () => {
    asked++;
    return { transform: IDENTITY_TRANSFORM };
  },
};
const given = { dataset, methods: [method], seed: 4 };
const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n').length;

test('a stopped test goes on, and a line that was cut short is asked again', async () => {
  const unbroken = await testAlignment(given);
  const total = unbroken.rows.length;
  const without = (rows: typeof unbroken.rows) => rows.map(({ seconds: _, ...row }) => row);
  const controller = new AbortController();
  const onProgress = (done: number) => void (done === 5 && controller.abort());
  const kept = openAlignRows(root);
  expect(existsSync(path)).toBe(false);
  await expect(testAlignment({ ...given, kept, signal: controller.signal, onProgress })).rejects.toThrow(
    InterruptedError,
  );
  expect(lines()).toBe(5);
  appendFileSync(path, '{"case": "pl');
  asked = 0;
  const resumed = openAlignRows(root);
  const whole = await testAlignment({ ...given, kept: resumed });
  expect(asked).toBe(total - 5);
  expect(without(whole.rows)).toEqual(without(unbroken.rows));
  expect(whole.groups.map((g) => g.summary.rotationDeg)).toEqual(
    unbroken.groups.map((g) => g.summary.rotationDeg),
  );
  expect(lines()).toBe(total);
  resumed.remove();
  expect(existsSync(path)).toBe(false);
});

test('of other weights, another seed or other cases nothing is taken over; fewer poses or cases go on', async () => {
  const keys = [
    alignRowKey(dataset, { ...method, hash: 'b' }, 4),
    alignRowKey(dataset, method, 5),
    alignRowKey({ ...dataset, cases: dataset.cases.slice(1) }, method, 4),
  ];
  const key = alignRowKey(dataset, method, 4);
  expect(new Set([key, ...keys]).size).toBe(1 + keys.length);
  const { rows } = await testAlignment({ ...given, kept: openAlignRows(root) });
  expect(openAlignRows(root).find(key, rows[0])).toEqual(rows[0]);
  expect(openAlignRows(root).find(keys[0], rows[0])).toBeUndefined();
  asked = 0;
  const fewer = await testAlignment({ ...given, poses: ['any'], count: 1, kept: openAlignRows(root) });
  expect([asked, fewer.rows.length]).toEqual([0, 3]);
});
