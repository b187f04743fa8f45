/** Scores and tables with known answers. */
import { readFileSync } from 'node:fs';
import { RandomStream } from '../../../src/random/stream.ts';

export interface StatisticsFixture {
  rank: { members: number[]; others: number[]; auc: number; variance: number; pValue: number }[];
  clopper: [k: number, n: number, low: number, high: number][];
  hypergeometric: [k: number, total: number, marked: number, draws: number, cdf: number][];
  normal: [z: number, tail: number][];
  regression: { x: number[][]; y: number[]; residuals: number[] };
}

/** Made by scripts/make-membership-fixtures.py with scipy. */
export const fixture: StatisticsFixture = JSON.parse(
  readFileSync(new URL('./fixtures/statistics.fixture.json', import.meta.url), 'utf8'),
);

/** `n` normal numbers of mean `shift`. */
export function normals(n: number, shift: number, index: number): Float64Array {
  return new RandomStream(1, 'test/membership', index).fillNormal(new Float64Array(n)).map((v) => v + shift);
}

/** All ways to mark `k` of `n` places, as lists of places. */
export function choices(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  const out: number[][] = [];
  for (let i = from; i <= n - k; i++) for (const rest of choices(n, k - 1, i + 1)) out.push([i, ...rest]);
  return out;
}
