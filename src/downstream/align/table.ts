/**
 * The test of alignment as one table, in a terminal or in Markdown: a row for each method under each pose and condition.
 * Intervals are 95 %, by subject.
 */

import { isApart, notApartText, pText } from '../../evaluation/paired.ts';
import { markdownTable } from '../../report/markdown.ts';
import type { LandmarkTest } from './landmarkTruth.ts';
import type { Estimate, Spread } from './summary.ts';
import type { AlignGroup, AlignTest } from './test.ts';

const NONE = '-';

/** Three significant digits, at most two after the point: 0.42, 7.31, 12.4, 104. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

const ranged = ({ value, low, high }: Estimate, text: (x: number) => string): string =>
  low === null || high === null ? text(value) : `${text(value)} [${text(low)}, ${text(high)}]`;

const or = (spread: Spread | null, text: (s: Spread) => string): string =>
  spread === null ? NONE : text(spread);

export const TABLE_COLUMNS = [
  'pose',
  'condition',
  'method',
  'answers',
  'rotation, degrees: median [95 %]',
  'mean ± deviation',
  '95th percentile',
  'below 1, 2, 5',
  'failed',
  'translation, mm: median',
  'TRE, mm: median',
  'seconds',
] as const;

/** The cells of one row. */
export function tableRow({ pose, condition, method, summary: s }: AlignGroup): string[] {
  return [
    pose,
    condition,
    method,
    `${s.answered}/${s.asked}`,
    or(s.rotationDeg, ({ median }) => ranged(median, digits)),
    or(s.rotationDeg, ({ mean, deviation }) => `${digits(mean.value)} ± ${digits(deviation)}`),
    or(s.rotationDeg, ({ q95 }) => digits(q95)),
    [s.below1, s.below2, s.below5].map(({ value }) => percent(value)).join(', '),
    ranged(s.failed, percent),
    or(s.translationMm, ({ median }) => digits(median.value)),
    or(s.treMm, ({ median }) => digits(median.value)),
    s.seconds === null ? NONE : digits(s.seconds),
  ];
}

const rowsOf = (test: AlignTest): string[][] => test.groups.map(tableRow);

/** All rows as a Markdown table. */
export const alignTable = (test: AlignTest): string => `${markdownTable(TABLE_COLUMNS, rowsOf(test), 3)}\n`;

/** Heads short enough for a terminal, in the order of the columns. */
const SHORT = [
  'pose',
  'condition',
  'method',
  'answers',
  'median deg [95 %]',
  'mean ± sd',
  'q95',
  '<1, <2, <5 deg',
  'failed',
  'shift mm',
  'TRE mm',
  's',
];

/** Columns of equal width, a line under the head, an empty line between conditions, and the paired comparisons below. */
export function terminalTable(test: AlignTest): string {
  const rows = rowsOf(test);
  const widths = SHORT.map((head, c) => Math.max(head.length, ...rows.map((row) => row[c].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (c < 3 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
      .join('  ')
      .trimEnd();
  const lines = [line(SHORT), widths.map((w) => '-'.repeat(w)).join('  ')];
  rows.forEach((row, r) => {
    if (r > 0 && (row[0] !== rows[r - 1][0] || row[1] !== rows[r - 1][1])) lines.push('');
    lines.push(line(row));
  });
  const paired = pairedLines(test);
  return `${[...lines, ...(paired.length > 0 ? ['', ...paired] : [])].join('\n')}\n`;
}

/** Each paired comparison in a sentence. */
export function pairedLines({ paired }: AlignTest): string[] {
  return paired.map(({ first, second, pose, condition, rotationDeg: r, scans, subjects, firstNearer }) => {
    const better = r.value < 0 ? first : second;
    return `${pose}, ${condition}: ${first} less ${second} ${digits(r.value)} degrees [${digits(r.low)}, ${digits(r.high)}], p ${pText(r.p)}; ${first} nearer in ${percent(firstNearer)} of ${scans} scans of ${subjects} subjects: ${isApart(r) ? `${better} is better` : notApartText(subjects)}`;
  });
}

/** The test against landmarks as a Markdown table: errors against the landmarks' own fit, and what is left to the mean ones. */
export function landmarkTable({ groups }: LandmarkTest): string {
  const columns = [
    'method',
    'answers',
    'rotation, degrees: median [95 %]',
    '95th percentile',
    'failed',
    'translation, mm: median',
    'TRE, mm: median [95 %]',
    'to the mean landmarks, mm: mean',
    'seconds',
  ];
  const rows = groups.map(({ method, summary: s, consensusMm }) => [
    method,
    `${s.answered}/${s.asked}`,
    or(s.rotationDeg, ({ median }) => ranged(median, digits)),
    or(s.rotationDeg, ({ q95 }) => digits(q95)),
    percent(s.failed.value),
    or(s.translationMm, ({ median }) => digits(median.value)),
    or(s.treMm, ({ median }) => ranged(median, digits)),
    consensusMm === null ? NONE : digits(consensusMm),
    s.seconds === null ? NONE : digits(s.seconds),
  ]);
  return `${markdownTable(columns, rows, 1)}\n`;
}
