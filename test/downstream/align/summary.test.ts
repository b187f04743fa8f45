import { describe, expect, it } from 'vitest';
import { type Outcome, subjectInterval, summarise } from '../../../src/downstream/align/summary.ts';

const outcome = (subject: number, rotationDeg: number | null, more: Partial<Outcome> = {}): Outcome => ({
  subject: `s${subject}`,
  error:
    rotationDeg === null ? null : { rotationDeg, translationMm: rotationDeg / 2, treMm: rotationDeg * 2 },
  seconds: 1,
  uncertainty: null,
  ...more,
});

describe('summarise', () => {
  it('means, quantiles and shares are what they are by hand', () => {
    const errors = [0.5, 1.5, 3, 4, 12];
    const s = summarise(
      errors.map((e, i) => outcome(i, e)),
      10,
    );
    expect(s.rotationDeg?.mean.value).toBeCloseTo(4.2, 12);
    expect(s.rotationDeg?.median.value).toBe(3);
    expect(s.rotationDeg?.q95).toBeCloseTo(4 + 0.8 * 8, 12);
    expect(s.rotationDeg?.most).toBe(12);
    expect(s.rotationDeg?.deviation).toBeCloseTo(4.5634, 4);
    expect(s.treMm?.median.value).toBe(6);
    expect([s.below1, s.below2, s.below5, s.failed].map((e) => e.value)).toEqual([0.2, 0.4, 0.8, 0.2]);
    expect([s.asked, s.answered, s.subjects]).toEqual([5, 5, 5]);
    expect(s.within).toBeNull();
  });

  it('no answer has no error, is not below any limit, and has failed', () => {
    const s = summarise([outcome(0, 1.5), outcome(1, null), outcome(2, null), outcome(3, 0.5)], 10);
    expect(s.rotationDeg?.mean.value).toBe(1);
    expect(s.below2.value).toBe(0.5);
    expect(s.failed.value).toBe(0.5);
    expect([s.asked, s.answered]).toEqual([4, 2]);
    const none = summarise([outcome(0, null)], 10);
    expect(none.rotationDeg).toBeNull();
    expect(none.seconds).toBeNull();
    expect(none.failed.value).toBe(1);
  });

  it('a share that all agree on still has an interval', () => {
    const s = summarise(
      [0, 1, 2, 3, 4, 5].map((i) => outcome(i, 0.2)),
      10,
    );
    // Wilson, 0 of 6: 0 to 0.39.
    expect(s.failed.low).toBe(0);
    expect(s.failed.high).toBeCloseTo(0.3903, 3);
    expect(s.below1.low).toBeCloseTo(0.6097, 3);
  });

  it('counts what lies within the uncertainty that was given', () => {
    const uncertainty = { rotationDeg: 2, translationMm: 2 };
    const s = summarise(
      [1, 1.9, 3, 5].map((e, i) => outcome(i, e, { uncertainty })),
      10,
    );
    expect(s.within).toEqual({ rotation: 0.5, translation: 0.75 });
  });
});

describe('subjectInterval', () => {
  const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;

  it('repeats of a subject add nothing: the interval is that of subjects', () => {
    const singles = [1, 2, 3, 4, 5, 6, 7, 8].map((x) => [x]);
    const repeated = singles.map(([x]) => Array.from({ length: 20 }, () => x));
    const [low, high] = subjectInterval(singles, mean) ?? [0, 0];
    expect(subjectInterval(repeated, mean)?.map((x) => x.toFixed(9))).toEqual([
      low.toFixed(9),
      high.toFixed(9),
    ]);
    // Deviation of the mean of 8 drawn of 1 .. 8: sqrt(5.25 / 8) = 0.81.
    expect(high - low).toBeGreaterThan(2 * 1.96 * 0.81 * 0.9);
    expect(high - low).toBeLessThan(2 * 1.96 * 0.81 * 1.1);
  });

  it('there is none for fewer than three subjects', () => {
    expect(subjectInterval([[1, 2, 3], [4]], mean)).toBeUndefined();
    expect(subjectInterval([[1], [4], []], mean)).toBeUndefined();
  });
});
