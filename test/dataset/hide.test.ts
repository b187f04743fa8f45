import { expect, test } from 'vitest';
import { hideBoxes } from '../../src/dataset/hide.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Vec3 } from '../../src/volume/volume.ts';

const SIZE: Vec3 = [20, 10, 40];
const voxels = 8000;

const hidden = (index: number, boxes: number, share: number) => {
  const data = new Float32Array(2 * voxels).fill(1);
  hideBoxes(data, voxels, SIZE, new RandomStream(1, 'test/hide', index), { boxes, share });
  return data;
};

test('one box of background, of the sides that were asked for, in its own mask only', () => {
  const starts = new Set<string>();
  for (let n = 0; n < 50; n++) {
    const data = hidden(n, 1, 0.4);
    expect(data.subarray(0, voxels).every((v) => v === 1)).toBe(true);
    const low = [99, 99, 99];
    const high = [-1, -1, -1];
    let count = 0;
    for (let at = 0; at < voxels; at++) {
      if (data[voxels + at] === 1) continue;
      expect(data[voxels + at]).toBe(-1);
      count++;
      const p = [at % 20, Math.floor(at / 20) % 10, Math.floor(at / 200)];
      for (let a = 0; a < 3; a++) {
        low[a] = Math.min(low[a], p[a]);
        high[a] = Math.max(high[a], p[a]);
      }
    }
    const sides = low.map((l, a) => high[a] - l + 1);
    expect(sides[0] * sides[1] * sides[2]).toBe(count);
    for (let a = 0; a < 3; a++) {
      expect(sides[a]).toBeGreaterThanOrEqual(0.2 * SIZE[a]);
      expect(sides[a]).toBeLessThanOrEqual(0.4 * SIZE[a]);
    }
    starts.add(low.join());
  }
  expect(starts.size).toBeGreaterThan(40);
});

test('no boxes, or boxes without extent, change nothing; the same stream hides the same', () => {
  expect(hidden(0, 0, 0.4)).toEqual(new Float32Array(2 * voxels).fill(1));
  expect(hidden(0, 3, 0)).toEqual(new Float32Array(2 * voxels).fill(1));
  expect(hidden(5, 2, 0.5)).toEqual(hidden(5, 2, 0.5));
  expect(hidden(5, 2, 0.5)).not.toEqual(hidden(6, 2, 0.5));
});
