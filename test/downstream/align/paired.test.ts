import { describe, expect, it } from 'vitest';
import { comparePair, type Pair } from '../../../src/downstream/align/paired.ts';

describe('comparePair', () => {
  const names = { first: 'a', second: 'b', pose: 'any', condition: 'whole' };
  const pair = (subject: string, a: number, b: number): Pair => ({
    subject,
    first: { rotationDeg: a, treMm: a },
    second: { rotationDeg: b, treMm: 2 * b },
  });

  it('averages a subject before it compares', () => {
    const found = comparePair(names, [pair('x', 1, 2), pair('x', 1, 4), pair('y', 1, 3), pair('z', 3, 2)]);
    // Subjects: -2, -2, 1.
    expect(found?.rotationDeg.value).toBeCloseTo(-1, 12);
    expect(found?.subjects).toBe(3);
    expect(found?.scans).toBe(4);
    expect(found?.firstNearer).toBe(0.75);
    expect(found?.treMm.value).toBeCloseTo((-5 - 5 - 1) / 3, 12);
  });

  it('says nothing of two subjects', () => {
    expect(comparePair(names, [pair('x', 1, 2), pair('y', 1, 3)])).toBeUndefined();
  });
});
