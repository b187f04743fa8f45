import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { otsuThreshold } from '../../src/volume/threshold.ts';

/** Between-class variance of `value > t`, from the definition. */
function between(data: ArrayLike<number>, t: number): number {
  const low = Array.from(data).filter((v) => v <= t);
  const high = Array.from(data).filter((v) => v > t);
  if (low.length === 0 || high.length === 0) return 0;
  const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  return low.length * high.length * (mean(low) - mean(high)) ** 2;
}

describe('otsuThreshold', () => {
  it('is the best of all thresholds, by trying each', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 60 }), (data) => {
        fc.pre(new Set(data).size > 1);
        const best = Math.max(...Array.from({ length: 256 }, (_, t) => between(data, t)));
        expect(between(data, otsuThreshold(data))).toBeCloseTo(best, 5);
      }),
    );
  });

  it('separates two heaps of real numbers, and Hounsfield units below zero', () => {
    const t = otsuThreshold(Float32Array.of(-1000.5, -999, -1001, 700, 650.25, 710));
    expect(t).toBeGreaterThan(-999);
    expect(t).toBeLessThan(650);
    expect(otsuThreshold(Int16Array.of(-1200, -1200, -1199))).toBe(-1200);
  });

  it('refuses a constant volume and one with NaN alone', () => {
    expect(() => otsuThreshold(Uint8Array.of(4, 4))).toThrow(VolumeError);
    expect(() => otsuThreshold(Float32Array.of(Number.NaN))).toThrow(VolumeError);
  });
});
