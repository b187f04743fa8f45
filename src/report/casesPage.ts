/**
 * The markup of the case sheet: the frame of every page with a card a case. It has no script: what is chosen above the cards
 * hides others by the style sheet, and the cases that are ticked can be shown as the rows of a table to copy.
 */
import type { CasePicture } from './casePictures.ts';
import type { CaseRecord } from './cases.ts';
import { type Content, html, type Markup, raw } from './html.ts';
import { shown } from './number.ts';
import { type Fact, PAGE_COMMAND, type PageFrame, page } from './page.ts';
import { plainTable } from './table.ts';

export interface CasesPageOptions extends Omit<PageFrame, 'phantom' | 'links' | 'wide'> {
  /** True when data came from procedural skulls. */
  phantom?: boolean;
  /** The cases to show, in this order; default: all that have a record. */
  ids?: readonly string[];
  /** Cases whose record is from an earlier run. */
  kept?: readonly string[];
}

/** A record without its pictures. */
export type SummaryEntry = Omit<CaseRecord, 'slices' | 'views' | 'steps'> & { wasKept: boolean };

export interface Summary {
  entries: SummaryEntry[];
  /** Cases whose record is missing or damaged. */
  unreadable: string[];
}

const withUnit = ({ value, unit }: CaseRecord['numbers'][number]): string =>
  unit ? `${shown(value)} ${unit}` : shown(value);

const STATES = { accepted: 'accepted', refused: 'refused', kept: 'accepted' } as const;

/** A reason under its own case needs no "the case: " before it. */
const bare = (reason: string): string => reason.replace(/^the case: /, '');

/** Anchor of a case's card. */
const anchor = (id: string): string => `case-${id}`;

const imageOf = ({ png, width, height, alt }: CasePicture, of: string): Markup =>
  html`<img src="data:image/png;base64,${png}" width="${width}" height="${height}" alt="${of}: ${alt}" loading="lazy" decoding="async">`;

const figureOf = (picture: CasePicture, of: string): Markup =>
  html`<figure>${imageOf(picture, of)}<figcaption>${picture.title}</figcaption></figure>`;

/** What the choices above the cards go by. */
function classesOf({ status, quality, warnings }: CaseRecord, wasKept: boolean): string {
  return [
    'case',
    STATES[status],
    ...(wasKept ? ['kept'] : []),
    ...(warnings.length > 0 ? ['warned'] : []),
    ...(quality === undefined ? [] : [`q${Math.ceil(quality.score)}`]),
  ].join(' ');
}

/** The card of one case. */
export function caseCard(record: CaseRecord, wasKept: boolean): Markup {
  const { id, label, reason, numbers, quality, warnings, steps, slices, views } = record;
  const state = STATES[record.status];
  const some = (list: readonly unknown[]): boolean => list.length > 0;
  const parts: Content[] = [
    html`<header><h3 id="${anchor(id)}-title">${id}${label && html` <span class="lead">${label}</span>`}</h3><span class="state ${state}">${state}</span>${wasKept && html`<span class="state kept">kept from an earlier run</span>`}${quality && html`<span class="state score">quality ${shown(quality.score)} of 6</span>`}${record.status !== 'refused' && html`<label class="drop"><input type="checkbox"> drop this case</label>`}</header>`,
    reason && html`<p class="reason">${bare(reason)}</p>`,
    some(warnings) && html`<ul class="warnings">${warnings.map((w) => html`<li>${w}</li>`)}</ul>`,
    quality && some(quality.reasons) && html`<p class="lead">Quality: ${quality.reasons.join('; ')}</p>`,
    some(numbers) &&
      html`<dl class="facts">${numbers.map((n) => html`<div><dt>${n.label}</dt><dd>${withUnit(n)}</dd></div>`)}</dl>`,
    some([...slices, ...views]) &&
      html`<div class="pictures">${some(slices) && html`<div class="figures">${slices.map((s) => figureOf(s, id))}</div>`}${some(views) && html`<div class="figures views">${views.map((v) => figureOf(v, id))}</div>`}</div>`,
    some(steps) &&
      html`<details><summary>How the bone was found: ${steps.length} steps</summary><ol class="steps">${steps.map(
        ({ title, picture, note }, s) =>
          html`<li>${picture && imageOf(picture, id)}<b>${s + 1}. ${title}</b>${note}</li>`,
      )}</ol></details>`,
    record.status !== 'refused' && html`<div class="row">${id},drop</div>`,
  ];
  return html`<article class="${classesOf(record, wasKept)}" id="${anchor(id)}" aria-labelledby="${anchor(id)}-title">${parts}</article>\n`;
}

