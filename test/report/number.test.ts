import { describe, expect, it } from 'vitest';
import { formatNumber } from '../../src/report/number.ts';

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
