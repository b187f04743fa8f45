import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { couple, reorder } from '../../src/flow/coupling.ts';
import { RandomStream } from '../../src/random/stream.ts';

const batch = (seed: number, count: number, length: number) =>
  new RandomStream(seed, 'test/coupling').fillNormal(new Float32Array(count * length));

function cost(noise: Float32Array, data: Float32Array): number {
  return data.reduce((sum, value, i) => sum + (value - noise[i]) ** 2, 0);
}

test('independent: as drawn', () => {
  expect([...couple('independent', batch(1, 5, 3), batch(2, 5, 3), 5)]).toEqual([0, 1, 2, 3, 4]);
});

test('minibatch-ot undoes a shuffle of noise that lies beside its data', () => {
  const data = batch(1, 30, 4).map((v) => 10 * v);
  const order = new RandomStream(3, 'test/coupling').permutation(30);
  const noise = new Float32Array(data.length);
  for (let i = 0; i < 30; i++)
    noise.set(
      data.subarray(4 * i, 4 * i + 4).map((v) => v + 0.01),
      4 * order[i],
    );
  const noiseOf = couple('minibatch-ot', noise, data, 30);
  expect([...noiseOf]).toEqual([...order]);
  expect(cost(reorder(noise, noiseOf), data)).toBeCloseTo(30 * 4 * 0.01 ** 2, 3);
});

test('within classes alone, a permutation, and never dearer than as drawn', () => {
  const classes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 24 });
  fc.assert(
    fc.property(fc.nat(), classes, (seed, labels) => {
      const n = labels.length;
      const noise = batch(seed, n, 5);
      const data = batch(seed + 1, n, 5);
      const noiseOf = couple('minibatch-ot', noise, data, n, labels);
      expect([...noiseOf].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
      expect([...noiseOf].map((from) => labels[from])).toEqual(labels);
      const paired = cost(reorder(noise, noiseOf), data);
      expect(paired).toBeLessThanOrEqual(cost(noise, data) * (1 + 1e-6));
      const free = cost(reorder(noise, couple('minibatch-ot', noise, data, n)), data);
      expect(free).toBeLessThanOrEqual(paired * (1 + 1e-6)); // classes only restrict
    }),
    { numRuns: 60 },
  );
});

test('lengths that do not fit', () => {
  expect(() => couple('independent', new Float32Array(6), new Float32Array(4), 2)).toThrow(ShapeError);
  expect(() => couple('minibatch-ot', new Float32Array(4), new Float32Array(4), 3)).toThrow(ShapeError);
  expect(() => couple('minibatch-ot', new Float32Array(4), new Float32Array(4), 2, [1])).toThrow(ShapeError);
});
