import { expect, test } from 'vitest';
import { crossDistances, selfDistances } from '../../src/evaluation/distanceMatrix.ts';
import { energyDistance } from '../../src/evaluation/energy.ts';
import { mean } from '../../src/evaluation/statistics.ts';
import { RandomStream } from '../../src/random/stream.ts';

const gap = (p: number, q: number) => Math.abs(p - q);
const of = (a: number[], b: number[]) =>
  energyDistance(selfDistances(a, gap), crossDistances(a, b, gap), selfDistances(b, gap));

test('worked by hand: 2 mean across, less the means inside', () => {
  // Across: 3, 5, 1, 3 (mean 3); inside: 2 and 2.
  expect(of([0, 2], [3, 5])).toBe(2 * 3 - 2 - 2);
  expect(() => of([0], [3, 5])).toThrow(/sets of 1 and 2/);
});

test('equal distributions: 0 on average, also for few; a shift: what two normal distributions have', () => {
  const random = new RandomStream(3, 'test/energy');
  const draw = (n: number, shift = 0) => Array.from({ length: n }, () => shift + random.normal());
  const alike = Array.from({ length: 2000 }, () => of(draw(4), draw(6)));
  expect(Math.abs(mean(alike))).toBeLessThan(0.03);
  // E|x - y| of normals a mean m apart, deviation s = sqrt 2: s sqrt(2/pi) exp(-m^2/2s^2) + m erf(m / (s sqrt 2)).
  const [s, m, erf1] = [Math.SQRT2, 2, 0.8427007929497149];
  const across = s * Math.sqrt(2 / Math.PI) * Math.exp(-1) + m * erf1;
  const expected = 2 * across - (2 * 2) / Math.sqrt(Math.PI);
  const apart = Array.from({ length: 400 }, () => of(draw(10), draw(10, m)));
  expect(Math.abs(mean(apart) - expected)).toBeLessThan(0.1);
});
