import { expect, test } from 'vitest';
import { compareSets } from '../../../src/evaluation/compareSets.ts';
import { evaluateSets } from '../../../src/evaluation/evaluateSets.ts';
import { metricTitle } from '../../../src/evaluation/metricDocs.ts';
import { comparisonPage, evaluationPage } from '../../../src/evaluation/report/evaluationPage.ts';
import { comparisonTable, evaluationTable } from '../../../src/evaluation/report/evaluationText.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { escapeHtml } from '../../../src/report/html.ts';
import { ellipsoid } from '../helpers.ts';

const shapes = (index: number, count: number) => {
  const random = new RandomStream(4, 'test/page', index);
  return Array.from({ length: count }, () =>
    ellipsoid(
      [20, 18, 16],
      [2, 2, 2],
      [9.5, 8.5, 7.5],
      [6, 6, 5].map((a) => a + random.between(-2, 2)) as never,
    ),
  );
};
const sets = { real: shapes(0, 12), train: shapes(1, 40) };
const options = { points: 64, chamferCases: 4, allowOverlap: true };
const naming = { bone: 'skull', phantom: true };

test('the page of an evaluation: every figure with its text, verdict and interval, alone in one file', () => {
  const evaluation = evaluateSets({ ...sets, fake: shapes(2, 12) }, options);
  const page = evaluationPage(evaluation, naming, 'cranioflow evaluate ...');
  for (const [name, m] of Object.entries(evaluation.metrics)) {
    expect(page, name).toContain(
      `>${escapeHtml(metricTitle(name))}</span><span class="about" role="tooltip"`,
    );
    expect(page).toContain(m.verdict);
  }
  // What is pointed at can be focused, and says what describes it.
  const ids = [...page.matchAll(/tabindex="0" aria-describedby="([^"]+)"/g)].map((m) => m[1]);
  expect(ids).toHaveLength(Object.keys(evaluation.metrics).length);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(page).toContain(`role="tooltip" id="${id}"`);
  expect(page).toMatch(/@media print\{[^@]*\.about\{display:block/);
  expect(page).toContain('PHANTOM');
  expect(page).toContain('few cases: ');
  expect(page).toContain('real against real');
  expect(page).not.toMatch(/<script|(src|href)="https?:/);
  expect(evaluationPage(evaluation, naming, 'cranioflow evaluate ...')).toBe(page);
  const text = evaluationTable(evaluation);
  expect(text).toMatch(/^oneNnaDice +[\d.]+ .*(as good as real|worse than real|cannot tell)/m);
  expect(text).toContain('Figure by figure: ');
});

test('without verdicts the table is the plain one', () => {
  const plain = evaluateSets({ ...sets, fake: shapes(2, 12) }, { ...options, verdicts: false });
  expect(plain.verdict).toBeUndefined();
  const page = evaluationPage(plain, { bone: 'mandible', phantom: false });
  expect(page).not.toContain('as good as real');
  expect(page).not.toContain('<div class="phantom">');
  expect(evaluationTable(plain)).not.toContain('verdict');
});

test('the page and table of a comparison: both values, the advantage, and who is better', () => {
  const comparison = compareSets({ ...sets, a: shapes(2, 12), b: shapes(3, 12) }, options);
  const page = comparisonPage(comparison, naming);
  expect(page).toContain('A better by');
  expect(page.match(/role="tooltip"/g)).toHaveLength(Object.keys(comparison.metrics).length);
  expect(comparisonTable(comparison)).toMatch(/^volumeCm3 +[\d.]+ \([\d.]+ to [\d.]+\) cm\^3 +[\d.]+ \(/m);
});
