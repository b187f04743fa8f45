import { describe, expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import {
  halfSampleInterval,
  pairedDifference,
  seedsThenCases,
  wilsonInterval,
} from '../../src/evaluation/bootstrap.ts';
import { crossDistances, selfDistances, subMatrix } from '../../src/evaluation/distanceMatrix.ts';
import { coverageShare, nearestNeighbourAccuracy } from '../../src/evaluation/setMetrics.ts';
import { mean } from '../../src/evaluation/statistics.ts';
import { RandomStream } from '../../src/random/stream.ts';

const normals = (index: number, n: number, purpose = 'test/bootstrap'): Float64Array =>
  new RandomStream(index, purpose).fillNormal(new Float64Array(n));

/** Share of `runs` intervals that hold the truth. */
function coverage(
  runs: number,
  truth: number,
  interval: (run: number) => { low: number; high: number },
): number {
  let hits = 0;
  for (let r = 0; r < runs; r++) {
    const { low, high } = interval(r);
    if (low <= truth && truth <= high) hits++;
  }
  return hits / runs;
}

describe('half-sampling', () => {
  test('of a mean: as wide as theory says, 2 . 1.96 s / sqrt n, and right in about 95 of 100 cases', () => {
    const of = (x: Float64Array, seed: number) =>
      halfSampleInterval([x.length], ([i]) => mean(Array.from(i, (k) => x[k])), { seed });
    const x = normals(1, 401);
    const { value, low, high } = of(x, 0);
    expect(value).toBe(mean(x));
    const s = Math.sqrt(mean(x.map((v) => (v - value) ** 2)));
    expect((high - low) / ((2 * 1.96 * s) / Math.sqrt(401))).toBeGreaterThan(0.85);
    expect((high - low) / ((2 * 1.96 * s) / Math.sqrt(401))).toBeLessThan(1.15);
    const share = coverage(300, 0, (r) => of(normals(r, 30), r));
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(0.98);
  });

  const d = (p: Float64Array, q: Float64Array) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
  /** Distances of 20 + 20 points, the second set shifted. */
  const points = (index: number) => {
    const set = (of: number, shift: number) =>
      Array.from({ length: 20 }, (_, i) => {
        const p = normals(100 * index + 2 * i + of, 3, 'test/points');
        p[0] += shift;
        return p;
      });
    const [x, y] = [set(0, 0), set(1, 1)];
    return { xx: selfDistances(x, d), xy: crossDistances(x, y, d), yy: selfDistances(y, d) };
  };
  const statistics = {
    '1-NNA': (m: ReturnType<typeof points>) => (a: Uint32Array, b: Uint32Array) =>
      nearestNeighbourAccuracy(subMatrix(m.xx, a, a), subMatrix(m.xy, a, b), subMatrix(m.yy, b, b)),
    coverage: (m: ReturnType<typeof points>) => (a: Uint32Array, b: Uint32Array) =>
      coverageShare(subMatrix(m.xy, a, b)),
  };
  const all = Uint32Array.from({ length: 20 }, (_, i) => i);
  for (const [name, statistic] of Object.entries(statistics))
    test(`of ${name}: holds the expectation over new sets (300 of them) in at least 90 of 100 cases`, () => {
      const truth = mean(Array.from({ length: 300 }, (_, s) => statistic(points(5000 + s))(all, all)));
      const share = coverage(120, truth, (r) => {
        const of = statistic(points(r));
        return halfSampleInterval([20, 20], ([a, b]) => of(a, b), { seed: r, resamples: 100 });
      });
      expect(share).toBeGreaterThan(0.9);
    });

  test('a difference of arms on shared cases is far narrower than one of each alone', () => {
    const cases = normals(1, 60).map((v) => 10 * v);
    const better = cases.map((v, i) => v + 1 + 0.1 * normals(2, 60)[i]);
    const pick = (x: Float64Array, i: Uint32Array) => mean(Array.from(i, (k) => x[k]));
    const paired = halfSampleInterval([60], ([i]) => pick(better, i) - pick(cases, i));
    const alone = halfSampleInterval([60], ([i]) => pick(better, i));
    expect(paired.low).toBeGreaterThan(0.9);
    expect(paired.high - paired.low).toBeLessThan((alone.high - alone.low) / 20);
  });

  test('shares: never an empty interval, inside [0, 1], and Wilson by hand', () => {
    expect(halfSampleInterval([10], () => 1, { range: [0, 1] })).toEqual({ value: 1, low: 1, high: 1 });
    const { low, high } = halfSampleInterval([10], () => 1, { range: [0, 1], trials: 10 });
    const z2 = 1.959964 ** 2 / 10;
    expect(low).toBeCloseTo(1 / (1 + z2), 10); // Wilson at share 1
    expect(high).toBeCloseTo(1, 12);
    const [from, to] = wilsonInterval(0.5, 10);
    expect([from, to].map((v) => v.toFixed(4))).toEqual(['0.2366', '0.7634']);
    const cut = halfSampleInterval([8], ([i]) => mean(Array.from(i, (k) => k)), { range: [3.4, 3.6] });
    expect([cut.low, cut.high]).toEqual([3.4, 3.6]);
  });

  test('halves hold no copies and have half the members of each set; it can be repeated', () => {
    const sizes: number[][] = [];
    const statistic = (indices: Uint32Array[]) => {
      for (const i of indices) expect(new Set(i).size).toBe(i.length);
      sizes.push(indices.map((i) => i.length));
      return indices[0][0] + indices[1][0];
    };
    const first = halfSampleInterval([9, 4], statistic, { resamples: 20 });
    expect(sizes[0]).toEqual([9, 4]);
    expect(sizes.slice(1)).toEqual(Array(20).fill([4, 2]));
    expect(halfSampleInterval([9, 4], statistic, { resamples: 20 })).toEqual(first);
  });

  test('sets too small, one resample, a statistic that is not finite', () => {
    expect(() => halfSampleInterval([3], () => 1)).toThrow(NumericsError);
    expect(() => halfSampleInterval([30], () => 1, { resamples: 1 })).toThrow(NumericsError);
    expect(() => halfSampleInterval([30], () => Number.NaN)).toThrow(/not finite/);
  });
});

describe('seeds, then cases', () => {
  /** `seeds` rows of 20 cases: the seed's own value, and what its cases add. */
  const study = (r: number, seeds: number, cases: 'own' | 'shared', between: number, within: number) => {
    const random = new RandomStream(r, `test/study-${cases}`);
    const shared = Float64Array.from({ length: 20 }, () => within * random.normal());
    return Array.from({ length: seeds }, () => {
      const own = between * random.normal();
      return shared.map(
        (v) => own + (cases === 'own' ? within * random.normal() : v + 0.5 * random.normal()),
      );
    });
  };
  for (const cases of ['own', 'shared'] as const)
    for (const [seeds, between, within] of [
      [3, 1, 1],
      [5, 1, 5],
      [5, 0, 5],
    ])
      test(`${cases} cases, ${seeds} seeds, deviations ${between} and ${within}: right in 86 of 100 cases or more`, () => {
        const share = coverage(250, 0, (r) =>
          seedsThenCases(study(r, seeds, cases, between, within), { cases, seed: r, resamples: 200 }),
        );
        expect(share).toBeGreaterThan(0.86);
        expect(share).toBeLessThan(0.995);
      });

  test('cases as seeds without any variation: the deviation is that of the mean over seeds', () => {
    const { value, low, high } = seedsThenCases([
      [1, 1],
      [3, 3],
      [5, 5],
    ]);
    expect(value).toBe(3);
    // Two draws of three, deviations -2 .. 2, widened by t(2)/z.
    expect(high - 3).toBeCloseTo((2 * 4.30265) / 1.959964, 6);
    expect(3 - low).toBeCloseTo((2 * 4.30265) / 1.959964, 6);
  });

  test('a paired difference: value, side and width; the arms exchanged mirror it', () => {
    const base = normals(1, 50).map((v) => 10 * v);
    const noise = normals(2, 50);
    const a = base.map((v, i) => v + 1 + 0.5 * noise[i]);
    const got = pairedDifference(a, base);
    expect(got.value).toBeCloseTo(1 + 0.5 * mean(noise), 10);
    const theory = (2 * 1.96 * 0.5) / Math.sqrt(50);
    expect((got.high - got.low) / theory).toBeGreaterThan(0.75);
    expect((got.high - got.low) / theory).toBeLessThan(1.25);
    expect(got.aboveZero).toBe(1);
    const back = pairedDifference(base, a);
    expect(back.low).toBeCloseTo(-got.high, 1);
    expect(back.aboveZero).toBe(0);
    expect(pairedDifference(base, base)).toEqual({ value: 0, low: 0, high: 0, aboveZero: 0.5 });
  });

  test('one seed, no cases, unequal pairs, NaN', () => {
    expect(() => seedsThenCases([[1, 2]])).toThrow(NumericsError);
    expect(() => seedsThenCases([[1, 2], []])).toThrow(NumericsError);
    expect(() => seedsThenCases([[1, 2], [1]], { cases: 'shared' })).toThrow(/same cases/);
    expect(() =>
      seedsThenCases([
        [1, 2],
        [1, Number.NaN],
      ]),
    ).toThrow(/finite/);
    expect(() => pairedDifference([1, 2], [1])).toThrow(NumericsError);
    expect(() => pairedDifference([], [])).toThrow(NumericsError);
  });
});
