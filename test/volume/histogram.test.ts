import { expect, test } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { countBetween, histogramOf, otsuBetween, peakBetween } from '../../src/volume/histogram.ts';
import { otsuThreshold } from '../../src/volume/threshold.ts';

test('every value is counted once', () => {
  const data = Float32Array.of(-20, -10, -9.9, 0, 9.9, 10, 19.9, 20, NaN, Infinity, -Infinity, 500);
  const h = histogramOf(data, -10, 20, 10);
  expect(Array.from(h.counts)).toEqual([2, 2, 2]);
  expect([h.below, h.above, h.notFinite]).toEqual([1, 2, 3]);
  expect(countBetween(h, -Infinity, Infinity)).toBe(9);
  expect(countBetween(h, 0, 10)).toBe(2);
});

test('the peak of a Gaussian lies at its mean and is as wide as it is', () => {
  const stream = new RandomStream(1, 'test/histogram');
  const data = new Float32Array(200000);
  for (let i = 0; i < data.length; i++)
    data[i] = i % 4 === 0 ? 900 + 5 * stream.normal() : 40 + 30 * stream.normal();
  const { at, deviation } = peakBetween(histogramOf(data, -1000, 2000, 5), -200, 300);
  expect(Math.abs(at - 40)).toBeLessThan(6);
  expect(Math.abs(deviation - 30)).toBeLessThan(2);
});

test("Otsu on a part of the histogram is Otsu's threshold of the values in it", () => {
  const stream = new RandomStream(2, 'test/histogram');
  const part = Int16Array.from({ length: 5000 }, (_, i) =>
    Math.min(499, Math.max(100, Math.round((i % 3 ? 180 : 400) + 25 * stream.normal()))),
  );
  const whole = Int16Array.from([...part, ...new Array(4000).fill(-900), ...new Array(300).fill(2500)]);
  // A width of one: thresholds 'value > t' and the upper edge of a bin differ by one.
  const cut = otsuBetween(histogramOf(whole, -1000, 3000, 1), 100, 500);
  expect(cut).toBe(otsuThreshold(part) + 1);
  expect(otsuBetween(histogramOf(part, 0, 10, 1), 0, 10)).toBeUndefined();
});
