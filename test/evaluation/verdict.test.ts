import { expect, test } from 'vitest';
import { ReportTable, type SetMetric, warningNotes } from '../../src/evaluation/setReport.ts';
import { overallVerdict, tailOf, verdictOf } from '../../src/evaluation/verdict.ts';

test('the rule: at most 0.05, at least 0.5, enough cases', () => {
  expect(verdictOf(0.05, 20, 10)).toBe('worse than real');
  expect(verdictOf(0.051, 20, 10)).toBe('cannot tell');
  expect(verdictOf(0.499, 20, 10)).toBe('cannot tell');
  expect(verdictOf(0.5, 20, 10)).toBe('as good as real');
  expect(verdictOf(0.001, 9, 10)).toBe('cannot tell');
  expect(verdictOf(undefined, 20, 0)).toBe('cannot tell');
  expect((['higher', 'lower', 'near 0.5', 'near 1', 'near reference'] as const).map(tailOf)).toEqual([
    'lower',
    'upper',
    'both',
    'both',
    'both',
  ]);
});

const metric = (p: number, verdict: SetMetric['verdict']): SetMetric => ({
  value: 0,
  n: 20,
  unit: '',
  better: 'lower',
  meaning: '',
  permutation: { p, permutations: 999 },
  verdict,
});

test('the whole set: tests of the sets as wholes, corrected for their number', () => {
  const some = {
    kidShape: metric(0.02, 'worse than real'),
    oneNnaDice: metric(0.4, 'cannot tell'),
    energyDice: metric(0.6, 'as good as real'),
    // No test of the sets as wholes: of no weight here.
    components: metric(0.001, 'worse than real'),
  };
  const found = overallVerdict(some);
  expect(found.told).toBe('not told apart');
  expect(found.tests.map((t) => [t.name, t.p])).toEqual([
    ['kidShape', 0.02],
    ['oneNnaDice', 0.4],
    ['energyDice', 0.6],
  ]);
  expect(found.tests[0].adjusted).toBeCloseTo(0.06, 12);
  expect(found.counts).toEqual({ 'as good as real': 1, 'worse than real': 2, 'cannot tell': 1 });
  expect(overallVerdict({ ...some, kidShape: metric(0.01, 'worse than real') }).told).toBe(
    'told apart from real',
  );
  expect(overallVerdict({}).told).toBe('cannot tell');
});

test('a table: means against real values, shares, what few cases do, and why there is no interval', () => {
  const table = new ReportTable(1);
  const flat = { better: 'near reference', meaning: 'm' } as const;
  table.addMean('volumeCm3', [1, 2, 3, 4, 5, 6, 7, 8], { ...flat, against: [3, 4, 5, 6, 7, 8, 9, 10] });
  table.addMean('thickness', [1, 2, 1, 2, 1, 2, 1, 2], { ...flat, against: [8, 9, 8, 9, 8, 9, 8, 9] });
  table.addMean('components', [1, 1], { ...flat, against: [1, 1] });
  table.addShare('emptyShare', [true, ...new Array<boolean>(19).fill(false)], {
    better: 'lower',
    ofReal: 100,
    meaning: 'm',
  });
  table.addHalves('kidShape', [3, 3], () => 1, { least: 2 }, { better: 'lower', meaning: 'm' });
  const { volumeCm3, thickness, components, emptyShare, kidShape } = table.metrics;
  expect(volumeCm3).toMatchObject({ value: 4.5, reference: 6.5, n: 8 });
  expect(volumeCm3.referenceLow).toBeLessThan(6.5);
  expect(volumeCm3.verdict).toBe('cannot tell');
  expect(thickness).toMatchObject({ verdict: 'worse than real', permutation: { permutations: 999 } });
  expect(thickness.permutation!.p).toBeLessThan(0.01);
  // Equal, but too few to say so.
  expect(components).toMatchObject({ verdict: 'cannot tell', permutation: { p: 1 } });
  expect(components.warning).toMatch(/single shapes/);
  // 1 of 20 where 0 of 100 are: 20 of the 120 labellings put it here.
  expect(emptyShare.value).toBe(0.05);
  expect(Math.abs(emptyShare.permutation!.p - 20 / 120)).toBeLessThan(0.04);
  expect(emptyShare.high).toBeGreaterThan(0.2);
  expect(kidShape).toMatchObject({ value: 1, verdict: 'cannot tell' });
  expect(kidShape.low).toBeUndefined();
  expect(kidShape.noInterval).toMatch(/half of the cases, 1, is too few.*needs 2/);
  expect(warningNotes(table.metrics)).toContainEqual(expect.stringMatching(/^components with 2 cases: /));

  const unjudged = new ReportTable(1, false);
  unjudged.addMean('volumeCm3', [1, 2, 3], { ...flat, against: [2, 3, 4] });
  expect(Object.keys(unjudged.metrics.volumeCm3)).not.toContain('verdict');
  expect(unjudged.metrics.volumeCm3.reference).toBe(3);
});
