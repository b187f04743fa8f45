import { expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { bootstrapMean, mean, quantile } from '../../src/evaluation/statistics.ts';
import { RandomStream } from '../../src/random/stream.ts';

test('quantiles interpolate as numpy does', () => {
  const values = [7, 1, 3, 10];
  expect([0, 0.25, 0.5, 1].map((q) => quantile(values, q))).toEqual([1, 2.5, 5, 10]);
  expect(quantile(values, 0.95)).toBeCloseTo(9.55, 12);
  expect(quantile([4], 0.3)).toBe(4);
  expect(values).toEqual([7, 1, 3, 10]);
});

test('bootstrap: the interval of a constant is the constant; the same seed gives the same interval', () => {
  expect(bootstrapMean([2, 2, 2])).toEqual({ mean: 2, low: 2, high: 2, n: 3 });
  expect(bootstrapMean([1, 2, 4], 5)).toEqual(bootstrapMean([1, 2, 4], 5));
  expect(bootstrapMean([1, 2, 4, 9, 3], 5)).not.toEqual(bootstrapMean([1, 2, 4, 9, 3], 6));
});

test('bootstrap: on normal samples the interval is mean +- 1.96 s / sqrt(n) and covers the truth about 95 times in 100', () => {
  const n = 60;
  let covered = 0;
  let width = 0;
  for (let run = 0; run < 200; run++) {
    const values = new RandomStream(run, 'test/bootstrap').fillNormal(new Float64Array(n));
    const { low, high, mean: centre } = bootstrapMean(values, run, 400);
    if (low <= 0 && high >= 0) covered++;
    width += (high - low) / 200;
    expect(low).toBeLessThan(centre);
    expect(high).toBeGreaterThan(centre);
  }
  expect(width).toBeGreaterThan(0.93 * 2 * (1.96 / Math.sqrt(n)));
  expect(width).toBeLessThan(1.05 * 2 * (1.96 / Math.sqrt(n)));
  expect(covered / 200).toBeGreaterThan(0.88);
  expect(covered / 200).toBeLessThan(0.99);
});

test('nothing has no mean', () => {
  expect(() => mean([])).toThrow(NumericsError);
  expect(() => quantile([], 0.5)).toThrow(NumericsError);
  expect(() => bootstrapMean([])).toThrow(NumericsError);
});
