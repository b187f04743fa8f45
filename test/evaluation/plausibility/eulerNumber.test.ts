import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eulerNumber } from '../../../src/evaluation/plausibility/eulerNumber.ts';
import { labelComponents } from '../../../src/volume/components.ts';
import type { Mask, Vec3 } from '../../../src/volume/volume.ts';
import { maskOf } from '../helpers.ts';

const SIZE: Vec3 = [24, 24, 24];
const from = (x: number, y: number, z: number) => (i: number, j: number, k: number) =>
  Math.hypot(i - x, j - y, k - z);
const ball = (x: number, y: number, z: number, r: number) => (i: number, j: number, k: number) =>
  from(x, y, z)(i, j, k) <= r;
const mask = (inside: (i: number, j: number, k: number) => boolean): Mask => maskOf(SIZE, [1, 1, 1], inside);
const torus = (i: number, j: number, k: number) =>
  Math.hypot(Math.hypot(i - 11.5, j - 11.5) - 7, k - 11.5) <= 2.5;

test.each([
  ['nothing', () => false, 0],
  ['everything: the grid is a block', () => true, 1],
  ['a voxel in the corner of the grid', (i: number, j: number, k: number) => i + j + k === 0, 1],
  ['a ball', ball(11.5, 11.5, 11.5, 8), 1],
  ['a ring: a tunnel', torus, 0],
  [
    'two balls',
    (i: number, j: number, k: number) => ball(5, 5, 5, 4)(i, j, k) || ball(17, 17, 17, 4)(i, j, k),
    2,
  ],
  [
    'a hollow ball: a cavity',
    (i: number, j: number, k: number) =>
      ball(11.5, 11.5, 11.5, 9)(i, j, k) && !ball(11.5, 11.5, 11.5, 5)(i, j, k),
    2,
  ],
  [
    'a ring and a ball inside its hole',
    (i: number, j: number, k: number) => torus(i, j, k) || ball(11.5, 11.5, 11.5, 2)(i, j, k),
    1,
  ],
  [
    'a block with two tunnels that cross: 1 - 3 (one crossing makes a third)',
    (i: number, j: number, k: number) =>
      [i, j, k].every((v) => v > 3 && v < 20) &&
      !(Math.abs(i - 11) < 2 && Math.abs(j - 11) < 2) &&
      !(Math.abs(i - 11) < 2 && Math.abs(k - 11) < 2),
    -2,
  ],
  [
    'a hollow torus: 1 - 2 + 1',
    (i: number, j: number, k: number) => {
      const d = Math.hypot(Math.hypot(i - 11.5, j - 11.5) - 7, k - 11.5);
      return d <= 4 && d > 1.5;
    },
    0,
  ],
] as const)('%s', (_, inside, expected) => {
  expect(eulerNumber(mask(inside))).toBe(expected);
});

test('voxels that share a corner or an edge are one piece; holes do not leak through them', () => {
  const two = (...b: [number, number, number]) =>
    mask((i, j, k) => (i === 5 && j === 5 && k === 5) || (i === b[0] && j === b[1] && k === b[2]));
  expect(eulerNumber(two(6, 6, 6))).toBe(1);
  expect(eulerNumber(two(6, 6, 5))).toBe(1);
  expect(eulerNumber(two(6, 5, 5))).toBe(1);
  expect(eulerNumber(two(7, 5, 5))).toBe(2);
  // Four voxels around an axis, joined by edges: a ring, through which the background passes.
  const diamond = mask((i, j, k) => k === 5 && Math.abs(i - 5) + Math.abs(j - 5) === 1);
  expect(eulerNumber(diamond)).toBe(0);
});

/** Corners - edges + faces - cubes, each cell of the union counted once by its doubled coordinates. */
function byCells({ data, size: [nx, ny, nz] }: Mask): number {
  const cells = new Set<number>();
  const [wx, wy] = [2 * nx + 1, 2 * ny + 1];
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, at++)
        if (data[at] !== 0)
          for (let c = 0; c < 27; c++)
            cells.add(
              2 * i + (c % 3) + wx * (2 * j + (Math.floor(c / 3) % 3) + wy * (2 * k + Math.floor(c / 9))),
            );
  let sum = 0;
  for (const cell of cells) {
    // A cell's dimension is the number of its odd coordinates.
    const parity =
      ((cell % wx) % 2) + ((Math.floor(cell / wx) % wy) % 2) + (Math.floor(cell / (wx * wy)) % 2);
    sum += parity % 2 === 0 ? 1 : -1;
  }
  return sum;
}

test('any mask: the count of its cells, one by one', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
      ),
      fc.infiniteStream(fc.boolean()),
      (size, bits) => {
        const data = new Uint8Array(size[0] * size[1] * size[2]);
        for (let i = 0; i < data.length; i++) data[i] = bits.next().value ? 1 : 0;
        const made = { ...mask(() => false), size, data };
        expect(eulerNumber(made)).toBe(byCells(made));
      },
    ),
    { numRuns: 60 },
  );
});

test('without tunnels and cavities it is the number of pieces', () => {
  const specks = mask((i, j, k) => i % 3 === 0 && j % 3 === 0 && k % 3 === 0);
  expect(eulerNumber(specks)).toBe(labelComponents(specks.data, SIZE, 26).sizes.length);
  expect(eulerNumber(specks)).toBe(512);
});
