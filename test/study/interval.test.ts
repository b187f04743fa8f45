/** Intervals against closed forms, and their coverage by simulation. */
import { describe, expect, test } from 'vitest';
import { student } from '../../src/evaluation/statistics.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { halfSamples, type Sampled } from '../../src/study/headline.ts';
import {
  advantage,
  armEstimate,
  badness,
  metricAdvantage,
  metricEstimate,
  seedHalfWidth,
  steadier,
} from '../../src/study/interval.ts';

const flat = (value: number): Sampled => ({ value, cases: 10, halves: [value, value] });

test("Student's t: published 97.5 % points, table and expansion", () => {
  for (const [df, t] of [
    [1, 12.706],
    [2, 4.30265],
    [9, 2.262],
    [11, 2.201],
    [15, 2.131],
    [30, 2.042],
    [100, 1.984],
  ])
    expect(student(df)).toBeCloseTo(t, 3);
  expect(student(0)).toBe(Number.POSITIVE_INFINITY);
});

test('over seeds: t s / sqrt n', () => {
  expect(seedHalfWidth([1, 2, 3])).toBeCloseTo(4.30265 / Math.sqrt(3), 6);
  expect(seedHalfWidth([5])).toBe(0);
  const e = armEstimate([flat(1), flat(2), flat(3)]);
  expect(e.value).toBe(2);
  expect(e.high - e.value).toBeCloseTo(4.30265 / Math.sqrt(3), 6);
  expect(e.seeds).toBe(3);
});

test('every direction of better comes out as less badness', () => {
  expect(badness(0.9, 'near 0.5')).toBeCloseTo(0.4);
  expect(badness(0.4, 'near 0.5')).toBeCloseTo(0.1);
  expect(badness(3, 'lower')).toBe(3);
  expect(badness(3, 'higher')).toBe(-3);
  expect(badness(0.7, 'near 1')).toBeCloseTo(0.3);
  expect(badness(3, 'near reference', 5)).toBe(2);
});

test('an advantage is above 0 where OTFM is better, whichever way is good', () => {
  expect(advantage([flat(1)], [flat(3)], 'lower').value).toBe(2);
  expect(advantage([flat(1)], [flat(3)], 'higher').value).toBe(-2);
  expect(advantage([flat(0.6)], [flat(0.2)], 'near 0.5').value).toBeCloseTo(0.2);
});

test('pairing: luck that both arms share cancels', () => {
  const luck = Array.from({ length: 50 }, (_, r) => Math.sin(r));
  const arm = (shift: number): Sampled => ({ value: shift, cases: 10, halves: luck.map((l) => l + shift) });
  const paired = advantage([arm(1)], [arm(3)], 'lower');
  expect(paired.high - paired.low).toBeCloseTo(0, 9);
  const alone = armEstimate([arm(1)]);
  expect(alone.high - alone.low).toBeGreaterThan(1.5);
});

test('a share that no half-sample moves keeps the width of Wilson, within 0 and 1', () => {
  const stuck: Sampled = { value: 1, cases: 20, trials: 40, halves: Array(20).fill(1) };
  const e = armEstimate([stuck]);
  // Wilson at 40 of 40: 40 / (40 + 1.96^2) = 0.9124
  expect([e.low, e.high]).toEqual([expect.closeTo(0.9124, 3), 1]);
  const other: Sampled = { value: 0.9, cases: 20, trials: 40, halves: Array(20).fill(0.9) };
  const difference = advantage([other], [stuck], 'near 0.5');
  expect(difference.value).toBeCloseTo(0.1);
  expect(difference.low).toBeLessThan(0);
});

test('halves depend on the size, the seed and the count alone, and hold no copies', () => {
  const options = { seed: 3, resamples: 20 };
  const halves = halfSamples(9, options);
  expect(halves).toEqual(halfSamples(9, options));
  expect(halves).not.toEqual(halfSamples(9, { ...options, seed: 4 }));
  expect(halves).toHaveLength(20);
  for (const { reals, fakes } of halves) {
    expect([reals.length, fakes.length]).toEqual([4, 4]);
    expect(new Set(reals).size).toBe(4);
    expect(Math.max(...reals, ...fakes)).toBeLessThan(9);
  }
});

