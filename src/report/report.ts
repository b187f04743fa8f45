/**
 * The report of a run: one HTML file with everything in it (pictures as data URIs, charts as SVG, no script, no request),
 * that reads from a screen, a tablet or paper. Each section says what it shows, gives its numbers with unit and
 * direction, and names the command that makes it again. The same input gives the same bytes.
 */
import { type Chart, renderChart } from './chart.ts';
import { figure, type Picture } from './figure.ts';
import { type Content, html, type Markup, raw, slug } from './html.ts';
import { STYLE } from './style.ts';

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

/** A table whose cells are numbers (aligned right) or text. */
export interface Table {
  caption?: string;
  columns: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

export interface Section {
  heading: string;
  /** Paragraphs. */
  prose?: string | readonly string[];
  quantities?: readonly Quantity[];
  /** Headings of what is judged: the value, what is beside it, the verdict. */
  headings?: readonly [value: string, beside: string, verdict: string];
  tables?: readonly Table[];
  images?: readonly Picture[];
  charts?: readonly Chart[];
  /** The command line that makes this section's content again. */
  command?: string;
}

export interface Report {
  title: string;
  /** One sentence under the title. */
  lead?: string;
  /** True when any data came from procedural phantom skulls: the page says so at the top and at every section. */
  phantom: boolean;
  /** Name and value pairs at the top: data, grid, seed, time. */
  facts?: readonly (readonly [string, string | number])[];
  sections: readonly Section[];
}

export const NOT_A_DEVICE = 'Research use, not a medical device.';

/** Four significant digits without exponent where that stays readable: 0.9134, 12.35, 1204, 3.1e-7; NaN is 'not a number'. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return value.toLocaleString('en-GB').replace('-', '−');
  const text = size < 1e-4 || size >= 1e9 ? value.toExponential(1) : String(Number(value.toPrecision(4)));
  return text.replace(/^-/, '−');
}

const shown = (value: number | string): string => (typeof value === 'number' ? formatNumber(value) : value);

const directionOf = ({ better }: Quantity): string =>
  better === undefined
    ? ''
    : better === 'higher'
      ? '↑ higher is better'
      : better === 'lower'
        ? '↓ lower is better'
        : `→ ${formatNumber(better)} is ideal`;

function quantityRow(q: Quantity, id: string): Markup {
  const interval = q.interval && ` [${formatNumber(q.interval[0])}, ${formatNumber(q.interval[1])}]`;
  return html`<tr><th scope="row">${named(q, id)}</th><td class="number">${shown(q.value)}${interval}${q.unit ? ` ${q.unit}` : ''}</td><td class="better">${directionOf(q)}</td><td class="meaning">${q.meaning}</td></tr>`;
}

/** A row of a judged table: what it means under the name, what is known of each number under the number. */
function judgedRow(q: Quantity, id: string): Markup {
  const { value, unit, interval, beside, verdict } = q;
  const note = (text: string | undefined) => text && html`<small>${text}</small>`;
  const range = interval && `[${formatNumber(interval[0])}, ${formatNumber(interval[1])}]`;
  const kind = verdict?.good === undefined ? 'open' : verdict.good ? 'good' : 'bad';
  return html`<tr><th scope="row">${named(q, id)}<small>${directionOf(q) && html`<i>${directionOf(q)}</i> `}${q.meaning}</small></th><td class="number">${shown(value)}${unit ? ` ${unit}` : ''}${note(range)}</td><td class="number">${beside && [beside.text, note(beside.note)]}</td><td class="verdict">${verdict && [html`<span class="${kind}">${verdict.text}</span>`, note(verdict.note)]}</td></tr>`;
}

/** The name of a figure; with more about it, a place that can be pointed at and focused. */
function named({ name, about }: Quantity, id: string): Content {
  if (about === undefined || about.length === 0) return name;
  const lines = about.map(([term, text]) => html`<span><b>${term}</b> ${text}</span>`);
  return html`<span class="tip" tabindex="0" aria-describedby="${id}">${name}</span><span class="about" role="tooltip" id="${id}">${lines}</span>`;
}

function quantityTable({ quantities = [], headings }: Section, id: string): Markup {
  const about = quantities.some((q) => q.about !== undefined);
  const judged = quantities.some((q) => q.beside !== undefined || q.verdict !== undefined);
  const [value, beside, verdict] = headings ?? ['value', 'real against real', 'verdict'];
  const head = judged
    ? html`<th>figure</th><th class="number">${value}</th><th class="number">${beside}</th><th>${verdict}</th>`
    : html`<th>figure</th><th class="number">value</th><th>direction</th><th>meaning</th>`;
  const row = judged ? judgedRow : quantityRow;
  return html`<div class="scroll${about && ' tips'}"><table${judged && html` class="judged"`}><thead><tr>${head}</tr></thead><tbody>${quantities.map((q, i) => row(q, `${id}-about-${i}`))}</tbody></table></div>`;
}

function plainTable({ caption, columns, rows }: Table): Markup {
  // A column is numeric when every cell of it is a number.
  const kind = columns.map((_, c) =>
    rows.length > 0 && rows.every((row) => typeof row[c] === 'number') ? 'number' : 'text',
  );
  return html`<div class="scroll"><table${columns.length > 3 && raw(' class="wide"')}>${caption && html`<caption><span>${caption}</span></caption>`}<thead><tr>${columns.map((name, c) => html`<th class="${kind[c]}">${name}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell, c) => html`<td class="${kind[c]}">${shown(cell)}</td>`)}</tr>`)}</tbody></table></div>`;
}

