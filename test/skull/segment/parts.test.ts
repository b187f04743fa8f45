/** The small steps on shapes of known answer: holes, islands, the sphere's directions, faces. */
import { expect, test } from 'vitest';
import { faceAreas } from '../../../src/skull/segment/braincase.ts';
import { sphereDirections } from '../../../src/skull/segment/directions.ts';
import { fillSmallHoles } from '../../../src/skull/segment/holes.ts';
import { removeIslands } from '../../../src/skull/segment/islands.ts';
import { centredGrid, type Mask } from '../../../src/volume/volume.ts';

/** A mask of 40^3 voxels of 1 mm. */
function shape(inside: (x: number, y: number, z: number) => boolean): Mask {
  const data = new Uint8Array(64000).map((_, p) =>
    inside(p % 40, Math.floor(p / 40) % 40, Math.floor(p / 1600)) ? 1 : 0,
  );
  return { ...centredGrid([40, 40, 40], [1, 1, 1]), data };
}
const count = (m: Mask): number => m.data.reduce((n, v) => n + v, 0);
const box =
  (x0: number, y0: number, z0: number, a: number, b = a, c = a) =>
  (x: number, y: number, z: number): boolean =>
    x >= x0 && x < x0 + a && y >= y0 && y < y0 + b && z >= z0 && z < z0 + c;

test('pockets below the limit are filled, larger ones, open ones and those on the border stay', () => {
  const block = box(0, 5, 5, 30);
  const small = box(10, 10, 10, 2);
  const large = box(20, 20, 20, 3);
  const border = box(0, 20, 20, 2);
  const open = (x: number, y: number, z: number): boolean => x === 25 && z === 10 && y >= 5 && y < 8;
  const mask = shape(
    (x, y, z) => block(x, y, z) && !small(x, y, z) && !large(x, y, z) && !border(x, y, z) && !open(x, y, z),
  );
  const { mask: filled, step } = fillSmallHoles(mask, 10);
  expect(step.count).toBe(8);
  expect(count(filled)).toBe(count(mask) + 8);
  expect(filled.data[10 + 40 * (10 + 40 * 10)]).toBe(1);
  expect(filled.data[21 + 40 * (21 + 40 * 21)]).toBe(0);
});

test('islands: large ones stay anywhere, small ones only beside the skull, specks nowhere', () => {
  const skull = box(0, 0, 0, 20);
  const flap = box(22, 22, 22, 16);
  const tooth = box(21, 5, 5, 3);
  const gland = box(28, 3, 3, 4);
  const speck = box(5, 22, 5, 1);
  const mask = shape((...p) => [skull, flap, tooth, gland, speck].some((s) => s(...p)));
  const { mask: kept, step } = removeIslands(mask);
  expect(step.count).toBe(2);
  const wanted = shape((...p) => [skull, flap, tooth].some((s) => s(...p)));
  expect(kept.data).toEqual(wanted.data);
});

test('the area of bone on each face', () => {
  const areas = faceAreas({ ...shape(box(0, 30, 5, 10)), spacing: [1, 2, 3] });
  const found = Object.fromEntries(areas.map((f) => [`${f.axis}${f.end}`, f.area]));
  expect(found).toEqual({ '00': 10 * 10 * 6, '01': 0, '10': 0, '11': 10 * 10 * 3, '20': 0, '21': 0 });
});

test('directions are of length 1, balanced, and no place of the sphere is far from one', () => {
  const n = 2000;
  const d = sphereDirections(n);
  const sum = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    expect(Math.hypot(d[3 * i], d[3 * i + 1], d[3 * i + 2])).toBeCloseTo(1, 12);
    for (let a = 0; a < 3; a++) sum[a] += d[3 * i + a] / n;
  }
  expect(Math.hypot(...sum)).toBeLessThan(2e-3);
  // The share of directions in a cap is the cap's share of the sphere, wherever it lies: (1 - cos 30) / 2.
  for (const axis of [
    [0, 0, 1],
    [1, 0, 0],
    [0.6, -0.64, 0.48],
  ]) {
    let inside = 0;
    for (let i = 0; i < n; i++)
      inside +=
        axis[0] * d[3 * i] + axis[1] * d[3 * i + 1] + axis[2] * d[3 * i + 2] > Math.cos(Math.PI / 6) ? 1 : 0;
    expect(Math.abs(inside / n - (1 - Math.cos(Math.PI / 6)) / 2)).toBeLessThan(0.004);
  }
});
