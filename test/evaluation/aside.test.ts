/** An evaluation in a thread: the same result, the same refusals, and an end at once when asked to stop. */
import { expect, test } from 'vitest';
import { GridError, InterruptedError, NumericsError } from '../../src/errors.ts';
import { compareAside, evaluateAside } from '../../src/evaluation/aside.ts';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { ellipsoid } from './helpers.ts';

/** Ellipsoids of random proportions. */
function shapes(index: number, count: number): Mask[] {
  const random = new RandomStream(4, 'test/aside', index);
  const axis = (middle: number) => middle + random.between(-2, 2);
  return Array.from({ length: count }, () =>
    ellipsoid([20, 18, 16], [2, 2, 2.5], [9.5, 8.5, 7.5], [axis(7), axis(6), axis(5)]),
  );
}

const [real, train, fake] = [shapes(0, 8), shapes(1, 12), shapes(2, 8)];
const options = { points: 64, seed: 3, allowOverlap: true };

test('gives what it gives in this thread, and tells how far it is', async () => {
  const pairs: number[] = [];
  const aside = { onProgress: (done: number, total: number) => void pairs.push(done / total) };
  const found = await evaluateAside([{ real, train, fake }, options], aside);
  expect(found).toEqual(evaluateSets({ real, train, fake }, options));
  expect(pairs.at(-1)).toBe(1);
});

test('errors come back as what they are', async () => {
  await expect(evaluateAside([{ real: [real[0]], train, fake }, options], {})).rejects.toThrow(NumericsError);
  const other = fake.map((mask) => ({ ...mask, spacing: [1, 2, 3] as const }));
  await expect(compareAside([{ real, train, a: fake, b: other }, options], {})).rejects.toThrow(GridError);
});

test('stops in the midst of its work, and leaves no listener on the signal', async () => {
  const stop = new AbortController();
  const work = evaluateAside(
    [
      { real, train, fake },
      { ...options, extended: true },
    ],
    {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    },
  );
  await expect(work).rejects.toThrow(InterruptedError);
  const begun = evaluateAside([{ real, train, fake }, options], { signal: stop.signal });
  await expect(begun).rejects.toThrow(/writes nothing before it is done/);
});
