import { expect, test } from 'vitest';
import { resizeMask } from '../../../src/evaluation/spaces/resize.ts';
import { RandomStream } from '../../../src/random/stream.ts';

test('finer: linear between voxel centres, edges continued', () => {
  const close = (values: number[]) => values.map((v) => expect.closeTo(v, 6));
  expect([...resizeMask(Uint8Array.of(0, 1), [2, 1, 1], [4, 1, 1])]).toEqual(close([0, 0.25, 0.75, 1]));
  // Centres of 3 voxels on 2: -1/6, 1/2, 7/6.
  expect([...resizeMask(Uint8Array.of(1, 0), [1, 2, 1], [1, 3, 1])]).toEqual(close([1, 0.5, 0]));
});

test('coarser: the mean over each new voxel, so the volume stays, also at the edge of the field of view', () => {
  const random = new RandomStream(1, 'test/resize');
  const data = Uint8Array.from({ length: 6 * 5 * 7 }, () => (random.uniform() < 0.5 ? 1 : 0));
  const out = resizeMask(data, [6, 5, 7], [3, 2, 7]);
  expect(out).toHaveLength(42);
  const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;
  expect(mean(out)).toBeCloseTo(mean(data), 6);
  // Voxel (1, 0, 4): x 2..3, y 0, 1 and half of 2.
  const at = (i: number, j: number) => data[i + 6 * (j + 5 * 4)];
  const sum = (j: number) => at(2, j) + at(3, j);
  expect(out[1 + 3 * (0 + 2 * 4)]).toBeCloseTo((sum(0) + sum(1) + 0.5 * sum(2)) / 5, 6);
});

test('the same voxels, and one axis coarser while another is finer', () => {
  const data = Uint8Array.of(1, 0, 0, 7, 1, 0, 0, 1);
  expect([...resizeMask(data, [2, 2, 2], [2, 2, 2])]).toEqual([1, 0, 0, 1, 1, 0, 0, 1]);
  const out = resizeMask(Uint8Array.of(1, 1, 0, 0), [2, 2, 1], [1, 4, 1]);
  expect([...out]).toEqual([1, 0.75, 0.25, 0].map((v) => expect.closeTo(v, 6)));
});
