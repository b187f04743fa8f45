import { expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { crossDistances } from '../../src/evaluation/distanceMatrix.ts';
import { nearestTraining, quantiles } from '../../src/evaluation/nearestTraining.ts';
import { RandomStream } from '../../src/random/stream.ts';

const apart = (p: number, q: number) => Math.abs(p - q);
const uniform = (index: number, n: number) => {
  const random = new RandomStream(1, 'test/nearest-training', index);
  return Array.from({ length: n }, () => random.uniform());
};

test('quantiles of 0..100', () => {
  expect(quantiles(Array.from({ length: 101 }, (_, i) => 100 - i))).toEqual({
    min: 0,
    q05: 5,
    q25: 25,
    median: 50,
    q75: 75,
    q95: 95,
    max: 100,
  });
});

test('fakes of the same distribution are as far from training as held-out reals; copies are at 0', () => {
  const train = uniform(0, 100);
  const real = uniform(1, 400);
  const healthy = nearestTraining(
    crossDistances(uniform(2, 400), train, apart),
    crossDistances(real, train, apart),
  );
  expect(healthy.ratio).toBeGreaterThan(0.8);
  expect(healthy.ratio).toBeLessThan(1.25);
  expect(healthy.shareBelowReal05).toBeLessThan(0.12);
  const copied = nearestTraining(crossDistances(train, train, apart), crossDistances(real, train, apart));
  expect(copied.fake.max).toBe(0);
  expect([copied.ratio, copied.shareBelowReal05]).toEqual([0, 1]);
});

test('no ratio where the held-out reals are training shapes themselves; empty sets are refused', () => {
  const d = crossDistances([1, 2], [1, 2], apart);
  expect(nearestTraining(d, d).ratio).toBeNull();
  expect(() => nearestTraining(crossDistances([], [1], apart), d)).toThrow(NumericsError);
});
