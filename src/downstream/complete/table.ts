/** A test of completion as tables: for a terminal and for Markdown, over all, by kind and by site. */
import { isApart, notApartText, pText } from '../../evaluation/paired.ts';
import type { Interval } from '../../evaluation/statistics.ts';
import { markdownTable } from '../../report/markdown.ts';
import { DEFECT_SITES, type DefectKind, type DefectSite } from '../defects/sites.ts';
import type { CompletionRecord } from './record.ts';
import {
  differences,
  FIGURES,
  type Figure,
  type MethodDifference,
  type MethodSummary,
  summarise,
} from './summary.ts';

/** Cells of text, the first row being the head. */
export interface TextTable {
  title: string;
  head: string[];
  rows: string[][];
}

const digits = (figure: Figure): number => (figure.unit === 'mm' ? 2 : 3);
const FAILED = 'failed';

/** `0.812 [0.780, 0.840]`, or a dash where there is none. */
export function intervalText(interval: Interval | undefined, places: number): string {
  if (interval === undefined) return '–';
  const [m, l, h] = [interval.mean, interval.low, interval.high].map((v) => v.toFixed(places));
  return interval.n > 1 ? `${m} [${l}, ${h}]` : m;
}

/** Every figure of every method over all defects. */
export function overallTable(record: CompletionRecord): TextTable {
  const summaries = summarise(record);
  const several = summaries.filter((s) => s.bestDice !== undefined);
  const row = (title: string, cell: (s: MethodSummary) => string): string[] => [
    title,
    ...summaries.map(cell),
  ];
  return {
    title: 'all defects, mean with 95 % interval by subject',
    head: ['figure', ...summaries.map((s) => s.method)],
    rows: [
      ...FIGURES.map((f) =>
        row(`${f.title}${f.unit === '' ? '' : `, ${f.unit}`}`, (s) =>
          intervalText(s.figures[f.key], digits(f)),
        ),
      ),
      ...(several.length === 0
        ? []
        : [
            row('implant Dice of the best answer', (s) => intervalText(s.bestDice, 3)),
            row('spread of answers, 1 - Dice', (s) => intervalText(s.spread, 3)),
          ]),
      row(`${FAILED} / defects (subjects)`, (s) => `${s.failed} / ${s.tried} (${s.subjects})`),
      row('seconds, median (95 %)', (s) => `${s.seconds.median.toFixed(2)} (${s.seconds.p95.toFixed(2)})`),
    ],
  };
}

const SHORT = ['implantDice', 'borderDice', 'implantHd95Pooled', 'implantAssd', 'skullDice'];

/** The deciding figures, one row a group and method. */
function groupTable<T extends string>(
  record: CompletionRecord,
  title: string,
  groups: readonly T[],
  of: (row: CompletionRecord['rows'][number]) => T,
): TextTable {
  const figures = FIGURES.filter((f) => SHORT.includes(f.key));
  return {
    title: `by ${title}`,
    head: [
      title,
      'method',
      ...figures.map((f) => `${f.title}${f.unit === '' ? '' : `, ${f.unit}`}`),
      `${FAILED} / defects`,
    ],
    rows: groups.flatMap((group) =>
      summarise(record, (row) => of(row) === group).map((s) => [
        group,
        s.method,
        ...figures.map((f) => intervalText(s.figures[f.key], digits(f))),
        `${s.failed} / ${s.tried}`,
      ]),
    ),
  };
}

export const kindTable = (record: CompletionRecord): TextTable =>
  groupTable<DefectKind>(record, 'kind', record.kinds, (row) => row.kind);

export const siteTable = (record: CompletionRecord): TextTable =>
  groupTable<DefectSite>(record, 'site', DEFECT_SITES, (row) => row.site);

function verdictOf(d: MethodDifference): string {
  if (!isApart(d)) return notApartText(d.subjects);
  return `${d.value > 0 === (d.figure.better === 'higher') ? d.a : d.b} better`;
}

/** Paired differences of every two methods; undefined where there is one method. */
export function differenceTable(record: CompletionRecord): TextTable | undefined {
  const rows = differences(record).map((d) => [
    `${d.a} - ${d.b}`,
    `${d.figure.title}${d.figure.unit === '' ? '' : `, ${d.figure.unit}`}`,
    `${d.value.toFixed(3)} [${d.low.toFixed(3)}, ${d.high.toFixed(3)}]`,
    pText(d.p),
    verdictOf(d),
    String(d.subjects),
  ]);
  if (rows.length === 0) return undefined;
  return {
    title: 'paired differences, 95 % interval by subject',
    head: ['methods', 'figure', 'difference', 'p', 'says', 'subjects'],
    rows,
  };
}

/** All tables, those without rows left out. */
export function tablesOf(record: CompletionRecord): TextTable[] {
  const tables = [overallTable(record), kindTable(record), siteTable(record), differenceTable(record)];
  return tables.filter((t): t is TextTable => t !== undefined && t.rows.length > 0);
}

/** What cannot be seen in the tables. */
export function notesOf(record: CompletionRecord): string[] {
  const { undrawn, toleranceMm, borderMm } = record;
  return [
    `skull: the defective bone with the implant in place; border Dice within ${borderMm} mm of it; surface Dice at ${toleranceMm} mm`,
    'a failure counts 0 in every Dice of the implant, and leaves the skull as it was; other figures are over the others',
    'better: the interval leaves 0 out and p, by flips of the signs of subjects, is below 0.05; each for itself',
    ...(undrawn.length > 0 ? [`${undrawn.length} defects could not be drawn: ${undrawn[0].why}`] : []),
  ];
}

/** Warnings and notes, a line each. */
const linesOf = (record: CompletionRecord): string[] => [
  ...record.warnings.map((text) => `warning: ${text}`),
  ...notesOf(record),
];

/** Columns side by side, for a terminal. */
export function terminalText(record: CompletionRecord): string {
  const parts = tablesOf(record).map(({ title, head, rows }) => {
    const widths = head.map((h, c) => Math.max(h.length, ...rows.map((row) => row[c].length)));
    const line = (cells: string[]): string =>
      cells
        .map((cell, c) => cell.padEnd(widths[c]))
        .join('  ')
        .trimEnd();
    return [title, line(head), ...rows.map(line)].join('\n');
  });
  return `${[...parts, linesOf(record).join('\n')].join('\n\n')}\n`;
}

/** The same as Markdown. */
export function markdownText(record: CompletionRecord): string {
  const parts = tablesOf(record).map(
    ({ title, head, rows }) => `### ${title}\n\n${markdownTable(head, rows)}`,
  );
  return `${[
    ...parts,
    linesOf(record)
      .map((n) => `- ${n}`)
      .join('\n'),
  ].join('\n\n')}\n`;
}
