/** Threads that do jobs: several at once, refusals as they are, and an end that leaves nobody waiting. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Pool } from '../../src/server/pool.ts';
import { putDataset, temporaryFolder } from './helpers.ts';

function withPool(threads: number) {
  const dir = join(temporaryFolder(), 'data');
  const { cases } = putDataset(dir, 6);
  const pool = new Pool(threads);
  onTestFinished(() => pool.close());
  const ask = (i: number) => {
    const { volume, sha256 } = cases[i];
    return { dir, volume, sha256, size: [8, 4, 12] as const, spacing: 2, pixels: 64 };
  };
  return { dir, pool, ask, cases };
}

test('each job gets its own answer, however many threads there are', async () => {
  const [one, two] = [withPool(1), withPool(2)];
  const all = ({ pool, ask }: ReturnType<typeof withPool>) =>
    Promise.all([0, 1, 2, 3, 4, 5].map((i) => pool.run('picture', ask(i))));
  const [a, b] = [await all(one), await all(two)];
  expect(a.map((png) => Buffer.from(png).subarray(1, 4).toString())).toEqual(Array(6).fill('PNG'));
  expect(b).toEqual(a);
  expect(new Set(a.map((png) => Buffer.from(png).toString('base64'))).size).toBe(6);
});

test('a refusal comes back with its explanation, and the thread goes on', async () => {
  const { dir, pool, ask, cases } = withPool(1);
  rmSync(join(dir, cases[2].volume));
  const [good, bad, after] = await Promise.allSettled([0, 2, 3].map((i) => pool.run('picture', ask(i))));
  expect([good.status, after.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(bad).toMatchObject({
    reason: { status: 500, explanation: { found: expect.stringContaining('is missing') } },
  });
  await expect(pool.run('nearest', { root: dir, set: dir, id: 'none', data: dir })).rejects.toMatchObject({
    status: 404,
  });
});

test('a job that nobody waits for any more is not done', async () => {
  const { pool, ask } = withPool(1);
  const gone = new AbortController();
  const first = pool.run('picture', ask(0));
  const left = pool.run('picture', ask(1), gone.signal);
  gone.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await expect(pool.run('picture', ask(2), gone.signal)).rejects.toThrow('gone');
  expect((await first).length).toBeGreaterThan(100);
});

test('its end refuses what waits and what is at work, and takes nothing more', async () => {
  const { pool, ask } = withPool(1);
  const asked = [0, 1, 2].map((i) => pool.run('picture', ask(i)));
  const ended = Promise.allSettled(asked);
  await pool.close();
  expect((await ended).map((r) => r.status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(pool.run('picture', ask(0))).rejects.toThrow();
});
