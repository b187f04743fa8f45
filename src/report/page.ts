/**
 * The frame of every page: title, what it is and is not, PHANTOM where data were invented, facts, links to the sections, and
 * at the end the version and the command that makes the page again. One file with everything in it: a policy in its head
 * forbids script and every request, whatever a name from outside should smuggle in.
 *
 *   page(frame) -> { head, foot };   head + sections + foot is the file
 */
import { packageVersion } from '../files/version.ts';
import { html, type Markup, raw } from './html.ts';
import { shown } from './number.ts';
import { STYLE } from './style.ts';

export type Fact = readonly [name: string, value: number | string];

export interface PageFrame {
  title: string;
  /** One sentence under the title. */
  lead?: string;
  /** True when any data came from procedural phantom skulls: the page says so at the top. */
  phantom: boolean;
  /** Name and value pairs at the top: data, grid, seed, time. */
  facts?: readonly Fact[];
  /** Sections to go to. */
  links?: readonly { id: string; text: string }[];
  /** The command line that makes the page again. */
  command?: string;
  /** What is to be known of the command. */
  commandNote?: string;
  /** As wide as the screen allows, for pictures side by side. */
  wide?: boolean;
}

export const NOT_A_DEVICE = 'Research use, not a medical device.';

/** Anchor of the page's own command. */
export const PAGE_COMMAND = 'command';

/** No script, no request: styles of the page and pictures inside it, nothing else. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A command line with a heading; `id` is what figures link to. */
export const commandBox = (id: string, heading: string, command: string, note?: string): Markup =>
  html`<div class="command" id="${id}"><span>${heading}</span><pre>${command}</pre>${note && html`<p class="notice">${note}</p>`}</div>`;

/** The page before its first section and after its last. Everything given is escaped. */
export function page(frame: PageFrame): { head: Markup; foot: Markup } {
  const { title, lead, phantom, facts = [], links = [], command, commandNote, wide } = frame;
  return {
    head: html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<title>${title}${phantom && ' (PHANTOM)'}</title><style>${raw(STYLE)}</style></head>
<body${wide && raw(' class="wide"')}><header><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}<p class="notice">${NOT_A_DEVICE}</p>
${phantom && html`<div class="phantom"><strong>PHANTOM</strong><span>Made from procedural skulls that no person ever had. Nothing here is measured on patients.</span></div>`}
${facts.length > 0 && html`<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`)}</dl>`}
${links.length > 2 && html`<nav aria-label="sections">${links.map(({ id, text }) => html`<a href="#${id}">${text}</a> `)}</nav>`}
</header><main>
`,
    foot: html`</main>
<footer>${command && commandBox(PAGE_COMMAND, 'To make this page again:', command, commandNote)}<p>cranioflow ${packageVersion()}. ${NOT_A_DEVICE}</p></footer></body></html>
`,
  };
}
