import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from '../../src/config/suggest.ts';

test.each([
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['witdh', 'width', 1],
  ['ca', 'abc', 3],
  ['same', 'same', 0],
])('from %s to %s: %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('between the difference of lengths and the longer length; zero for equals alone', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const d = editDistance(a, b);
      return (
        d >= Math.abs(a.length - b.length) && d <= Math.max(a.length, b.length) && (d === 0) === (a === b)
      );
    }),
  );
});

test('the nearest name', () => {
  expect(nearestName('Small', ['tiny', 'small', 'reference'])).toBe('small');
  expect(nearestName('x', [])).toBeUndefined();
});
