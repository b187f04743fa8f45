import { expect, test } from 'vitest';
import { chamferDistance, pointCloud } from '../../src/evaluation/chamfer.ts';
import { fixture } from './helpers.ts';

test('numpy agrees, in either order', () => {
  const { a, b, chamfer } = fixture('chamfer');
  const [p, q] = [a, b].map((xyz: number[]) => pointCloud(Float32Array.from(xyz)));
  expect(chamferDistance(p, q) / chamfer).toBeCloseTo(1, 12);
  expect(chamferDistance(q, p) / chamfer).toBeCloseTo(1, 12);
});

test('a cloud moved by less than half its spacing: twice the squared shift; itself: 0', () => {
  const grid = Float32Array.from(
    { length: 3 * 125 },
    (_, i) => 10 * (Math.floor(Math.floor(i / 3) / 5 ** (i % 3)) % 5),
  );
  const cloud = pointCloud(grid);
  expect(chamferDistance(cloud, cloud)).toBe(0);
  const moved = pointCloud(grid.map((v, i) => (i % 3 === 0 ? v + 3 : i % 3 === 1 ? v - 1 : v)));
  expect(chamferDistance(cloud, moved)).toBeCloseTo(2 * (9 + 1), 10);
});

test('sizes may differ: one point against a pair', () => {
  const one = pointCloud(Float32Array.of(0, 0, 0));
  const two = pointCloud(Float32Array.of(1, 0, 0, 0, 3, 0));
  expect(chamferDistance(one, two)).toBe(1 + (1 + 9) / 2);
});
