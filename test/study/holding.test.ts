/** Holding up: what an arm loses from the base, not where it stands. */
import { describe, expect, test } from 'vitest';
import { HEADLINES, type Sampled } from '../../src/study/headline.ts';
import { atBest, atWorst, baseOf, holds, scatterOf } from '../../src/study/holding.ts';
import type { Estimate } from '../../src/study/interval.ts';
import { outcomeOf } from '../../src/study/outcome.ts';

const of = (name: string) => HEADLINES.find((h) => h.name === name)!;
const [mmd, coverage, nna] = ['mmdChamfer', 'coverageFeatures', 'oneNnaSidedDice'].map(of);
const some = (value: number, trials?: number): Sampled[] => [
  { value, cases: 10, ...(trials && { trials }), halves: [value - 0.01, value + 0.01] },
];

test('the base of each axis', () => {
  expect(baseOf('evaluations', [1, 64, 4], 1.5)).toBe(64);
  expect(baseOf('class', [2, 5, 3], 1.5)).toBe(5);
  expect(baseOf('guidance', [0, 1.5], 1.5)).toBe(1.5);
  expect(baseOf('guidance', [0, 1], 1.5)).toBeUndefined();
  expect(baseOf('share', [0.5, 1], 1.5)).toBe(1);
  expect(baseOf('seed', [0, 1], 1.5)).toBeUndefined();
});

describe('who loses less', () => {
  test('the arm that is behind all the way can hold up better', () => {
    // OTFM falls from 1 to 3, DDPM from 4 to 4.5: OTFM is ahead at both places.
    const change = holds(mmd, { otfm: some(3), ddpm: some(4.5) }, { otfm: some(1), ddpm: some(4) });
    expect((change as Estimate).value).toBeCloseTo(-1.5, 9);
    expect(outcomeOf(change)).toBe('ddpm');
  });
  test('swapping the arms swaps the sign', () => {
    const here = { otfm: some(3), ddpm: some(4.5) };
    const base = { otfm: some(1), ddpm: some(4) };
    const swap = ({ otfm, ddpm }: typeof here) => ({ otfm: ddpm, ddpm: otfm });
    const [plain, swapped] = [holds(mmd, here, base), holds(mmd, swap(here), swap(base))] as Estimate[];
    expect([swapped.value, swapped.low, swapped.high]).toEqual([-plain.value, -plain.high, -plain.low]);
  });
  test('nothing is judged from a base at the worst value, nor for the arm that ends there', () => {
    const share = (value: number) => some(value, 40);
    const from = { otfm: share(0.5), ddpm: share(0.9) };
    expect(
      holds(coverage, { otfm: share(0.5), ddpm: share(0.1) }, { otfm: share(0), ddpm: share(0.9) }),
    ).toBeNull();
    // OTFM lost 0.5, all it had; DDPM lost 0.7: that OTFM lost less is the floor's doing.
    expect(holds(coverage, { otfm: share(0), ddpm: share(0.2) }, from)).toBeNull();
    expect(outcomeOf(holds(coverage, { otfm: share(0.45), ddpm: share(0.2) }, from))).toBe('otfm');
    // What DDPM lost is at least what is seen.
    expect(outcomeOf(holds(coverage, { otfm: share(0.45), ddpm: share(0) }, from))).toBe('otfm');
  });
  test('an arm that makes too few bones has lost; two of them, or one without a base, decide nothing', () => {
    const base = { otfm: some(1), ddpm: some(1) };
    expect(holds(mmd, { otfm: 'failed', ddpm: some(2) }, base)).toEqual({ failed: 'otfm' });
    expect(holds(mmd, { otfm: some(2), ddpm: 'failed' }, base)).toEqual({ failed: 'ddpm' });
    expect(holds(mmd, { otfm: 'failed', ddpm: 'failed' }, base)).toBeNull();
    expect(holds(mmd, { otfm: some(2), ddpm: some(2) }, { otfm: 'failed', ddpm: some(1) })).toBeNull();
    expect(holds(mmd, { otfm: undefined, ddpm: some(2) }, base)).toBeNull();
  });
});

test('bounds', () => {
  expect([atWorst(coverage, some(0)), atWorst(coverage, some(0.01)), atBest(coverage, some(1))]).toEqual([
    true,
    false,
    true,
  ]);
  expect([atWorst(nna, some(1)), atWorst(nna, some(0)), atBest(nna, some(0.5))]).toEqual([true, true, true]);
  expect([atWorst(mmd, some(1e9)), atBest(mmd, some(0))]).toEqual([false, false]);
});

test('scatter is compared from five seeds on, and not at a bound', () => {
  const seeds = (values: number[]): Sampled[] => values.flatMap((v) => some(v));
  const wide = [1, 5, 9, 2, 8];
  const narrow = [4.1, 4, 4.2, 4.1, 4];
  const find = (n: number) => (name: string, arm: 'otfm' | 'ddpm') =>
    name === 'mmdChamfer' ? seeds((arm === 'otfm' ? wide : narrow).slice(0, n)) : seeds(Array(n).fill(0));
  expect(scatterOf(find(5))).toMatchObject({ mmdChamfer: 'ddpm' });
  expect(Object.keys(scatterOf(find(5))!)).not.toContain('coverageFeatures');
  expect(scatterOf(find(4))).toBeNull();
});
