import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { philox4x32 } from '../../src/random/philox.ts';
import { RandomStream } from '../../src/random/stream.ts';

const N = 100_000;

test('the first words are the philox block of (0, index, hash of the purpose) under the seed', () => {
  const stream = new RandomStream(2 ** 32 + 5, '', 2 ** 33 + 9);
  const block = new Uint32Array(4);
  philox4x32(0, 9, 2, 0x811c9dc5, 5, 1, block); // FNV-1a of the empty text is its offset basis
  expect([stream.uint32(), stream.uint32(), stream.uint32(), stream.uint32()]).toEqual([...block]);
  philox4x32(1, 9, 2, 0x811c9dc5, 5, 1, block);
  expect(stream.uint32()).toBe(block[0]);
});

test('golden numbers: a change here changes every sample ever published', () => {
  const stream = new RandomStream(7, 'generate/noise', 17);
  expect([stream.uint32(), stream.uniform(), stream.normal(), stream.integer(10)]).toMatchInlineSnapshot(`
    [
      2964624975,
      0.23261006805114448,
      0.8143950835556142,
      9,
    ]
  `);
});

test('seed, purpose and index each give another sequence; equal keys the same one', () => {
  const first = (seed: number, purpose: string, index?: number) =>
    new RandomStream(seed, purpose, index).uint32();
  expect(first(1, 'a')).toBe(first(1, 'a', 0));
  const all = [
    first(1, 'a'),
    first(2, 'a'),
    first(1, 'b'),
    first(1, 'a', 1),
    first(1 + 2 ** 32, 'a'),
    first(1, 'a', 2 ** 32),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test('uniform: moments of U(0, 1), and every value below 1', () => {
  const stream = new RandomStream(1, 'test/uniform');
  let sum = 0;
  let squares = 0;
  let max = 0;
  for (let i = 0; i < N; i++) {
    const u = stream.uniform();
    sum += u;
    squares += u * u;
    max = Math.max(max, u);
  }
  expect(Math.abs(sum / N - 1 / 2)).toBeLessThan(5 / Math.sqrt(12 * N));
  expect(Math.abs(squares / N - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / N));
  expect(max).toBeLessThan(1);
});

test('normal: mean, variance, skewness, kurtosis and tail of N(0, 1); neighbours uncorrelated', () => {
  const x = new RandomStream(1, 'test/normal').fillNormal(new Float64Array(N));
  const mean = (f: (v: number, i: number) => number) => x.reduce((s, v, i) => s + f(v, i), 0) / N;
  expect(Math.abs(mean((v) => v))).toBeLessThan(5 / Math.sqrt(N));
  expect(Math.abs(mean((v) => v * v) - 1)).toBeLessThan(5 * Math.sqrt(2 / N));
  expect(Math.abs(mean((v) => v ** 3))).toBeLessThan(5 * Math.sqrt(15 / N));
  expect(Math.abs(mean((v) => v ** 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / N));
  expect(Math.abs(mean((v) => (Math.abs(v) > 1.959964 ? 1 : 0)) - 0.05)).toBeLessThan(
    5 * Math.sqrt(0.0475 / N),
  );
  expect(Math.abs(mean((v, i) => v * x[(i + 1) % N]))).toBeLessThan(5 / Math.sqrt(N));
});

test('integer: each value equally often', () => {
  const stream = new RandomStream(3, 'test/integer');
  const counts = new Float64Array(7);
  for (let i = 0; i < N; i++) counts[stream.integer(7)]++;
  const chi2 = counts.reduce((s, c) => s + (c - N / 7) ** 2 / (N / 7), 0);
  expect(chi2).toBeLessThan(27.9); // the 99.99 % point of chi-squared with 6 degrees of freedom
});

test('integer stays below n, for n up to 2^32; between stays in its interval', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
      const stream = new RandomStream(seed, 'test/range');
      const k = stream.integer(n);
      const u = stream.between(-3, n);
      return Number.isInteger(k) && k >= 0 && k < n && u >= -3 && u < n;
    }),
  );
});

test('permutation: a bijection, and all 6 orders of 3 equally often', () => {
  const seen = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const key = new RandomStream(5, 'test/permutation', i).permutation(3).join('');
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect([...seen.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  const chi2 = [...seen.values()].reduce((s, c) => s + (c - 1000) ** 2 / 1000, 0);
  expect(chi2).toBeLessThan(25.7); // the 99.99 % point with 5 degrees of freedom
  const big = new RandomStream(5, 'test/permutation').permutation(1000);
  expect([...big].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test.each([
  [-1, 0],
  [1.5, 0],
  [Number.NaN, 0],
  [2 ** 53, 0],
  [1, -1],
  [1, 0.5],
])('seed %d, index %d is refused', (seed, index) => {
  expect(() => new RandomStream(seed, 'test', index)).toThrow(UsageError);
});
test.each([0, -1, 2.5, 2 ** 32 + 1, Number.NaN])('integer(%d) is refused', (n) => {
  expect(() => new RandomStream(1, 'test').integer(n)).toThrow(RangeError);
});
