import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  ASYMMETRY_WAVES,
  FACTORS,
  meanPhantomParameters,
  PARAMETERS,
  type ParameterName,
  samplePhantomParameters,
} from '../../../src/skull/phantom/parameters.ts';

const names = Object.keys(PARAMETERS) as ParameterName[];
const count = 4000;
const people = Array.from({ length: count }, (_, i) => samplePhantomParameters(3, i));

/** Correlation of two measurements over `people`. */
function correlation(a: ParameterName, b: ParameterName): number {
  const ma = people.reduce((s, p) => s + p[a], 0) / count;
  const mb = people.reduce((s, p) => s + p[b], 0) / count;
  let [ab, aa, bb] = [0, 0, 0];
  for (const p of people) {
    ab += (p[a] - ma) * (p[b] - mb);
    aa += (p[a] - ma) ** 2;
    bb += (p[b] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

describe('samplePhantomParameters', () => {
  it('is a pure function of seed and index', () => {
    expect(samplePhantomParameters(3, 17)).toEqual(people[17]);
    expect(samplePhantomParameters(4, 17)).not.toEqual(people[17]);
    expect(people[16]).not.toEqual(people[17]);
  });

  it('refuses an index that is no whole number', () => {
    expect(() => samplePhantomParameters(1, -1)).toThrow(UsageError);
    expect(() => samplePhantomParameters(0.5, 1)).toThrow(UsageError);
  });

  it.each(names)('%s has the mean, deviation and range of its row', (name) => {
    const { mean, sd, range, loadings } = PARAMETERS[name];
    expect(loadings).toHaveLength(FACTORS.length);
    expect(loadings.reduce((s, l) => s + l * l, 0)).toBeLessThan(1);
    const m = people.reduce((s, p) => s + p[name], 0) / count;
    const v = people.reduce((s, p) => s + (p[name] - m) ** 2, 0) / (count - 1);
    expect(Math.abs(m - mean)).toBeLessThan(0.08 * sd);
    // Clipping at the range takes a little off the deviation, never adds.
    expect(Math.sqrt(v) / sd).toBeGreaterThan(0.9);
    expect(Math.sqrt(v) / sd).toBeLessThan(1.04);
    for (const p of people) expect(p[name] >= range[0] && p[name] <= range[1]).toBe(true);
  });

  it('correlates measurements by the product of their loadings', () => {
    const pairs: [ParameterName, ParameterName][] = [
      ['nasalHeight', 'upperFaceHeight'],
      ['cranialLength', 'cranialBreadth'],
      ['browProjection', 'mastoidLength'],
      ['gonialAngle', 'ramusHeight'],
      ['jawOpening', 'chinHeight'],
    ];
    for (const [a, b] of pairs) {
      const wanted = PARAMETERS[a].loadings.reduce((s, l, k) => s + l * PARAMETERS[b].loadings[k], 0);
      expect(Math.abs(correlation(a, b) - wanted)).toBeLessThan(0.06);
    }
    expect(correlation('nasalHeight', 'upperFaceHeight')).toBeGreaterThan(0.5);
    expect(correlation('gonialAngle', 'ramusHeight')).toBeLessThan(-0.15);
  });

  it('draws bounded asymmetry of mean zero, none in the mean skull', () => {
    const all = people.flatMap((p) => p.asymmetry);
    expect(all).toHaveLength(count * ASYMMETRY_WAVES);
    expect(Math.abs(all.reduce((s, a) => s + a, 0) / all.length)).toBeLessThan(0.01);
    expect(Math.max(...all.map(Math.abs).slice(0, 20000))).toBeLessThanOrEqual(1.4);
    expect(meanPhantomParameters().asymmetry.every((a) => a === 0)).toBe(true);
  });
});
