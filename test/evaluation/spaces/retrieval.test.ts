import { expect, test } from 'vitest';
import { NumericsError } from '../../../src/errors.ts';
import { retrievalAccuracy } from '../../../src/evaluation/spaces/retrieval.ts';
import { featuresOf, normalFeatures } from '../helpers.ts';

test('counts the views whose partner is nearest', () => {
  // First views at 0, 10, 20; second views beside the first, beside the third, far off.
  const views = featuresOf([0, 10, 20, 1, 19, 40], 1);
  // 0 finds 1; 1 finds 0; 10's nearest is 1 and 19 at 9: a tie; 20's is 19; 19's is 20; 40's is 20, its own partner.
  expect(retrievalAccuracy(views, ['a', 'b', 'c'])).toBe(3 / 6);
});

test('views of the same subject are no distraction', () => {
  const views = featuresOf([0, 0.1, 9, 1, 1.1, 10], 1);
  expect(retrievalAccuracy(views, ['a', 'b', 'c'])).toBe(2 / 6);
  expect(retrievalAccuracy(views, ['a', 'a', 'c'])).toBe(1);
});

test('features that are all alike find nothing; unrelated views find by chance', () => {
  expect(retrievalAccuracy(featuresOf(new Float32Array(12), 2), ['a', 'b', 'c'])).toBe(0);
  const n = 200;
  const accuracy = retrievalAccuracy(
    normalFeatures(1, 2 * n, 8),
    Array.from({ length: n }, (_, i) => `${i}`),
  );
  expect(accuracy).toBeLessThan(0.02);
});

test('one subject, or rows that are not two a case, are refused', () => {
  expect(() => retrievalAccuracy(featuresOf([0, 1, 2, 3], 1), ['a', 'a'])).toThrow(NumericsError);
  expect(() => retrievalAccuracy(featuresOf([0, 1, 2], 1), ['a', 'b'])).toThrow(/3 views of 2 cases/);
});
