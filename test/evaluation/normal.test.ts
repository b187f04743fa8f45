/** The normal tail against scipy and tables. (erfc and masses: test/training/privacy/accountant.test.ts.) */
import { expect, test } from 'vitest';
import { normalTail } from '../../src/evaluation/normal.ts';
import { fixture } from '../privacy/membership/helpers.ts';

test.each(fixture.normal)('the tail above %d', (z, tail) => {
  expect(Math.abs(normalTail(z) / tail - 1)).toBeLessThan(1e-12);
});

test('at tabled points, far out too', () => {
  expect(normalTail(0)).toBe(0.5);
  expect(normalTail(-1.959963985)).toBeCloseTo(0.975, 9);
  expect(normalTail(2.807033768)).toBeCloseTo(0.0025, 9);
  // 1 - Phi(6) = 9.8659e-10 (NIST).
  expect(normalTail(6) / 9.865876450377018e-10).toBeCloseTo(1, 6);
  expect(normalTail(-3.0001) - normalTail(-2.9999)).toBeCloseTo(0.0002 * 0.00443185, 8);
});
