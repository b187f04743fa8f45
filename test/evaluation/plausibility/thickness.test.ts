import { expect, test } from 'vitest';
import { localThickness, meanThickness } from '../../../src/evaluation/plausibility/thickness.ts';
import { squaredDistanceTransform } from '../../../src/volume/distanceTransform.ts';
import type { Mask } from '../../../src/volume/volume.ts';
import { boxMask, maskOf } from '../helpers.ts';

test.each([1, 2, 3, 4, 5, 8])('a plate of %i voxels: true to half a voxel, in mm', (w) => {
  const plate = maskOf([40, 40, 24], [1.5, 1.5, 1.5], (_, __, k) => k >= 6 && k < 6 + w);
  const thickness = localThickness(plate);
  const at = 20 + 40 * (20 + 40 * (6 + Math.floor(w / 2)));
  expect(thickness[at]).toBeCloseTo(1.5 * (w % 2 === 1 ? w + 0.5 : w - 0.5), 4);
  expect(thickness[0]).toBe(0);
});

test('plates over all widths are right on average', () => {
  let off = 0;
  for (let w = 1; w <= 8; w++) {
    const plate = maskOf([40, 40, 16], [1, 1, 1], (_, __, k) => k >= 4 && k < 4 + w);
    off += localThickness(plate)[20 + 40 * (20 + 40 * (4 + Math.floor(w / 2)))] - w;
  }
  expect(Math.abs(off / 8)).toBeLessThan(1e-3);
});

test('a ball is as thick as its diameter, a cylinder as its own, to half a voxel', () => {
  const ball = maskOf([30, 30, 30], [0.8, 0.8, 0.8], (i, j, k) => Math.hypot(i - 14, j - 14, k - 14) <= 10);
  expect(Math.abs(meanThickness(ball) - 0.8 * 20.5)).toBeLessThan(0.8);
  const rod = maskOf([30, 30, 60], [1, 1, 1], (i, j) => Math.hypot(i - 14, j - 14) <= 6);
  expect(Math.abs(localThickness(rod)[14 + 30 * (14 + 30 * 30)] - 12.5)).toBeLessThan(1);
});

/** The definition, word for word: the largest 2 r - s / 2 of all balls about bone voxels that cover the voxel. */
function byDefinition({ data, size, spacing }: Mask): Float64Array {
  const [nx, ny, nz] = size;
  const [px, py, pz] = [nx + 2, ny + 2, nz + 2];
  const background = new Uint8Array(px * py * pz).fill(1);
  const place = (at: number) => [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
  for (let at = 0; at < data.length; at++) {
    const [i, j, k] = place(at);
    if (data[at] !== 0) background[i + 1 + px * (j + 1 + py * (k + 1))] = 0;
  }
  const squared = squaredDistanceTransform(background, [px, py, pz], spacing);
  const out = new Float64Array(data.length);
  for (let at = 0; at < data.length; at++) {
    if (data[at] === 0) continue;
    const p = place(at);
    for (let c = 0; c < data.length; c++) {
      if (data[c] === 0) continue;
      const q = place(c);
      const r2 = squared[q[0] + 1 + px * (q[1] + 1 + py * (q[2] + 1))];
      const d2 = p.reduce((sum, v, a) => sum + ((v - q[a]) * spacing[a]) ** 2, 0);
      if (d2 < r2 * (1 - 1e-5)) out[at] = Math.max(out[at], 2 * Math.sqrt(r2) - Math.min(...spacing) / 2);
    }
  }
  return out;
}

test('leaving out balls inside others changes nothing, on anisotropic grids too', () => {
  for (const spacing of [
    [1, 1, 1],
    [0.7, 1, 1.9],
  ] as const) {
    const odd = maskOf(
      [13, 11, 10],
      spacing,
      (i, j, k) =>
        Math.hypot(i - 5, j - 5, 1.3 * (k - 4)) < 4 || (i > 7 && j < 6 && k > 1) || (i + j === 12 && k > 4),
    );
    const expected = byDefinition(odd);
    const found = localThickness(odd);
    for (let at = 0; at < found.length; at++) expect(found[at]).toBeCloseTo(expected[at], 4);
  }
});

test('bone at the edge of the grid ends there; empty masks are refused', () => {
  const full = boxMask([5, 20, 20], [1, 1, 1], [0, 0, 0], [4, 19, 19]);
  expect(localThickness(full)[2 + 5 * (10 + 20 * 10)]).toBeCloseTo(5.5, 4);
  expect(() => meanThickness({ ...full, data: new Uint8Array(2000) })).toThrow(/empty/);
});
