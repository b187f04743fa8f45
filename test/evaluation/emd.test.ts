import { expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { earthMoversDistance } from '../../src/evaluation/emd.ts';
import { RandomStream } from '../../src/random/stream.ts';

function cloud(index: number, n: number): Float32Array {
  const random = new RandomStream(2, 'test/emd', index);
  return Float32Array.from({ length: 3 * n }, () => random.between(-50, 50));
}

/** Least mean distance over all pairings. */
function bruteForce(a: Float32Array, b: Float32Array): number {
  const n = a.length / 3;
  const d = (i: number, j: number) =>
    Math.hypot(a[3 * i] - b[3 * j], a[3 * i + 1] - b[3 * j + 1], a[3 * i + 2] - b[3 * j + 2]);
  const best = (i: number, free: number[]): number =>
    i === n
      ? 0
      : Math.min(
          ...free.map(
            (j) =>
              d(i, j) +
              best(
                i + 1,
                free.filter((k) => k !== j),
              ),
          ),
        );
  return (
    best(
      0,
      Array.from({ length: n }, (_, j) => j),
    ) / n
  );
}

test('all pairings tried, up to 7 points', () => {
  for (let n = 1; n <= 7; n++) {
    const [a, b] = [cloud(2 * n, n), cloud(2 * n + 1, n)];
    expect(earthMoversDistance(a, b)).toBeCloseTo(bruteForce(a, b), 10);
  }
});

test('the same points in another order: 0; shifted: the length of the shift; symmetric; triangle inequality', () => {
  const a = cloud(0, 60);
  const order = new RandomStream(0, 'test/order').permutation(60);
  const shuffled = Float32Array.from({ length: 180 }, (_, at) => a[3 * order[Math.floor(at / 3)] + (at % 3)]);
  expect(earthMoversDistance(a, shuffled)).toBe(0);
  const shifted = shuffled.map((v, at) => v + [2, -3, 6][at % 3]);
  expect(earthMoversDistance(a, shifted)).toBeCloseTo(7, 5);
  const [b, c] = [cloud(1, 60), cloud(2, 60)];
  expect(earthMoversDistance(a, b)).toBeCloseTo(earthMoversDistance(b, a), 10);
  expect(earthMoversDistance(a, c)).toBeLessThanOrEqual(
    earthMoversDistance(a, b) + earthMoversDistance(b, c),
  );
});

test('clouds of two sizes: the first points of the larger', () => {
  const [a, b] = [cloud(0, 20), cloud(1, 12)];
  expect(earthMoversDistance(a, b)).toBe(earthMoversDistance(a.subarray(0, 36), b));
});

test('empty, torn, too many, not finite', () => {
  const a = cloud(0, 5);
  expect(() => earthMoversDistance(a, new Float32Array(0))).toThrow(NumericsError);
  expect(() => earthMoversDistance(a, a.subarray(1))).toThrow(NumericsError);
  expect(() => earthMoversDistance(new Float32Array(3 * 4097), new Float32Array(3 * 4097))).toThrow(/4096/);
  expect(() =>
    earthMoversDistance(
      a,
      a.map((v, i) => (i === 4 ? Number.NaN : v)),
    ),
  ).toThrow(/finite/);
});
