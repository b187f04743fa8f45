/** Distances between surfaces against closed forms: concentric spheres, a sphere and its copy moved along an axis. */
import { expect, test } from 'vitest';
import { extractSurface } from '../../src/mesh/surface.ts';
import { centredGrid, voxelToWorld } from '../../src/volume/volume.ts';
import { distanceColours, summarise, surfaceDistances } from '../../web/ui/distances.ts';

/** A sphere of `radius` mm about (x, 0, 0), its surface exact but for linear interpolation. */
function sphere(radius: number, x = 0) {
  const grid = centredGrid([40, 40, 40], [1, 1, 1]);
  const data = new Float32Array(40 ** 3);
  for (let p = 0; p < data.length; p++) {
    const at = voxelToWorld(grid, p % 40, Math.floor(p / 40) % 40, Math.floor(p / 1600));
    data[p] = radius - Math.hypot(at[0] - x, at[1], at[2]);
  }
  return extractSurface({ ...grid, data }, 0);
}

test('between concentric spheres it is the difference of the radii, positive outside', () => {
  const [large, small] = [sphere(14), sphere(11)];
  for (const d of surfaceDistances(large, small)) expect(Math.abs(d - 3)).toBeLessThan(0.1);
  for (const d of surfaceDistances(small, large)) expect(Math.abs(d + 3)).toBeLessThan(0.1);
});

test('to a moved copy it is at most the way, and zero on average of both sides', () => {
  const found = summarise(surfaceDistances(sphere(12), sphere(12, 2)));
  expect(found.most).toBeGreaterThan(1.9);
  expect(found.most).toBeLessThan(2.05);
  // |d| = 2 |cos| in first order; its mean over a sphere is 1.
  expect(Math.abs(found.mean - 1)).toBeLessThan(0.05);
});

test('outside a thin plate every vertex is outside, at its edges and corners too', () => {
  const grid = centredGrid([24, 24, 24], [1, 1, 1]);
  const box = (x: number, y: number, z: number) => {
    const data = new Float32Array(24 ** 3);
    for (let p = 0; p < data.length; p++) {
      const at = voxelToWorld(grid, p % 24, Math.floor(p / 24) % 24, Math.floor(p / 576));
      data[p] = Math.min(x - Math.abs(at[0]), y - Math.abs(at[1]), z - Math.abs(at[2]));
    }
    return extractSurface({ ...grid, data }, 0);
  };
  const [plate, around] = [box(8.3, 8.3, 1.2), box(10.2, 10.2, 3.4)];
  for (const d of surfaceDistances(around, plate)) expect(d).toBeGreaterThan(1.5);
  for (const d of surfaceDistances(plate, around)) expect(d).toBeLessThan(-1.5);
});

test('to itself it is zero, to nothing it is infinite', () => {
  const one = sphere(9);
  expect(Math.max(...surfaceDistances(one, one).map(Math.abs))).toBeLessThan(1e-4);
  const none = { positions: new Float32Array(), indices: new Uint32Array() };
  expect(surfaceDistances(one, none).every((d) => d === Number.POSITIVE_INFINITY)).toBe(true);
});

test('colours are neutral at zero and full at the end of the scale and beyond', () => {
  const [zero, end, beyond, less] = [0, 5, 50, -5].map((d) => [...distanceColours(Float32Array.of(d), 5)]);
  expect(Math.max(...zero) - Math.min(...zero)).toBeLessThan(15);
  expect(beyond).toEqual(end);
  expect(end[0]).toBeGreaterThan(end[2]);
  expect(less[2]).toBeGreaterThan(less[0]);
});
