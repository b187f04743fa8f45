/** Batches made ahead in a thread are those made here. */
import { expect, test } from 'vitest';
import { generatorSchema } from '../../src/config/schemas.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { batchSource } from '../../src/training/batchAhead.ts';
import type { LatentSet } from '../../src/training/latents.ts';
import { batchMaker } from '../../src/training/objective.ts';

const labels = Int32Array.from([0, 1, 0, 1, 0]);
const config = generatorSchema.parse({ batch: 4, steps: 5, coupling: 'minibatch-ot' });
const make = (): LatentSet => ({
  shape: [2, 2, 2, 2],
  copies: 1,
  cases: 5,
  latents: Array.from({ length: 10 }, (_, i) => new RandomStream(i, 'test').fillNormal(new Float32Array(16))),
});

test('in order, out of order and at the last step', async () => {
  const here = batchMaker(make(), labels, config);
  const set = make();
  const source = batchSource(set, labels, config);
  for (const step of [1, 2, 3, 2, 5, 4]) expect(await source.batch(step)).toEqual(here(step));
  expect(set.latents.map((z) => [...z])).toEqual(make().latents.map((z) => [...z]));
  await source.end();
});

test('a thread that ends is told, not waited for', async () => {
  const source = batchSource(make(), labels, { ...config, seed: -1 });
  await expect(source.batch(1)).rejects.toThrow();
  await source.end();
});

test('without coupling there is no thread', async () => {
  const source = batchSource(make(), labels, { ...config, coupling: 'independent' });
  expect(source.batch(1)).not.toBeInstanceOf(Promise);
  await source.end();
});
