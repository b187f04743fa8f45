import { describe, expect, it } from 'vitest';
import {
  bySubject,
  isApart,
  notApartText,
  pairedEffect,
  pText,
  subjectMeans,
  tooFewSubjects,
} from '../../src/evaluation/paired.ts';
import { leastSignFlipP, signFlipP } from '../../src/evaluation/signFlip.ts';
import { RandomStream } from '../../src/random/stream.ts';

describe('signFlipP', () => {
  it('is exact for few: all of one sign has 2 of 2^n', () => {
    expect(signFlipP([1, 2, 3, 4])).toBe(2 / 16);
    expect(signFlipP([-1, -1, -1])).toBe(2 / 8);
    expect([3, 4].map(leastSignFlipP)).toEqual([2 / 8, 2 / 16]);
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

describe('pairedEffect', () => {
  it('averages a subject first, and leaves out what has no value', () => {
    const rows = [
      { subject: 'x', v: 1 },
      { subject: 'y', v: undefined },
      { subject: 'x', v: 4 },
      { subject: 'z', v: -1 },
    ];
    expect(subjectMeans(bySubject(rows, (row) => row.v))).toEqual([2.5, -1]);
  });

  it('calls apart what interval and p both say', () => {
    const all = pairedEffect([1, 2, 1, 2, 1, 2, 1, 2]);
    expect([all.value, all.p, all.subjects]).toEqual([1.5, 2 / 256, 8]);
    expect(all.low).toBeGreaterThan(1);
    expect(all.high).toBeLessThan(2);
    expect(isApart(all)).toBe(true);
    // Five that agree: the interval leaves 0 out, but p is 2 of 32.
    expect(isApart(pairedEffect([1, 2, 1, 2, 1]))).toBe(false);
    expect(isApart({ low: -1, high: 1, p: 0.01 })).toBe(false);
    expect(isApart({ low: 0.5, high: 0.9, p: 0.01 }, 1)).toBe(true);
    expect([5, 6].map(tooFewSubjects)).toEqual([true, false]);
    expect(notApartText(4)).toBe('not told: of 4 subjects p is never below 0.13');
    expect(notApartText(6)).toBe('not told apart');
    expect([pText(0.0004), pText(0.0208)]).toEqual(['< 0.001', '0.021']);
  });
});
