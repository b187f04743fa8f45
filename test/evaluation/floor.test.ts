import { describe, expect, test } from 'vitest';
import { addDistribution, addPrdc } from '../../src/evaluation/distributionMetrics.ts';
import { FLOOR_DRAWS, poolSize, realFloor } from '../../src/evaluation/floor.ts';
import { metricDoc } from '../../src/evaluation/metricDocs.ts';
import { rankP } from '../../src/evaluation/permutation.ts';
import {
  type Explained,
  everyMember,
  type HalvesOptions,
  type MetricTable,
} from '../../src/evaluation/setReport.ts';
import { mean } from '../../src/evaluation/statistics.ts';
import { tailOf, type Verdict, verdictOf } from '../../src/evaluation/verdict.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { normalFeatures } from './helpers.ts';

test('a pool of at least twice the size, of 4 to 8 times where there are so many', () => {
  expect([poolSize(19, 10), poolSize(20, 10), poolSize(60, 10), poolSize(1000, 10)]).toEqual([0, 20, 60, 80]);
  expect([poolSize(1000, 40), poolSize(1000, 100)]).toEqual([200, 400]);
  expect(() => realFloor(1, { pool: 19, size: 10, statistic: () => 0 }, { seed: 0, tail: 'upper' })).toThrow(
    /19 real shapes to draw 10/,
  );
});

test('draws of a mean have the spread of new sets, however small the pool', () => {
  // The mean of n of N values, widened: s^2 (1/n + 1/N).
  const values = new RandomStream(1, 'test/floor').fillNormal(new Float64Array(40));
  const centre = mean(values);
  const s2 = values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / 39;
  const { low, high, median, draws } = realFloor(
    0,
    { pool: 40, size: 10, statistic: (members) => mean(Array.from(members, (i) => values[i])) },
    { seed: 0, tail: 'both', draws: 4000 },
  );
  expect(draws).toBe(4000);
  expect(median).toBeCloseTo(centre, 1);
  const expected = 2 * 1.96 * Math.sqrt(s2 * (1 / 10 + 1 / 40));
  expect((high - low) / expected).toBeGreaterThan(0.93);
  expect((high - low) / expected).toBeLessThan(1.07);
});

test('the range keeps its bounds, and the p-value asks the side that is bad', () => {
  const options = { pool: 40, size: 10, statistic: (m: Uint32Array) => m[0] / 39, range: [0, 1] as const };
  const { low, high } = realFloor(0.5, options, { seed: 0, tail: 'both' });
  expect([low, high]).toEqual([0, 1]);
  expect(realFloor(2, options, { seed: 0, tail: 'upper' }).p).toBe(1 / (1 + FLOOR_DRAWS));
  expect(realFloor(2, options, { seed: 0, tail: 'lower' }).p).toBe(1);
});

test('a perfect set with a small pool: without the widening it would be called worse too often', () => {
  const RUNS = 400;
  let [worse, naive] = [0, 0];
  for (let run = 0; run < RUNS; run++) {
    const random = new RandomStream(run, 'test/floor-runs');
    const pool = random.fillNormal(new Float64Array(20));
    const value = mean(random.fillNormal(new Float64Array(10)));
    const statistic = (members: Uint32Array) => mean(Array.from(members, (i) => pool[i]));
    const found = realFloor(
      value,
      { pool: 20, size: 10, statistic },
      { seed: run, tail: 'upper', draws: 99 },
    );
    if (found.p <= 0.05) worse++;
    const draws = Array.from({ length: 99 }, () => statistic(random.permutation(20).slice(0, 10)));
    if (rankP(value, draws, 'upper') <= 0.05) naive++;
  }
  expect(worse / RUNS).toBeLessThan(0.09);
  expect(worse / RUNS).toBeGreaterThan(0.015);
  expect(naive / RUNS).toBeGreaterThan(0.12);
});

