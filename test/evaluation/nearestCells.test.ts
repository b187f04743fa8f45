import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pointCloud } from '../../src/evaluation/chamfer.ts';
import { boxAround, NearestCells } from '../../src/evaluation/nearestCells.ts';

const coordinate = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround),
);
const cloud = (maxLength: number) =>
  fc
    .array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 1, maxLength })
    .map((points) => Float32Array.from(points.flat()));

test('any points, equal and in line, cells coarse and fine, queries outside: the least distance by brute force', () => {
  fc.assert(
    fc.property(cloud(60), cloud(30), fc.integer({ min: 1, max: 20 }), (points, queries, cells) => {
      const target = pointCloud(points);
      const nearest = new NearestCells(target, boxAround([target]), cells);
      let sum = 0;
      for (let q = 0; q < queries.length; q += 3) {
        let least = Number.POSITIVE_INFINITY;
        for (let p = 0; p < points.length; p += 3) {
          const [dx, dy, dz] = [0, 1, 2].map((a) => points[p + a] - queries[q + a]);
          least = Math.min(least, dx * dx + dy * dy + dz * dz);
        }
        sum += least;
      }
      expect(nearest.meanSquaredDistance(queries)).toBe((3 * sum) / queries.length);
      expect(nearest.meanSquaredDistance(points)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('the box of clouds', () => {
  const [a, b] = [pointCloud(Float32Array.of(0, 1, 2)), pointCloud(Float32Array.of(-1, 5, 2, 0, 0, 9))];
  expect(boxAround([a, b])).toEqual({ low: [-1, 0, 2], high: [0, 5, 9] });
});
