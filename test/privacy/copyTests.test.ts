import { describe, expect, test } from 'vitest';
import {
  belowQuantileTail,
  benjaminiHochberg,
  fisherGreater,
  fitTail,
  tailP,
} from '../../src/privacy/copyTests.ts';
import { RandomStream } from '../../src/random/stream.ts';

test('belowQuantileTail equals the share of all arrangements', () => {
  // All C(7, 3) ways in which 3 new values lie among 4 old ones; how many of the new lie below the 2nd old one?
  const [m, n, rank] = [3, 4, 2];
  const counts = [0, 0, 0, 0];
  let total = 0;
  for (let bits = 0; bits < 1 << (m + n); bits++) {
    const order = Array.from({ length: m + n }, (_, i) => (bits >> i) & 1);
    if (order.filter((v) => v === 1).length !== m) continue;
    total++;
    let old = 0;
    let below = 0;
    for (const isNew of order) {
      if (isNew) below += old < rank ? 1 : 0;
      else old++;
    }
    counts[below]++;
  }
  for (let c = 0; c <= m; c++)
    expect(belowQuantileTail(c, m, rank, n)).toBeCloseTo(
      counts.slice(c).reduce((s, v) => s + v, 0) / total,
      10,
    );
  expect(() => belowQuantileTail(1, 3, 0, 4)).toThrow(/order statistic 0 of 4/);
});

test("fisherGreater: the lady tasting tea, and a table of Agresti's", () => {
  expect(fisherGreater(3, 4, 1, 4)).toBeCloseTo(17 / 70, 10);
  expect(fisherGreater(4, 4, 0, 4)).toBeCloseTo(1 / 70, 10);
  expect(fisherGreater(0, 5, 0, 5)).toBe(1);
});

describe('the tail', () => {
  const ratios = (n: number, d: number, seed: number) => {
    const random = new RandomStream(seed, 'test/ratios');
    return Array.from({ length: n }, () => (1 - random.uniform()) ** (1 / d));
  };

  test('of evenly spread shapes is r^D', () => {
    const tail = fitTail(ratios(20_000, 12, 1));
    expect(tail.scale).toBeCloseTo(1 / 12, 2);
    for (const r of [0.95, 0.8, 0.6]) expect(tailP(tail, r) / r ** 12).toBeCloseTo(1, 0);
    expect(tailP(tail, 0)).toBeLessThan(1e-60);
    expect(tailP(tail, 1)).toBe(1);
  });

  test('keeps its promise with few reals: so often a new one is below its own P', () => {
    // 400 worlds of 160 reals, 100 new shapes each: a least P below 0.05 / 100 is due in 5 % of them.
    let alarms = 0;
    for (let world = 0; world < 400; world++) {
      const tail = fitTail(ratios(160, 10, 1000 + world));
      if (ratios(100, 10, 5000 + world).some((r) => tailP(tail, r) < 0.05 / 100)) alarms++;
    }
    expect(alarms / 400).toBeGreaterThan(0.02);
    expect(alarms / 400).toBeLessThan(0.08);
  });

  test('the robust scale hardly moves for a few copies, the plain one does', () => {
    const real = ratios(400, 10, 2);
    const mixed = [...real.slice(12), ...Array<number>(12).fill(0.01)];
    expect(fitTail(mixed, true).scale / fitTail(real, true).scale).toBeLessThan(1.7);
    expect(fitTail(mixed).scale / fitTail(real).scale).toBeGreaterThan(2);
  });

  test('needs fifty', () => {
    expect(() => fitTail(ratios(49, 5, 3))).toThrow(/49 real shapes/);
  });
});

test('Benjamini-Hochberg: the example of their paper', () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
    0.759, 1,
  ];
  expect(benjaminiHochberg(p, 0.05).filter(Boolean).length).toBe(4);
  expect(benjaminiHochberg([0.9, 0.001], 0.01)).toEqual([false, true]);
  expect(benjaminiHochberg([], 0.05)).toEqual([]);
});