const link = (id: string) => ({ text: id, to: anchor(id) });

function countsOf({ entries, unreadable }: Summary): Fact[] {
  const refused = entries.filter((e) => e.status === 'refused').length;
  const scores = entries.filter((e) => e.status !== 'refused').flatMap((e) => e.quality?.score ?? []);
  const classes = [...new Set(scores)].sort((a, b) => a - b);
  const counts: Fact[] = [
    ['cases', entries.length],
    ['accepted', entries.length - refused],
    ['refused', refused],
    ['with warnings', entries.filter((e) => e.warnings.length > 0).length],
    ['kept from an earlier run', entries.filter((e) => e.wasKept).length],
  ];
  if (classes.length > 0)
    counts.push([
      'quality of the accepted',
      classes.map((c) => `${shown(c)}: ${scores.filter((s) => s === c).length}`).join(', '),
    ]);
  if (unreadable.length > 0) counts.push(['records that cannot be read', unreadable.length]);
  return counts;
}

/** The cases that were refused, each with its reason, and a way to its card. */
function refusals(entries: readonly SummaryEntry[], again: string | undefined): Content {
  const refused = entries.filter((e) => e.status === 'refused');
  const rows = refused.map((e) => [link(e.id), bare(e.reason ?? 'no reason was given')]);
  return (
    refused.length > 0 &&
    html`<section id="refused"><h2>Refused</h2>${plainTable({ columns: ['case', 'why'], rows }, { id: 'refused-table', again })}</section>\n`
  );
}

/** All numbers of all cases. */
function numbersTable(entries: readonly SummaryEntry[], again: string | undefined): Content {
  // A number has its unit in the head of its column, so that the column is numbers.
  const headOf = ({ label, unit }: CaseRecord['numbers'][number]): string =>
    unit ? `${label}, ${unit}` : label;
  const heads = [...new Set(entries.flatMap((e) => e.numbers.map(headOf)))];
  if (heads.length === 0) return false;
  const rows = entries.map((e) => [
    link(e.id),
    STATES[e.status],
    e.quality?.score,
    ...heads.map((head) => e.numbers.find((n) => headOf(n) === head)?.value),
  ]);
  return html`<details><summary>All numbers in one table</summary>${plainTable({ columns: ['case', 'state', 'quality', ...heads], rows }, { id: 'numbers-table', again })}</details>\n`;
}

/** One of several choices; the style sheet knows the ids. */
const choices = (
  name: string,
  legend: string,
  of: readonly (readonly [id: string, text: string])[],
): Markup =>
  html`<fieldset><legend>${legend}</legend>${of.map(([id, text], i) => html`<label><input type="radio" name="${name}" id="${name}-${id}"${i === 0 && raw(' checked')}> ${text}</label>`)}</fieldset>`;

const FILTER = html`<div class="filter">${choices('show', 'Show', [
  ['all', 'all'],
  ['accepted', 'accepted'],
  ['refused', 'refused'],
  ['warned', 'with warnings'],
  ['kept', 'kept from an earlier run'],
  ['marked', 'those to drop'],
  ['list', 'their list'],
])}${choices('quality', 'Quality', [
  ['any', 'any'],
  ['5', '5 or less'],
  ['4', '4 or less'],
  ['3', '3 or less'],
  ['2', '2'],
])}</div>
<p class="notice">Tick the cases to drop, choose their list, and save what is shown then as a file for <code>--quality-file</code>; a number from 2 to 6 in place of drop sets the quality. The ticks are forgotten when the page is closed.</p>
<div class="row">case,quality</div>
`;

/** The page before the first card and after the last. */
export function casesFrame(
  { facts = [], phantom = false, ...frame }: CasesPageOptions,
  summary: Summary,
): { head: Markup; foot: Markup } {
  const { entries, unreadable } = summary;
  const again = frame.command === undefined ? undefined : PAGE_COMMAND;
  const { head, foot } = page({ ...frame, phantom, facts: [...countsOf(summary), ...facts], wide: true });
  return {
    head: html`${head}${unreadable.length > 0 && html`<ul class="warnings">${unreadable.map((id) => html`<li>The record of ${id} is missing or damaged; the next run does this case again.</li>`)}</ul>`}
${refusals(entries, again)}${numbersTable(entries, again)}<section id="cases"><h2>Cases</h2>
${FILTER}`,
    foot: html`</section>\n${foot}`,
  };
}
