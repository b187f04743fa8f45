import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { PointTree } from '../../src/evaluation/nearest.ts';
import { RandomStream } from '../../src/random/stream.ts';

function bruteForce(xyz: ArrayLike<number>, q: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < xyz.length; i += 3)
    least = Math.min(least, (xyz[i] - q[0]) ** 2 + (xyz[i + 1] - q[1]) ** 2 + (xyz[i + 2] - q[2]) ** 2);
  return least;
}

test('finds the least distance among any points, many of them equal or in line', () => {
  const coordinate = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -3, max: 3, noNaN: true }));
  const point = fc.tuple(coordinate, coordinate, coordinate);
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 1, maxLength: 120 }),
      fc.array(point, { minLength: 1, maxLength: 10 }),
      (points, queries) => {
        const xyz = points.flat();
        const tree = new PointTree(xyz);
        for (const q of queries) {
          const least = bruteForce(xyz, q);
          expect(tree.squaredDistance(...q)).toBe(least);
          expect(bruteForce(points[tree.nearest(...q)], q)).toBe(least);
        }
      },
    ),
  );
});

test('2000 points: every point finds itself, far queries too find the nearest', () => {
  const random = new RandomStream(1, 'test/nearest');
  const xyz = random.fillNormal(new Float32Array(6000));
  const tree = new PointTree(xyz);
  for (let i = 0; i < 2000; i++) expect(tree.nearest(xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2])).toBe(i);
  for (let i = 0; i < 50; i++) {
    const q = [0, 0, 0].map(() => 20 * random.normal()) as [number, number, number];
    expect(tree.squaredDistance(...q)).toBe(bruteForce(xyz, q));
  }
});

test('no points, half a point, NaN', () => {
  expect(() => new PointTree([])).toThrow(NumericsError);
  expect(() => new PointTree([1, 2])).toThrow(NumericsError);
  expect(() => new PointTree([1, 2, Number.NaN])).toThrow(/point 0/);
});
