import { expect, test } from 'vitest';
import { drawn, mixesOf } from '../../../src/study/task/mix.ts';

test('every number of real cases, of synthetic ones of each source, and both together', () => {
  const names = mixesOf({ real: [10, 5, 40], synthetic: [100] }, 21, ['otfm', 'ddpm']).map((m) => m.name);
  expect(names).toEqual([
    'real5',
    'real10',
    'real21',
    'otfm21',
    'otfm100',
    'ddpm21',
    'ddpm100',
    'real5+otfm100',
    'real10+otfm100',
    'real21+otfm100',
  ]);
});

test('every case once, in the same order for a seed and in another for another', () => {
  const cases = Array.from({ length: 30 }, (_, i) => i);
  const order = drawn(cases, 1);
  expect(order).not.toEqual(cases);
  expect(drawn(cases, 1)).toEqual(order);
  expect([...order].sort((a, b) => a - b)).toEqual(cases);
  expect(drawn(cases, 2).slice(0, 5)).not.toEqual(order.slice(0, 5));
});
