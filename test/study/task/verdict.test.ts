import { expect, test } from 'vitest';
import { mixesOf } from '../../../src/study/task/mix.ts';
import { comparisonsOf, outcomeOf, sentenceOf } from '../../../src/study/task/verdict.ts';

const FIGURE = { floor: 1e-9, unlearnt: () => false };

/** Errors of each mix: more cases, less error; a synthetic case is worth `worth` real ones. */
function study(worth: Record<string, number>) {
  return mixesOf({ real: [5], synthetic: [50, 100] }, 20, ['otfm', 'ddpm']).map((mix) => {
    const cases = mix.real + (mix.source ? worth[mix.source] * mix.synthetic : 0);
    const row = (i: number) => ({ subject: `s${i}`, test: '0', error: (10 + (i % 3)) / cases });
    return { mix, seeds: [0, 1].map(() => Array.from({ length: 8 }, (_, i) => row(i))) };
  });
}

test('synthetic cases as good as real ones are within 10 %, and beat half as good ones', () => {
  const found = comparisonsOf(study({ otfm: 1, ddpm: 0.5 }), FIGURE);
  const of = (question: string) =>
    found.filter((c) => c.question === question).map((c) => [c.first, c.second, c.outcome]);
  expect(of('worth')).toEqual([
    ['otfm20', 'real20', 'better'],
    ['ddpm20', 'real20', 'worse'],
  ]);
  expect(of('addition')).toEqual([
    ['real5+otfm100', 'real5', 'better'],
    ['real20+otfm100', 'real20', 'better'],
  ]);
  expect(of('sources').map((row) => row[2])).toEqual(['better', 'better', 'better']);
  expect(sentenceOf(found[1], 'rotation error')).toBe(
    'ddpm20 has 100 % more rotation error than real20 (ratio 2.00 to 2.00, p 0.0078): more than 10 % behind: the synthetic ones cannot stand for as many real ones.',
  );
  expect(sentenceOf(found.find((c) => c.first === 'real5+otfm100')!, 'rotation error', 20)).toMatch(
    /help, from a generator that had all 20 real cases to learn from\.$/,
  );
});

test('it can come out against the first source', () => {
  const found = comparisonsOf(study({ otfm: 0.01, ddpm: 1 }), FIGURE);
  expect(found.filter((c) => c.question === 'sources').every((c) => c.outcome === 'worse')).toBe(true);
  expect(found.find((c) => c.question === 'worth' && c.first === 'otfm20')?.outcome).toBe('worse');
});

test('an interval across the limit tells nothing', () => {
  expect(outcomeOf({ low: 0.9, high: 1.05, p: 0.01 })).toBe('open');
  expect(outcomeOf({ low: 0.9, high: 1.05, p: 0.9 }, 1.1)).toBe('better');
  expect(outcomeOf({ low: 1.01, high: 1.3, p: 0.01 })).toBe('worse');
  expect(outcomeOf({ low: 1.01, high: 1.3, p: 0.09 })).toBe('open');
});

test('networks that learnt nothing are compared with nothing', () => {
  const all = study({ otfm: 1, ddpm: 1 });
  const found = comparisonsOf(all, { floor: 1e-9, unlearnt: () => true });
  expect(new Set(found.map((c) => c.outcome))).toEqual(new Set(['unlearnt']));
  // Where one of the two has learnt, the comparison stands.
  const some = comparisonsOf(all, { floor: 1e-9, unlearnt: ({ source }) => source === undefined });
  expect(some.some((c) => c.outcome === 'unlearnt')).toBe(false);
  expect(sentenceOf(found[0], 'rotation error')).toMatch(/neither network has learnt/);
});
