/**
 * Tables: plain ones, and those of measured quantities with unit, interval, direction and verdict. Each can be scrolled where
 * it is wider than the page, has a head for every row and column, and carries its numbers as CSV.
 */
import type { Csv, CsvCell } from './csv.ts';
import { type Content, html, type Markup, raw } from './html.ts';
import { formatNumber, shown } from './number.ts';
import { type Place, tools } from './tools.ts';

/** One measured number and how to read it. */
export interface Quantity {
  name: string;
  /** A number is shown to four significant digits; a string as it is. */
  value: number | string;
  /** Ends of the interval, such as 95 % bootstrap. */
  interval?: readonly [number, number];
  /** 'mm', '%', '' when there is none. */
  unit?: string;
  /** Which way is good, or a value that is ideal, such as 0.5 for 1-NNA. */
  better?: 'higher' | 'lower' | number;
  /** One sentence: what it measures. */
  meaning: string;
  /** What to hold it against, and what is known of that: '0.52', '[0.41, 0.62]'. */
  beside?: { text: string; note?: string };
  /** What follows from it, and how: 'as good as real', 'p 0.31'. */
  verdict?: { text: string; good?: boolean; note?: string };
  /** More about the figure, name and text: seen when the figure is pointed at or focused, and in print. */
  about?: readonly (readonly [string, string])[];
}

/** A number (right), a text (left), a text that is good, bad or open, or one that leads to an anchor; undefined: not known. */
export type Cell = number | string | { text: string; good?: boolean; to?: string } | undefined;

export interface Table {
  caption?: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/** Headings of what is judged. */
export type Headings = readonly [value: string, beside: string, verdict: string];

const HEADINGS: Headings = ['value', 'real against real', 'verdict'];

/** A table in a box of its own that scrolls; the line of tools in it can be reached by key, so the box can too. */
const scrolled = (table: Markup, line: Content, kind = ''): Markup =>
  html`<div class="scroll${kind}">${table}${line}</div>`;

const tone = (good: boolean | undefined): string => (good === undefined ? 'open' : good ? 'good' : 'bad');

const judgedText = (text: string, good: boolean | undefined): Markup =>
  html`<span class="${tone(good)}">${text}</span>`;

const range = ([low, high]: readonly [number, number]): string =>
  `[${formatNumber(low)}, ${formatNumber(high)}]`;

const directionOf = ({ better }: Quantity): string =>
  better === undefined
    ? ''
    : better === 'higher'
      ? '↑ higher is better'
      : better === 'lower'
        ? '↓ lower is better'
        : `→ ${formatNumber(better)} is ideal`;

/** The name of a figure; with more about it, a place that can be pointed at and focused. */
function named({ name, about }: Quantity, id: string): Content {
  if (about === undefined || about.length === 0) return name;
  const lines = about.map(([term, text]) => html`<span><b>${term}</b> ${text}</span>`);
  return html`<span class="tip" tabindex="0" aria-describedby="${id}">${name}</span><span class="about" role="tooltip" id="${id}">${lines}</span>`;
}

function quantityRow(q: Quantity, id: string): Markup {
  return html`<tr><th scope="row">${named(q, id)}</th><td class="number">${shown(q.value)}${q.interval && ` ${range(q.interval)}`}${q.unit ? ` ${q.unit}` : ''}</td><td class="better">${directionOf(q)}</td><td class="meaning">${q.meaning}</td></tr>`;
}

/** A row of a judged table: what it means under the name, what is known of each number under the number. */
function judgedRow(q: Quantity, id: string): Markup {
  const { value, unit, interval, beside, verdict } = q;
  const note = (text: string | undefined) => text && html`<small>${text}</small>`;
  return html`<tr><th scope="row">${named(q, id)}<small>${directionOf(q) && html`<i>${directionOf(q)}</i> `}${q.meaning}</small></th><td class="number">${shown(value)}${unit ? ` ${unit}` : ''}${note(interval && range(interval))}</td><td class="number">${beside && [beside.text, note(beside.note)]}</td><td class="verdict">${verdict && [judgedText(verdict.text, verdict.good), note(verdict.note)]}</td></tr>`;
}

const isJudged = (q: Quantity): boolean => q.beside !== undefined || q.verdict !== undefined;

/** The rows as data: each number in a cell of its own, its unit beside it. */
function quantityCsv(quantities: readonly Quantity[], [value, beside, verdict]: Headings): Csv {
  const judged = quantities.some(isJudged);
  const more = judged ? [beside, `${beside}: range`, verdict, `${verdict}: why`] : [];
  const columns = ['figure', value, 'low', 'high', 'unit', 'direction', ...more, 'meaning'];
  const rows = quantities.map((q): CsvCell[] => [
    q.name,
    q.value,
    q.interval?.[0],
    q.interval?.[1],
    q.unit,
    directionOf(q),
    ...(judged ? [q.beside?.text, q.beside?.note, q.verdict?.text, q.verdict?.note] : []),
    q.meaning,
  ]);
  return { columns, rows };
}

/** A row a quantity; with what it is held against and what follows, where any of them has that. */
export function quantityTable(
  quantities: readonly Quantity[],
  place: Place,
  headings: Headings = HEADINGS,
): Markup {
  const judged = quantities.some(isJudged);
  const [value, beside, verdict] = headings;
  const head = judged
    ? html`<th scope="col">figure</th><th scope="col" class="number">${value}</th><th scope="col" class="number">${beside}</th><th scope="col">${verdict}</th>`
    : html`<th scope="col">figure</th><th scope="col" class="number">value</th><th scope="col">direction</th><th scope="col">meaning</th>`;
  const row = judged ? judgedRow : quantityRow;
  return scrolled(
    html`<table id="${place.id}"${judged && html` class="judged"`}><thead><tr>${head}</tr></thead><tbody>${quantities.map((q, i) => row(q, `${place.id}-about-${i}`))}</tbody></table>`,
    tools(place, quantityCsv(quantities, headings)),
    quantities.some((q) => q.about !== undefined) ? ' tips' : '',
  );
}

/** What a cell says, without how it looks. */
export const textOf = (cell: Cell): CsvCell => (typeof cell === 'object' ? cell.text : cell);

function cellMarkup(cell: Cell): Content {
  if (typeof cell !== 'object') return cell !== undefined && shown(cell);
  return cell.to === undefined
    ? judgedText(cell.text, cell.good)
    : html`<a href="#${cell.to}">${cell.text}</a>`;
}

/** A table of cells. The first of several columns names the rows. */
export function plainTable({ caption, columns, rows }: Table, place: Place): Markup {
  // A column is numeric when every known cell of it is a number.
  const kind = columns.map((_, c) => {
    const known = rows.flatMap((row) => row[c] ?? []);
    return known.length > 0 && known.every((cell) => typeof cell === 'number') ? 'number' : 'text';
  });
  const cell = (content: Cell, c: number): Markup =>
    c === 0 && columns.length > 1
      ? html`<th scope="row" class="${kind[c]}">${cellMarkup(content)}</th>`
      : html`<td class="${kind[c]}">${cellMarkup(content)}</td>`;
  return scrolled(
    html`<table id="${place.id}"${columns.length > 3 && raw(' class="wide"')}>${caption && html`<caption><span>${caption}</span></caption>`}<thead><tr>${columns.map((name, c) => html`<th scope="col" class="${kind[c]}">${name}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table>`,
    tools(place, { columns, rows: rows.map((row) => row.map(textOf)) }),
  );
}
