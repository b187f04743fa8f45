/**
 * The quiet line under every figure and table: its numbers as CSV and its drawing as SVG, both inside the page, and a link to
 * the command that makes it again.
 */
import { type Csv, csvText } from './csv.ts';
import { html, type Markup } from './html.ts';

/** Where a figure stands on its page. */
export interface Place {
  /** Its anchor, and the name of its downloads. */
  id: string;
  /** Anchor of the command that makes it again. */
  again?: string;
}

const dataLink = (name: string, type: string, text: string, words: string): Markup =>
  html`<a download="${name}" href="data:${type};base64,${Buffer.from(text).toString('base64')}">${words}</a>`;

/** The line; empty where there is neither data nor a command. */
export function tools({ id, again }: Place, csv?: Csv, svg?: string): Markup | false {
  const links = [
    ...(csv === undefined ? [] : [dataLink(`${id}.csv`, 'text/csv', csvText(csv), 'data (CSV)')]),
    ...(svg === undefined ? [] : [dataLink(`${id}.svg`, 'image/svg+xml', svg, 'drawing (SVG)')]),
    ...(again === undefined ? [] : [html`<a href="#${again}">command</a>`]),
  ];
  return links.length > 0 && html`<p class="tools">${links}</p>`;
}