test('a set exactly as bad as the line of "worse" is called as good in about 1 of 20', () => {
  const [RUNS, N, POOL] = [600, 10, 60];
  const line = 1.645 * Math.sqrt(1 / N + 1 / POOL);
  let [good, worse] = [0, 0];
  for (let run = 0; run < RUNS; run++) {
    const random = new RandomStream(run, 'test/floor-line');
    const pool = random.fillNormal(new Float64Array(POOL));
    const value = line + mean(random.fillNormal(new Float64Array(N)));
    const statistic = (members: Uint32Array) => mean(Array.from(members, (i) => pool[i]));
    const { p } = realFloor(
      value,
      { pool: POOL, size: N, statistic },
      { seed: run, tail: 'upper', draws: 99 },
    );
    const verdict = verdictOf(p, N, 0);
    if (verdict === 'as good as real') good++;
    if (verdict === 'worse than real') worse++;
  }
  expect(good / RUNS).toBeGreaterThan(0.02);
  expect(good / RUNS).toBeLessThan(0.085);
  expect(worse / RUNS).toBeGreaterThan(0.4);
});

/** Judges by the floor alone; FID, by far the slowest, only where asked. */
class JudgeTable implements MetricTable {
  readonly notes: string[] = [];
  readonly verdicts: Record<string, Verdict> = {};
  readonly #seed: number;
  readonly #withFid: boolean;
  constructor(seed: number, withFid: boolean) {
    this.#seed = seed;
    this.#withFid = withFid;
  }
  addMean(): void {}
  addShare(): void {}
  addNearest(): void {}
  addHalves(
    name: string,
    [n, m]: readonly [number, number],
    statistic: (reals: Uint32Array, fakes: Uint32Array) => number,
    _: HalvesOptions,
    { floor, better }: Explained,
  ): void {
    if (name.startsWith('fid') && !this.#withFid) return;
    const value = statistic(everyMember(n), everyMember(m));
    const { p } = realFloor(value, floor!, { seed: this.#seed, tail: tailOf(better), draws: 99 });
    this.verdicts[name] = verdictOf(p, n, metricDoc(name)!.least);
  }
}

describe('the rule, on whole metrics of features', () => {
  const [N, POOL, DIM] = [16, 64, 4];
  const judge = (run: number, fakeOf: (seed: number) => ReturnType<typeof normalFeatures>) => {
    const table = new JudgeTable(run, run < 25);
    const sets = {
      real: normalFeatures(10_000 + run, N, DIM),
      fake: fakeOf(20_000 + run),
      train: normalFeatures(30_000 + run, POOL, DIM),
    };
    addDistribution(table, 'Shape', 'test', sets);
    addPrdc(table, 'Shape', 'test', sets);
    return table.verdicts;
  };

  test('a perfect generator is called worse in at most 1 of 20 figures', () => {
    const RUNS = 150;
    const all: Record<string, Verdict[]> = {};
    for (let run = 0; run < RUNS; run++)
      for (const [name, verdict] of Object.entries(judge(run, (seed) => normalFeatures(seed, N, DIM)))) {
        all[name] ??= [];
        all[name].push(verdict);
      }
    const share = (verdicts: Verdict[], which: Verdict) =>
      verdicts.filter((v) => v === which).length / verdicts.length;
    expect(Object.keys(all)).toHaveLength(8);
    for (const [name, verdicts] of Object.entries(all)) {
      // 5 % and three standard errors.
      expect(share(verdicts, 'worse than real'), name).toBeLessThan(
        0.05 + 3 * Math.sqrt((0.05 * 0.95) / verdicts.length),
      );
      expect(share(verdicts, 'as good as real'), name).toBeGreaterThan(0.3);
    }
    expect(mean(Object.values(all).map((v) => share(v, 'worse than real')))).toBeLessThan(0.06);
  });

  test('a generator that is off is called worse, and seldom as good', () => {
    const RUNS = 12;
    let [kid, recall, wrong] = [0, 0, 0];
    for (let run = 0; run < RUNS; run++) {
      const shifted = judge(run, (seed) => normalFeatures(seed, N, DIM, 1, 1.2));
      const narrow = judge(run, (seed) => normalFeatures(seed, N, DIM, 0.3));
      if (shifted.kidShape === 'worse than real') kid++;
      if (narrow.recallShape === 'worse than real') recall++;
      if (shifted.kidShape === 'as good as real' || narrow.recallShape === 'as good as real') wrong++;
    }
    expect(kid).toBeGreaterThanOrEqual(11);
    expect(recall).toBeGreaterThanOrEqual(11);
    expect(wrong).toBe(0);
  });
});
