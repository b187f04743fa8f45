/** The blind attack: quiet where groups are of one kind, loud where they are not. */
import { expect, test } from 'vitest';
import { blindBaseline } from '../../../src/privacy/membership/blind.ts';
import { normals } from './helpers.ts';

const cases = (count: number, width: number, seed: number) =>
  Array.from({ length: count }, (_, i) => normals(width, 0, 1000 * seed + i));
const first = (m: number, n: number) => Array.from({ length: m + n }, (_, i) => i < m);

test('groups of one kind: p-values are spread evenly, even where there are more features than cases', () => {
  const runs = 30;
  let low = 0;
  let sum = 0;
  for (let r = 0; r < runs; r++) {
    const { auc, pValue } = blindBaseline(cases(30, 40, r), first(18, 12), { permutations: 19 });
    if (pValue <= 0.1) low++;
    sum += pValue;
    expect(auc.low).toBeLessThan(auc.high);
  }
  expect(low).toBeLessThanOrEqual(9); // 3 expected; more than 9 in 0.02 %
  expect(sum / runs).toBeGreaterThan(0.36); // mean 0.525, deviation 0.053
  expect(sum / runs).toBeLessThan(0.68);
});

test('groups that differ in one feature of many are told apart', () => {
  const features = cases(120, 30, 1);
  for (let i = 0; i < 60; i++) features[i][17] += 1.5;
  const { auc, pValue } = blindBaseline(features, first(60, 60));
  expect(auc.value).toBeGreaterThan(0.75);
  expect(pValue).toBe(1 / 200);
});

test('the same every time', () => {
  const features = cases(30, 4, 7);
  expect(blindBaseline(features, first(15, 15))).toEqual(blindBaseline(features, first(15, 15)));
  expect(blindBaseline(features, first(15, 15), { seed: 1 })).not.toEqual(
    blindBaseline(features, first(15, 15)),
  );
});
