/** One number a case out of many, and one case a person. */
import { expect, test } from 'vitest';
import { ShapeError } from '../../../src/errors.ts';
import {
  bySubject,
  columnOf,
  combined,
  standardised,
  tableOf,
} from '../../../src/privacy/membership/errorTable.ts';

test('columns go in and come out', () => {
  const table = tableOf(
    ['a', 'b'],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  );
  expect([...table.values]).toEqual([1, 4, 2, 5, 3, 6]);
  expect([...columnOf(table, 1)]).toEqual([4, 5, 6]);
  expect(() => tableOf(['a', 'b'], [[1, 2], [3]])).toThrow(ShapeError);
});

test('standardised: mean 0, deviation 1; a constant column says nothing', () => {
  const column = standardised(Float64Array.from([1, 2, 3, 6]));
  expect(column.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
  expect(column.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 12);
  expect([...standardised(Float64Array.from([0.1, 0.1, 0.1]))]).toEqual([0, 0, 0]);
});

test('scores: standardised columns weigh alike, raw ones by their size; less error is more of a member', () => {
  const table = tableOf(
    ['small', 'large'],
    [
      [1, 2, 3],
      [300, 200, 100],
    ],
  );
  for (const score of combined(table, 'standardised')) expect(score).toBeCloseTo(0, 12);
  expect([...combined(table, 'mean')]).toEqual([-150.5, -101, -51.5]);
});

test('cases of one person become their mean, in the order of first appearance', () => {
  const table = tableOf(
    ['a', 'b'],
    [
      [1, 2, 3, 4],
      [10, 20, 30, 40],
    ],
  );
  const found = bySubject(table, ['x', 'y', 'x', 'z']);
  expect(found.subjects).toEqual(['x', 'y', 'z']);
  expect([...found.table.values]).toEqual([2, 20, 2, 20, 4, 40]);
  expect(bySubject(table, ['a', 'b', 'c', 'd']).table).toBe(table);
});
