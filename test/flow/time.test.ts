import { expect, test } from 'vitest';
import { sampleTimes, type TimeDistribution } from '../../src/flow/time.ts';
import { RandomStream } from '../../src/random/stream.ts';

/** Abramowitz and Stegun 7.1.26, error below 1.5e-7. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const erf = 1 - poly * Math.exp(-x * x);
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

/** Kolmogorov-Smirnov: sqrt(n) sup |F_n - F|; 2.2 is passed by chance once in 8000. */
function kolmogorov(distribution: TimeDistribution, cdf: (t: number) => number): number {
  const n = 20000;
  const t = sampleTimes(n, distribution, new RandomStream(1, 'test/time')).sort();
  let sup = 0;
  for (let i = 0; i < n; i++) sup = Math.max(sup, (i + 1) / n - cdf(t[i]), cdf(t[i]) - i / n);
  return Math.sqrt(n) * sup;
}

test('uniform times follow F(t) = t', () => {
  expect(kolmogorov({ kind: 'uniform' }, (t) => t)).toBeLessThan(2.2);
});

test('logit-normal times follow F(t) = Phi((logit t - mean) / deviation)', () => {
  const cdf = (t: number) => normalCdf((Math.log(t / (1 - t)) - 0.5) / 0.8);
  expect(kolmogorov({ kind: 'logit-normal', mean: 0.5, deviation: 0.8 }, cdf)).toBeLessThan(2.2);
  expect(kolmogorov({ kind: 'logit-normal', mean: 0, deviation: 0.8 }, cdf)).toBeGreaterThan(10); // it can fail
});

test('a stream gives the same times whatever the size of the batches', () => {
  const distribution: TimeDistribution = { kind: 'logit-normal', mean: 0, deviation: 1 };
  const whole = sampleTimes(6, distribution, new RandomStream(2, 'test/time'));
  const stream = new RandomStream(2, 'test/time');
  const parts = [...sampleTimes(1, distribution, stream), ...sampleTimes(5, distribution, stream)];
  expect(parts).toEqual([...whole]);
});
