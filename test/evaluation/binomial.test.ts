/** Exact tails against scipy. */
import { expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { clopperPearson, hypergeometricTail } from '../../src/evaluation/binomial.ts';
import { fixture } from '../privacy/membership/helpers.ts';

test.each(fixture.clopper)('Clopper-Pearson of %d in %d', (k, n, low, high) => {
  const found = clopperPearson(k, n);
  expect(found[0]).toBeCloseTo(low, 10);
  expect(found[1]).toBeCloseTo(high, 10);
});

test.each(fixture.hypergeometric)(
  'at most %d: %d with %d marked, %d drawn',
  (k, total, marked, draws, cdf) => {
    expect(Math.abs(hypergeometricTail(k, total, marked, draws) / cdf - 1)).toBeLessThan(1e-9);
  },
);

test('counts that cannot be are refused', () => {
  for (const [k, n] of [
    [3, 2],
    [-1, 4],
    [0, 0],
    [0.5, 4],
  ])
    expect(() => clopperPearson(k, n)).toThrow(NumericsError);
});
