import { expect, test } from 'vitest';
import { axesOfGram, centredGram } from '../../src/evaluation/axes.ts';
import { pickRows } from '../../src/evaluation/featureSet.ts';
import { axesFor, fitPca } from '../../src/evaluation/pca.ts';
import { featuresOf, normalFeatures } from './helpers.ts';

test('as many axes as the linear model of the same members, for any of them', () => {
  const set = normalFeatures(3, 30, 12);
  for (let i = 0; i < set.values.length; i++) set.values[i] *= 1 / (1 + (i % 12)) + 5e-3 * (i % 5);
  const gram = centredGram(set);
  for (const members of [Array.from({ length: 30 }, (_, i) => i), [3, 7, 8, 20, 21, 29], [0, 1, 2]])
    for (const share of [0.5, 0.9, 0.99])
      expect(axesOfGram(gram, members, share)).toBe(axesFor(fitPca(pickRows(set, members)), share));
});

test('two axes of equal variance: one for half, two for all; copies have none', () => {
  const cross = featuresOf([1, 0, -1, 0, 0, 1, 0, -1], 2);
  expect(axesOfGram(centredGram(cross), [0, 1, 2, 3], 0.5)).toBe(1);
  expect(axesOfGram(centredGram(cross), [0, 1, 2, 3], 0.9)).toBe(2);
  expect(axesOfGram(centredGram(cross), [1, 1], 0.9)).toBe(0);
});
