import { describe, expect, it } from 'vitest';
import { comparePair, type Pair } from '../../../src/downstream/align/paired.ts';
import { signFlipP } from '../../../src/evaluation/signFlip.ts';
import { RandomStream } from '../../../src/random/stream.ts';

describe('signFlipP', () => {
  it('is exact for few: all of one sign has 2 of 2^n', () => {
    expect(signFlipP([1, 2, 3, 4])).toBe(2 / 16);
    expect(signFlipP([-1, -1, -1])).toBe(2 / 8);
    expect(signFlipP([1, -1])).toBe(1);
    // |sum| >= 2 of +-1 +-1 +-2: 4, 2, 2, 0 and their opposites.
    expect(signFlipP([1, -1, 2])).toBe(6 / 8);
  });

  it('drawn flips come near the exact value', () => {
    const values = Array.from({ length: 14 }, (_, i) => (i % 5 === 0 ? -1 : 1));
    // Binomial: 11 or more of 14 alike, both tails: 2 (364 + 91 + 14 + 1) / 2^14.
    expect(signFlipP(values)).toBeCloseTo((2 * 470) / 2 ** 14, 2);
  });

  it('holds its level where nothing differs', () => {
    const stream = new RandomStream(9, 'test/pose', 0);
    let below = 0;
    for (let t = 0; t < 300; t++)
      if (signFlipP(Array.from({ length: 8 }, () => stream.normal())) <= 0.1) below++;
    expect(below / 300).toBeLessThan(0.15);
    expect(below / 300).toBeGreaterThan(0.05);
  });
});

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
