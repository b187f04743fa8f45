/** Evaluations and comparisons as aligned text for a terminal, and the texts of the metrics for `--explain`. */
import type { ComparedMetric, SetComparison } from '../compareSets.ts';
import { allMetricDocs, docLines, metricDoc, metricPlace, SPACES } from '../metricDocs.ts';
import type { SetEvaluation, SetMetric } from '../setReport.ts';
import { verdictText } from './figures.ts';

const number = (x: number | undefined): string =>
  x === undefined ? '-' : Number(x.toPrecision(3)).toString();

const range = (low: number | undefined, high: number | undefined): string =>
  low === undefined ? '' : `${number(low)} to ${number(high)}`;

/** Columns as wide as their cells; the last one as it is. */
function aligned(table: readonly (readonly string[])[]): string[] {
  const last = table[0].length - 1;
  const widths = table[0].map((_, c) => (c === last ? 0 : Math.max(...table.map((row) => row[c].length))));
  return table.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]))
      .join('  ')
      .trimEnd(),
  );
}

const inOrder = <T>(metrics: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(metrics).sort(([a], [b]) => metricPlace(a) - metricPlace(b));

const unitOf = (unit: SetMetric['unit']): string => (unit === '' ? '' : ` ${unit}`);

const MEANINGS =
  'What each of them means: cranioflow evaluate --explain [name], and the page that --out writes.';

/** The numbers of an evaluation as aligned text. */
export function evaluationTable({ counts, grid, metrics, notes, verdict }: SetEvaluation): string {
  const rows = inOrder(metrics).map(([name, m]) => [
    name,
    `${number(m.value)}${unitOf(m.unit)}`,
    range(m.low, m.high),
    m.floor === undefined
      ? `${number(m.reference)}${m.referenceLow === undefined ? '' : ` (${range(m.referenceLow, m.referenceHigh)})`}`
      : `${number(m.floor.median)} (${range(m.floor.low, m.floor.high)})`,
    ...(verdict === undefined
      ? []
      : [m.verdict ?? '', number(m.floor?.p ?? m.permutation?.p), number(m.permutation?.p)]),
    m.better,
  ]);
  const judged = verdict === undefined ? [] : ['verdict', 'p', 'p shuffled'];
  const head = `${counts.fake} generated, ${counts.real} held-out real, ${counts.train} training bones of ${grid.size.join('x')} voxels, ${grid.spacing[0]} mm`;
  return `${[
    head,
    '',
    ...aligned([['', 'value', '95 % interval', 'real bones', ...judged, 'better'], ...rows]),
    ...(verdict === undefined ? [] : ['', ...verdictText(verdict)]),
    MEANINGS,
    ...notes.map((note) => `note: ${note}`),
  ].join('\n')}\n`;
}

const sideOf = ({ value, low, high }: ComparedMetric['a']): string =>
  `${number(value)}${low === undefined ? '' : ` (${range(low, high)})`}`;

/** A comparison of two generated sets as aligned text. */
export function comparisonTable({ counts, metrics, notes }: SetComparison): string {
  const rows = inOrder(metrics).map(([name, m]) => [
    name,
    `${sideOf(m.a)}${unitOf(m.unit)}`,
    `${sideOf(m.b)}${unitOf(m.unit)}`,
    number(m.reference),
    sideOf(m.advantage),
    number(m.p),
    m.better,
    m.good,
  ]);
  const head = `A: ${counts.a} generated bones (--fake), B: ${counts.b} (--against), ${counts.compared} of each compared, ${counts.real} held-out real, ${counts.train} training`;
  return `${[
    head,
    '',
    ...aligned([
      ['', 'A (95 %)', 'B (95 %)', 'real bones', 'A better by (95 %)', 'p', 'better set', 'good'],
      ...rows,
    ]),
    '',
    'p: labels A and B shuffled. "A" or "B" where p is at most 0.05: of 20 figures of two equal sets one is so by chance.',
    MEANINGS,
    ...notes.map((note) => `note: ${note}`),
  ].join('\n')}\n`;
}

/** The text of one metric, or undefined for a name that no metric has. */
export function explainMetric(name: string): string | undefined {
  const doc = metricDoc(name);
  return (
    doc &&
    `${name}: ${doc.title}\n${docLines(doc)
      .map(([term, text]) => `  ${term.padEnd(16)}${text}`)
      .join('\n')}\n`
  );
}

/** Names of metrics that hold the word, or that the word holds, whatever the case. */
export function metricsLike(word: string): string[] {
  const asked = word.toLowerCase();
  return allMetricDocs()
    .flatMap(({ name }) =>
      name.endsWith('<Space>') ? Object.keys(SPACES).map((end) => name.replace('<Space>', end)) : [name],
    )
    .filter((name) => name.toLowerCase().includes(asked) || asked.includes(name.toLowerCase()));
}

/** The texts of all metrics; those by features once, with the spaces they are taken in. */
export function explainMetrics(): string {
  const spaces = Object.entries(SPACES).map(([end, words]) => `${end} (${words})`);
  return [
    `X: held-out real bones, Y: generated, T: training. <Space> is ${spaces.join(', ')}.\n`,
    ...allMetricDocs().map(
      ({ name, doc }) =>
        `${name}: ${doc.title}\n${docLines(doc)
          .map(([term, text]) => `  ${term.padEnd(16)}${text}`)
          .join('\n')}\n`,
    ),
  ].join('\n');
}
