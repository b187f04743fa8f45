import { expect, test } from 'vitest';
import {
  eachRow,
  featureMean,
  frameOf,
  innerProducts,
  pickRows,
  totalVariance,
} from '../../src/evaluation/featureSet.ts';
import { featuresOf, normalFeatures } from './helpers.ts';

test('inner products and squared distances are those of a plain loop, in parts too', () => {
  const a = normalFeatures(1, 71, 9);
  const b = normalFeatures(2, 13, 9);
  const all = innerProducts(a, b);
  const part = innerProducts(a, b, 3, 9);
  eachRow(a, b, (i, squared) => {
    for (let j = 0; j < b.count; j++) {
      let [dot, distance] = [0, 0];
      for (let k = 0; k < 9; k++) {
        dot += a.values[i * 9 + k] * b.values[j * 9 + k];
        distance += (a.values[i * 9 + k] - b.values[j * 9 + k]) ** 2;
      }
      expect(all.values[i * 13 + j]).toBeCloseTo(dot, 12);
      expect(squared[j]).toBeCloseTo(distance, 12);
      if (i >= 3 && i < 9) expect(part.values[(i - 3) * 13 + j]).toBe(all.values[i * 13 + j]);
    }
  });
});

test('mean and variance by hand; total variance is half the mean squared distance of a pair', () => {
  const set = featuresOf([0, 0, 2, 0, 4, 3], 2);
  expect([...featureMean(set)]).toEqual([2, 1]);
  expect(totalVariance(set)).toBeCloseTo(4 + 3, 14); // variances 4 and 3
  expect((4 + 25 + 13) / 3 / 2).toBeCloseTo(totalVariance(set), 14); // |ab|^2, |ac|^2, |bc|^2
  expect(pickRows(set, [2, 0])).toEqual(featuresOf([4, 3, 0, 0], 2));
});

test('the frame of a set: its own mean is 0, its variance its dimension; a set of copies is only shifted', () => {
  const set = normalFeatures(3, 40, 5, 3, 7);
  const framed = frameOf(set)(set);
  for (const m of featureMean(framed)) expect(m).toBeCloseTo(0, 6);
  expect(totalVariance(framed)).toBeCloseTo(5, 5);
  expect(frameOf(featuresOf([1, 2, 1, 2], 2))(featuresOf([3, 5], 2))).toEqual(featuresOf([2, 3], 2));
});
