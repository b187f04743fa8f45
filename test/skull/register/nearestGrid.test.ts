import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { lookUp, nearestGrid } from '../../../src/skull/register/nearestGrid.ts';
import type { Surface } from '../../../src/skull/register/surface.ts';

const stream = new RandomStream(4, 'test/nearest');
const n = 800;
const points = new Float32Array(3 * n);
for (let i = 0; i < n; i++) {
  const [x, y, z] = stream.fillNormal(new Float64Array(3));
  const r = 40 / Math.hypot(x, y, z);
  points.set([r * x + 5, 1.4 * r * y, 0.8 * r * z - 20], 3 * i);
}
const surface: Surface = { points, normals: points, centroid: [5, 0, -20], radius: 40 };

const distance = (i: number, x: number, y: number, z: number) =>
  Math.hypot(points[3 * i] - x, points[3 * i + 1] - y, points[3 * i + 2] - z);

describe('nearestGrid', () => {
  const grid = nearestGrid(surface, 2, 10);

  it('is the brute-force answer at the centres of cells, but for few, off by part of a cell', () => {
    let wrong = 0;
    let cells = 0;
    let excess = 0;
    for (let k = 1; k < grid.size[2] - 1; k += 3)
      for (let j = 1; j < grid.size[1] - 1; j += 3)
        for (let i = 1; i < grid.size[0] - 1; i += 3) {
          const [x, y, z] = [i, j, k].map((c, a) => grid.origin[a] + (c + 0.5) * grid.cell);
          let best = Infinity;
          for (let p = 0; p < n; p++) best = Math.min(best, distance(p, x, y, z));
          const found = distance(lookUp(grid, x, y, z), x, y, z);
          expect(found - best).toBeLessThan(1.2 * grid.cell);
          excess += found - best;
          cells++;
          if (found > best + 1e-4) wrong++;
        }
    expect(cells).toBeGreaterThan(2000);
    // The points are three cells apart here, and the sphere's middle is equally far from all.
    expect(wrong / cells).toBeLessThan(0.06);
    expect(excess / cells).toBeLessThan(0.01 * grid.cell);
  });

  it('answers outside the box with a point of the near side', () => {
    for (const [x, y, z] of [
      [500, 0, -20],
      [-300, 200, 90],
    ]) {
      const found = lookUp(grid, x, y, z);
      let best = Infinity;
      for (let p = 0; p < n; p++) best = Math.min(best, distance(p, x, y, z));
      expect(distance(found, x, y, z)).toBeLessThan(best * 1.1);
    }
  });

  it('finds the one point there is from anywhere', () => {
    const one = nearestGrid({ ...surface, points: Float32Array.of(1, 2, 3) }, 1, 4);
    for (const p of [
      [1, 2, 3],
      [-3, 6, 7],
      [9, 9, -9],
    ])
      expect(lookUp(one, p[0], p[1], p[2])).toBe(0);
  });
});
