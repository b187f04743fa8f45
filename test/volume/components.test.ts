import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Connectivity, labelComponents, largestComponents } from '../../src/volume/components.ts';
import type { Vec3 } from '../../src/volume/volume.ts';

/** Flood fill, the slow and plain way: sizes in falling order. */
function floodSizes(mask: ArrayLike<number>, [nx, ny, nz]: Vec3, connectivity: Connectivity): number[] {
  const seen = new Set<number>();
  const sizes: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || seen.has(start)) continue;
    const queue = [start];
    seen.add(start);
    for (let q = 0; q < queue.length; q++) {
      const p = queue[q];
      const [i, j, k] = [p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))];
      for (let dz = -1; dz <= 1; dz++)
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) {
            if (connectivity === 6 && Math.abs(dx) + Math.abs(dy) + Math.abs(dz) !== 1) continue;
            const [x, y, z] = [i + dx, j + dy, k + dz];
            const t = x + nx * (y + ny * z);
            if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz || mask[t] === 0 || seen.has(t))
              continue;
            seen.add(t);
            queue.push(t);
          }
    }
    sizes.push(queue.length);
  }
  return sizes.sort((a, b) => b - a);
}

describe('labelComponents', () => {
  it.each([6, 26] as const)('%i neighbours: agrees with a flood fill on random masks', (connectivity) => {
    const size: Vec3 = [6, 5, 4];
    fc.assert(
      fc.property(fc.uint8Array({ max: 2, minLength: 120, maxLength: 120 }), (raw) => {
        const mask = raw.map((v) => (v === 0 ? 1 : 0));
        const { labels, sizes } = labelComponents(mask, size, connectivity);
        expect(sizes).toEqual(floodSizes(mask, size, connectivity));
        sizes.forEach((n, c) => {
          expect(labels.filter((l) => l === c + 1).length).toBe(n);
        });
        expect([...labels].map((l) => (l > 0 ? 1 : 0))).toEqual([...mask]);
      }),
    );
  });

  it('tells corner contact from face contact', () => {
    const mask = [1, 0, 0, 0, 0, 0, 0, 1];
    expect(labelComponents(mask, [2, 2, 2], 26).sizes).toEqual([2]);
    expect(labelComponents(mask, [2, 2, 2], 6).sizes).toEqual([1, 1]);
  });

  it('does not connect the end of one row with the start of the next', () => {
    expect(labelComponents([0, 0, 1, 1, 0, 0], [3, 2, 1], 26).sizes).toEqual([1, 1]);
  });
});

describe('largestComponents', () => {
  it('keeps the largest, the first of equals', () => {
    const mask = [1, 0, 1, 1, 0, 1, 1, 0, 1];
    expect([...largestComponents(mask, [9, 1, 1], 1)]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0]);
    expect([...largestComponents(mask, [9, 1, 1], 2)]).toEqual([0, 0, 1, 1, 0, 1, 1, 0, 0]);
    expect([...largestComponents(mask, [9, 1, 1], 9)]).toEqual(mask);
  });
});
