import { expect, test } from 'vitest';
import { drawReal, mixesOf } from '../../../src/study/task/mix.ts';

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

test('fewer real cases are part of more, and another seed draws others', () => {
  const cases = Array.from({ length: 30 }, (_, i) => i);
  const five = drawReal(cases, 5, 1);
  expect(new Set(five).size).toBe(5);
  expect(drawReal(cases, 12, 1).slice(0, 5)).toEqual(five);
  expect(drawReal(cases, 30, 1).sort((a, b) => a - b)).toEqual(cases);
  expect(drawReal(cases, 5, 2)).not.toEqual(five);
});
