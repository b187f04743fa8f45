/** The normal tail against scipy. */
import { expect, test } from 'vitest';
import { normalTail } from '../../../src/privacy/membership/normal.ts';
import { fixture } from './helpers.ts';

test.each(fixture.normal)('the tail above %d', (z, tail) => {
  expect(Math.abs(normalTail(z) / tail - 1)).toBeLessThan(1e-12);
});