function renderSection(section: Section, id: string, phantom: boolean): Markup {
  const prose =
    section.prose === undefined ? [] : typeof section.prose === 'string' ? [section.prose] : section.prose;
  const some = (list: readonly unknown[] | undefined): boolean => (list?.length ?? 0) > 0;
  const parts: Content[] = [
    prose.map((p) => html`<p>${p}</p>`),
    some(section.quantities) && quantityTable(section, id),
    section.tables?.map(plainTable),
    some(section.images) && html`<div class="figures">${section.images?.map(figure)}</div>`,
    some(section.charts) && html`<div class="figures">${section.charts?.map(renderChart)}</div>`,
    section.command &&
      html`<div class="command"><span>To make this again:</span><pre>${section.command}</pre></div>`,
  ];
  return html`<section id="${id}"><h2>${section.heading}${phantom && html`<span class="stamp">PHANTOM</span>`}</h2>${parts}</section>\n`;
}

/** Anchors of the sections, made distinct by a number where headings repeat. */
function anchors(sections: readonly Section[]): string[] {
  const seen = new Map<string, number>();
  return sections.map(({ heading }) => {
    const base = slug(heading);
    const times = (seen.get(base) ?? 0) + 1;
    seen.set(base, times);
    return times === 1 ? base : `${base}-${times}`;
  });
}

/** The report as the text of one HTML file. Everything given is escaped; nothing in it is fetched from anywhere. */
export function buildReport({ title, lead, phantom, facts, sections }: Report): string {
  const ids = anchors(sections);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}${phantom && ' (PHANTOM)'}</title><style>${raw(STYLE)}</style></head>
<body><header><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}<p class="notice">${NOT_A_DEVICE}</p>
${phantom && html`<div class="phantom"><strong>PHANTOM</strong><span>Made from procedural skulls that no person ever had. Nothing here is measured on patients.</span></div>`}
${(facts?.length ?? 0) > 0 && html`<dl class="facts">${facts?.map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`)}</dl>`}
${sections.length > 2 && html`<nav>${sections.map((section, s) => html`<a href="#${ids[s]}">${section.heading}</a> `)}</nav>`}
</header><main>
${sections.map((section, s) => renderSection(section, ids[s], phantom))}</main>
<footer><p>cranioflow. ${NOT_A_DEVICE}</p></footer></body></html>
`;
  return page.text;
}
