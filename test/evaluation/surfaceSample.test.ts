import { expect, test } from 'vitest';
import { surfaceSample } from '../../src/evaluation/surfaceSample.ts';
import { boxMask, ellipsoid } from './helpers.ts';

test('points lie on the shell, in LPS mm, each once; equal masks give equal points', () => {
  const box = boxMask([12, 12, 12], [2, 1, 0.5], [2, 2, 2], [9, 9, 9]);
  const all = surfaceSample(box, 10_000);
  expect(all.length / 3).toBe(8 ** 3 - 6 ** 3);
  const keys = new Set<string>();
  for (let i = 0; i < all.length; i += 3) {
    const [x, y, z] = all.subarray(i, i + 3);
    expect(Math.max(Math.abs(x) / 7, Math.abs(y) / 3.5, Math.abs(z) / 1.75)).toBe(1); // half sides between centres
    keys.add(`${x},${y},${z}`);
  }
  expect(keys.size).toBe(all.length / 3);
  expect(surfaceSample({ ...box, data: box.data.slice() }, 50)).toEqual(surfaceSample(box, 50));
  expect(surfaceSample({ ...box, data: new Uint8Array(1728) }).length).toBe(0);
});

test('the draw is even: the mean of many points is the centre', () => {
  const sphere = ellipsoid([48, 48, 48], [1, 1, 1], [23.5, 23.5, 23.5], [20, 20, 20]);
  const points = surfaceSample(sphere, 1500);
  expect(points.length).toBe(4500);
  for (let a = 0; a < 3; a++) {
    let sum = 0;
    for (let i = a; i < points.length; i += 3) sum += points[i];
    expect(Math.abs(sum / 1500)).toBeLessThan((5 * 20) / Math.sqrt(3 * 1500));
  }
});
