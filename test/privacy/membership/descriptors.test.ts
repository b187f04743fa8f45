/** Descriptors of boxes of bone, by hand. */
import { expect, test } from 'vitest';
import type { DatasetCase } from '../../../src/dataset/manifest.ts';
import { describeCases } from '../../../src/privacy/membership/descriptors.ts';
import { centredGrid, type Mask } from '../../../src/volume/volume.ts';

const SIDE = 16;

/** A box of bone from `from` on, of the given sides, in a grid of 16^3. */
function box(from: readonly number[], sides: readonly number[]): Mask {
  const data = new Uint8Array(SIDE ** 3);
  for (let k = 0; k < sides[2]; k++)
    for (let j = 0; j < sides[1]; j++)
      for (let i = 0; i < sides[0]; i++) data[from[0] + i + SIDE * (from[1] + j + SIDE * (from[2] + k))] = 1;
  return { ...centredGrid([SIDE, SIDE, SIDE], [1, 1, 1]), data };
}

const caseOf = (quality: number, attribution: string) => ({ quality, attribution }) as DatasetCase;

const masks = [box([0, 4, 8], [4, 4, 4]), box([0, 4, 8], [4, 4, 4]), box([2, 0, 0], [2, 8, 6])];
const { plain, boxes, unusual } = describeCases(
  [caseOf(6, 'a'), caseOf(6, 'a'), caseOf(4, 'b')],
  (i) => masks[i],
);

test('size, surface, place and spread', () => {
  const [log, surface, ...rest] = plain[0];
  expect(log).toBeCloseTo(Math.log(64), 12);
  // Where the box touches the grid's border that side is surface too.
  expect(surface).toBeCloseTo(1 - 8 / 64, 12);
  expect(rest.slice(0, 3)).toEqual([1.5, 5.5, 9.5]);
  for (const spread of rest.slice(3, 6)) expect(spread).toBeCloseTo(Math.sqrt(1.25), 12);
});

test('class and source as dummies of all but the commonest', () => {
  expect(plain.map((row) => row.slice(8))).toEqual([
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
});

test('boxes: x fastest', () => {
  expect(boxes[0]).toHaveLength(64);
  expect(boxes[0].indexOf(1)).toBe(0 + 4 * (1 + 4 * 2));
  expect(boxes[0].reduce((a, b) => a + b)).toBe(1);
});

test('a bone that has a twin is less unusual than one that has none', () => {
  expect(unusual[0][0]).toBe(0);
  expect(unusual[2][0]).toBeGreaterThan(1);
  expect(unusual[2][1]).toBeCloseTo(unusual[2][0], 12);
  expect(unusual[0][1]).toBeCloseTo(unusual[2][0] / 2, 12);
});