/** Arms whose cases are normal numbers: true means `shift` apart, seeds scattered by `scatter`. */
function simulate(run: number, seeds: number, scatter: number, shift: number) {
  const random = new RandomStream(run, 'test/coverage');
  const n = 30;
  const luck = Array.from({ length: n }, () => random.normal());
  const halves = halfSamples(n, { seed: run, resamples: 150 });
  const arm = (centre: number): Sampled[] =>
    Array.from({ length: seeds }, () => {
      const own = centre + scatter * random.normal();
      const made = luck.map((l) => l + own + 0.5 * random.normal());
      const mean = (indices: ArrayLike<number>) =>
        Array.from(indices).reduce((sum, i) => sum + made[i], 0) / indices.length;
      return {
        value: mean(made.map((_, i) => i)),
        cases: n,
        halves: halves.map(({ reals }) => mean(reals)),
      };
    });
  return advantage(arm(0), arm(shift), 'lower');
}

test('95 % intervals cover a known difference in 90 % of studies or more, with 3 seeds and with 1', () => {
  for (const [seeds, scatter] of [
    [3, 0.3],
    [3, 0],
    [1, 0],
  ]) {
    let covered = 0;
    for (let run = 0; run < 150; run++) {
      const { low, high } = simulate(run, seeds, scatter, 0.4);
      if (low <= 0.4 && 0.4 <= high) covered++;
    }
    expect(covered / 150, `${seeds} seeds, scatter ${scatter}`).toBeGreaterThanOrEqual(0.9);
  }
});

test('figures that are not half-sampled: own intervals and seeds, squares added', () => {
  const metric = (value: number, half?: number) => ({
    value,
    ...(half !== undefined && { low: value - half, high: value + half }),
    n: 10,
    unit: '' as const,
    better: 'lower' as const,
    meaning: '',
  });
  const e = metricEstimate([metric(2, 0.5)]);
  expect([e.low, e.high]).toEqual([1.5, 2.5]);
  const d = metricAdvantage([metric(2, 3)], [metric(5, 4)])!;
  expect([d.value, d.low, d.high]).toEqual([3, -2, 8]);
  expect(metricAdvantage([metric(2)], [metric(5)])).toBeUndefined();
  const seeds = metricAdvantage([metric(1), metric(1)], [metric(2), metric(4)])!;
  expect(seeds.high - seeds.value).toBeCloseTo(12.706, 2);
});

test('differences of shares stay within what shares can differ by', () => {
  const share = (value: number, spread: number): Sampled => ({
    value,
    cases: 10,
    trials: 10,
    halves: [value - spread, value + spread],
  });
  expect(advantage([share(1, 0.4)], [share(0, 0.4)], 'higher')).toMatchObject({ value: 1, high: 1 });
  expect(advantage([share(0, 0.4)], [share(1, 0.4)], 'higher')).toMatchObject({ value: -1, low: -1 });
  expect(advantage([share(0.5, 0.3)], [share(1, 0.3)], 'near 0.5').high).toBeLessThanOrEqual(0.5);
  // Other figures know no bound.
  expect(advantage([flat(0)], [{ ...flat(3), halves: [1, 5] }], 'lower').high).toBeGreaterThan(3);
});

describe('which arm scatters less over seeds', () => {
  const wide = [1, 5, 9, 2, 8];
  const narrow = [4.1, 4, 4.2, 4.1, 4];
  test('found, mirrored, and not where both scatter alike, are too few, or do not scatter', () => {
    expect(steadier(wide, narrow)).toBe('ddpm');
    expect(steadier(narrow, wide)).toBe('otfm');
    expect(steadier(wide, [2, 7, 3, 9, 4])).toBe('undecided');
    expect(steadier(wide.slice(0, 2), narrow.slice(0, 2))).toBe('undecided');
    expect(steadier([1, 1, 1], [1, 1, 1])).toBe('undecided');
  });
  test('equal scatter is told apart in about 5 % of studies', () => {
    const random = new RandomStream(3, 'test/steadier');
    const draw = (n: number): number[] => Array.from(random.fillNormal(new Float32Array(n)));
    let told = 0;
    for (let i = 0; i < 2000; i++) if (steadier(draw(6), draw(6)) !== 'undecided') told++;
    expect(told / 2000).toBeGreaterThan(0.03);
    expect(told / 2000).toBeLessThan(0.07);
  });
});
