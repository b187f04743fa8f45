/**
 * A report: one HTML file with everything in it (pictures as data URIs, charts as SVG, no script, no request), that reads
 * from a screen, a tablet or paper. Each section says what it shows and gives its numbers with unit and direction; under
 * every figure are its data and the command that makes it again. The same input gives the same bytes.
 */
import { renderChart } from './chart.ts';
import type { Chart } from './chartData.ts';
import { figure, type Picture } from './figure.ts';
import { type Content, html, type Markup, slug } from './html.ts';
import { commandBox, PAGE_COMMAND, type PageFrame, page } from './page.ts';
import { type Headings, plainTable, type Quantity, quantityTable, type Table } from './table.ts';
import type { Place } from './tools.ts';

export interface Section {
  heading: string;
  /** Paragraphs. */
  prose?: string | readonly string[];
  quantities?: readonly Quantity[];
  /** Headings of what is judged: the value, what is beside it, the verdict. */
  headings?: Headings;
  tables?: readonly Table[];
  images?: readonly Picture[];
  charts?: readonly Chart[];
  /** The command line that makes this section's content again, where it is not that of the page. */
  command?: string;
  /** A command for more than what is shown, and what it is for. */
  also?: { words: string; command: string };
}

export interface Report extends Omit<PageFrame, 'links'> {
  sections: readonly Section[];
}

function renderSection(section: Section, id: string, { phantom, command }: Report): Markup {
  const { heading, prose = [], quantities = [], tables = [], images = [], charts = [], also } = section;
  const own = section.command !== command ? section.command : undefined;
  const again = own !== undefined ? `${id}-command` : command === undefined ? undefined : PAGE_COMMAND;
  const placed =
    <T>(kind: string, draw: (item: T, place: Place) => Markup) =>
    (item: T, i: number): Markup =>
      draw(item, { id: `${id}-${kind}-${i + 1}`, again });
  const parts: Content[] = [
    (typeof prose === 'string' ? [prose] : prose).map((p) => html`<p>${p}</p>`),
    quantities.length > 0 && quantityTable(quantities, { id: `${id}-values`, again }, section.headings),
    tables.map(placed('table', plainTable)),
    images.length > 0 && html`<div class="figures">${images.map(placed('picture', figure))}</div>`,
    charts.length > 0 && html`<div class="figures">${charts.map(placed('chart', renderChart))}</div>`,
    own !== undefined && commandBox(`${id}-command`, 'To make this again:', own),
    also && commandBox(`${id}-also`, also.words, also.command),
  ];
  return html`<section id="${id}"><h2>${heading}${phantom && html`<span class="stamp">PHANTOM</span>`}</h2>${parts}</section>\n`;
}

/** Anchors of the sections, made distinct by a number where headings repeat. */
function anchors(sections: readonly Section[]): string[] {
  const seen = new Map<string, number>([[PAGE_COMMAND, 1]]);
  return sections.map(({ heading }) => {
    const base = slug(heading);
    const times = (seen.get(base) ?? 0) + 1;
    seen.set(base, times);
    return times === 1 ? base : `${base}-${times}`;
  });
}

/** The report as the text of one HTML file. Everything given is escaped; nothing in it is fetched from anywhere. */
export function buildReport(report: Report): string {
  const { sections } = report;
  const ids = anchors(sections);
  const links = sections.map(({ heading }, s) => ({ id: ids[s], text: heading }));
  const { head, foot } = page({ ...report, links });
  return [head, ...sections.map((section, s) => renderSection(section, ids[s], report)), foot].join('');
}
