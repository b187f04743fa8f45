import { describe, expect, it } from 'vitest';
import { formatNumber, tick } from '../../src/report/number.ts';

describe('formatNumber', () => {
  it('keeps four digits and stays readable', () => {
    const shown = [
      0.913421,
      12.3456,
      1204,
      3123456,
      0,
      -0.5,
      3.14e-7,
      1e-4,
      -1200,
      2.5e12,
      Number.NaN,
      Infinity,
    ];
    expect(shown.map(formatNumber)).toEqual([
      '0.9134',
      '12.35',
      '1,204',
      '3,123,456',
      '0',
      '−0.5',
      '3.1e-7',
      '0.0001',
      '−1,200',
      '2,500,000,000,000',
      'not a number',
      '∞',
    ]);
  });
});

describe('tick', () => {
  it('tells neighbours on a narrow axis apart, and rounds off what sums of steps leave', () => {
    expect([0.99985, 0.9999, 300, 150, 0.1 + 0.2, 1_200_000, -0.05, 1.25e-5].map(tick)).toEqual([
      '0.99985',
      '0.9999',
      '300',
      '150',
      '0.3',
      '1,200,000',
      '−0.05',
      '1.25e-5',
    ]);
  });
});
