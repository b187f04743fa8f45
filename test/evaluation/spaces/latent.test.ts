import { expect, test } from 'vitest';
import { latentBoxes, poolLatent } from '../../../src/evaluation/spaces/latent.ts';

test('as many boxes as 512 numbers and two latents a side allow', () => {
  expect(latentBoxes([4, 8, 8, 8])).toEqual([4, 4, 4]);
  expect(latentBoxes([8, 48, 37, 54])).toEqual([3, 3, 3]);
  expect(latentBoxes([4, 5, 2, 9])).toEqual([2, 1, 4]);
  expect(latentBoxes([4, 1, 1, 1])).toEqual([1, 1, 1]);
  expect(latentBoxes([300, 8, 8, 8])).toEqual([1, 1, 1]);
});

test('poolLatent: means and deviations of each box by brute force, means first', () => {
  const shape = [2, 3, 4, 5];
  const boxes = [1, 2, 2];
  const z = Float32Array.from({ length: 120 }, (_, i) => Math.sin(3 * i));
  const pooled = poolLatent(z, shape, boxes);
  expect(pooled).toHaveLength(2 * 2 * 4);
  for (let c = 0; c < 2; c++)
    for (let by = 0; by < 2; by++)
      for (let bx = 0; bx < 2; bx++) {
        const own: number[] = [];
        for (let k = 0; k < 3; k++)
          for (let j = 0; j < 4; j++)
            for (let i = 0; i < 5; i++)
              // 5 latents in 2 boxes: 0 1 2 | 3 4.
              if (Math.floor(j / 2) === by && (i < 3 ? 0 : 1) === bx)
                own.push(z[((c * 3 + k) * 4 + j) * 5 + i]);
        const mean = own.reduce((a, b) => a + b, 0) / own.length;
        const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length;
        expect(pooled[c * 4 + by * 2 + bx]).toBeCloseTo(mean, 6);
        expect(pooled[8 + c * 4 + by * 2 + bx]).toBeCloseTo(Math.sqrt(variance), 6);
      }
});
