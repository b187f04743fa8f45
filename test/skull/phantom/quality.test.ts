import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { makePhantom, phantomGrid } from '../../../src/skull/phantom/phantom.ts';
import {
  QUALITIES,
  QUALITY_COUNTS,
  sampleDefects,
  sampleQuality,
} from '../../../src/skull/phantom/quality.ts';

const extent = { top: 105, bottom: -105, halfBreadth: 70, halfLength: 90 };

describe('quality classes', () => {
  it('come with the shares of the reference data (chi-square, 4 degrees of freedom, below the 0.1 % point)', () => {
    const n = 5000;
    const seen = QUALITIES.map(() => 0);
    for (let i = 0; i < n; i++) seen[sampleQuality(new RandomStream(11, 'test', i)) - 2]++;
    const total = QUALITY_COUNTS.reduce((s, c) => s + c, 0);
    const chi2 = seen.reduce((s, o, i) => {
      const e = (n * QUALITY_COUNTS[i]) / total;
      return s + (o - e) ** 2 / e;
    }, 0);
    expect(chi2).toBeLessThan(18.47);
  });

  it('6 has nothing wrong; 5 lost teeth only; 4 has holes; 3 and 2 are cut at the crown or the chin', () => {
    for (let i = 0; i < 200; i++) {
      const d = QUALITIES.map((q) => sampleDefects(q, extent, new RandomStream(1, 'test', i)));
      const lost = d.map(({ teeth }) => 32 - teeth.reduce((s, t) => s + t, 0));
      const cut = d.map(({ crown, chin }) => crown.offset < Infinity || chin.offset > -Infinity);
      expect(cut).toEqual([true, true, false, false, false]);
      expect(lost[4]).toBe(0);
      expect(lost[3]).toBeGreaterThan(0);
      expect(lost[3]).toBeLessThanOrEqual(5);
      expect(d[3].holes).toHaveLength(0);
      expect(d[2].holes.length).toBeGreaterThan(0);
      expect(d[0].holes.length).toBeGreaterThan(0);
    }
  });

  it('only ever take bone away, and class 2 takes much', () => {
    const grid = phantomGrid(32);
    for (let index = 0; index < 8; index++) {
      const whole = makePhantom({ seed: 6, index, grid, quality: 6 }).mask.data;
      for (const quality of QUALITIES) {
        const { data } = makePhantom({ seed: 6, index, grid, quality }).mask;
        let kept = 0;
        let added = 0;
        for (let o = 0; o < data.length; o++) {
          kept += data[o] & whole[o];
          added += data[o] & ~whole[o];
        }
        const share = kept / whole.reduce((s, v) => s + v, 0);
        expect(added).toBe(0);
        if (quality === 6) expect(share).toBe(1);
        if (quality === 2) expect(share).toBeLessThan(0.95);
        expect(share).toBeGreaterThan(0.4);
      }
    }
  });
});
