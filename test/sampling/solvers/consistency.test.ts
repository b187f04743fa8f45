/** The consistency sampler against exact jumps. */
import { expect, test } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { consistency } from '../../../src/sampling/solvers/consistency.ts';
import type { Velocity } from '../../../src/sampling/solvers/solver.ts';

const start = () => new RandomStream(5, 'test').fillNormal(new Float32Array(64));
const noise = (k: number, out: Float32Array) => {
  new RandomStream(9, 'test/noise', k).fillNormal(out);
};
/** The velocity that leads from any (x, t) straight to `data`. */
const towards =
  (data: Float32Array): Velocity =>
  async (x, t) =>
    x.map((v, i) => (data[i] - v) / (1 - t));

test('one evaluation of an exact network is at the data, and so are more', async () => {
  const data = new RandomStream(1, 'test/data').fillNormal(new Float32Array(64));
  const x0 = start();
  for (const steps of [1, 2, 5]) {
    const x = await consistency(noise)(towards(data), x0, { steps });
    for (let i = 0; i < 64; i++) expect(x[i]).toBeCloseTo(data[i], 5);
  }
  expect(x0).toEqual(start());
});

test('between jumps the state is the data mixed with new noise', async () => {
  const seen: [Float32Array, number][] = [];
  const data = new Float32Array(64).fill(2);
  const spy: Velocity = async (x, t) => {
    seen.push([x.slice(), t]);
    return towards(data)(x, t);
  };
  await consistency(noise)(spy, start(), { steps: 4 });
  expect(seen.map(([, t]) => t)).toEqual([0, 0.25, 0.5, 0.75]);
  const z = new Float32Array(64);
  for (let i = 1; i < 4; i++) {
    noise(i, z);
    const [x, t] = seen[i];
    for (let j = 0; j < 64; j++) expect(x[j]).toBeCloseTo((1 - t) * z[j] + t * 2, 5);
  }
});

test('what is not finite, and no steps, are refused', async () => {
  const lost: Velocity = async (x) => x.map(() => Number.NaN);
  await expect(consistency(noise)(lost, start(), { steps: 2 })).rejects.toThrow('left the finite numbers');
  await expect(consistency(noise)(lost, start(), { steps: 0 })).rejects.toThrow('0 sampling steps');
});
