/**
 * The markup of the case sheet. Plain HTML that reads without its script, on screen or paper, light or dark; the script (a
 * few lines, allowed by its hash alone) filters the cards and keeps the list of cases marked for dropping. Everything given
 * is escaped.
 */
import { createHash } from 'node:crypto';
import type { CasePicture } from './casePictures.ts';
import type { CaseRecord } from './cases.ts';
import { type Content, html, type Markup, raw } from './html.ts';
import { formatNumber, NOT_A_DEVICE } from './report.ts';
import { STYLE } from './style.ts';

export interface CasesPageOptions {
  title: string;
  /** One sentence under the title. */
  lead?: string;
  /** Name and value pairs at the top: grid, spacing, parameters. */
  facts?: readonly (readonly [string, string | number])[];
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

const CASES_STYLE = `
main,header,footer{max-width:1280px}
[hidden]{display:none!important}
form.filter{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.6rem 1.4rem;align-items:center;margin:1.6rem 0 0;padding:.7rem .9rem;
background:var(--panel);border:1px solid var(--line);border-radius:6px;font-size:.92rem}
form.filter label{display:inline-flex;gap:.4rem;align-items:center}
form.filter select,form.filter input,form.filter button,textarea{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--quiet);
border-radius:4px;padding:.2rem .5rem}
form.filter output{color:var(--quiet);margin-left:auto}
:focus-visible{outline:3px solid var(--series-1);outline-offset:2px}
.dropped{margin:.7rem 0 0}.dropped textarea{width:100%;min-height:4.2em;font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
article.case{margin:1.2rem 0 0;padding:1rem 1.1rem 1.1rem;border:1px solid var(--line);border-left:6px solid var(--ok);border-radius:8px;
background:var(--panel);content-visibility:auto;contain-intrinsic-size:auto 780px;scroll-margin-top:5rem}
article.refused{border-left-color:var(--bad)}
article.marked{border-left-style:dashed;opacity:.72}
article.case header{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:baseline;margin:0;padding:0;max-width:none}
article.case h3{margin:0;font-size:1.08rem;overflow-wrap:anywhere}
.drop{margin-left:auto;display:inline-flex;gap:.4rem;align-items:center;font-size:.92rem}
.state{font-weight:650;font-size:.82rem;padding:.1rem .5rem;border-radius:4px;border:1px solid currentColor;color:var(--ok);white-space:nowrap}
.state.refused{color:var(--bad)}
.state.kept,.state.score{color:var(--quiet);font-weight:560}
.reason{font-weight:560}
ul.warnings{margin:.5rem 0;padding:.5rem .8rem .5rem 1.9rem;border:1px solid var(--warn-line);border-radius:6px;background:var(--warn-paper);color:var(--warn-ink);font-size:.92rem}
article.case dl.facts{grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:.35rem 1rem;margin:.7rem 0}
article.case dd{font-size:.93rem;font-variant-numeric:tabular-nums}
.pictures{display:flex;flex-wrap:wrap;gap:10px 18px;margin:.7rem 0}
article.case .figures{gap:10px;margin:0;align-content:flex-start}
.figures.views{max-width:470px}
article.case figcaption{font-size:.8rem;margin-top:.2rem;max-width:22ch}
article.case figure{flex:0 1 auto}
article.case details{margin:.4rem 0 0;font-size:.88rem}
#refused th a{white-space:nowrap}
ol.steps{list-style:none;display:flex;flex-wrap:wrap;gap:10px;margin:.4rem 0 0;padding:0}
ol.steps li{max-width:176px;font-size:.8rem;color:var(--quiet)}
ol.steps b{display:block;color:var(--ink);font-weight:560}
details{margin:.8rem 0}summary{cursor:pointer;color:var(--accent)}
:root{--ok:#1d6b3f;--bad:#a3262f}
@media (prefers-color-scheme:dark){:root{--ok:#7fd3a3;--bad:#ff9a9f}}
@media print{:root{--ok:#1d6b3f;--bad:#a3262f}form.filter,.drop,.dropped{display:none!important}article.case{break-inside:avoid;content-visibility:visible;background:none}
article.marked{opacity:1}}
`;

/**
 * Filters by state, quality and text; marks cases to drop and lists their ids; keeps marks in the browser where it allows
 * it. Without the script every card is shown and the controls are hidden.
 */
const SCRIPT = `
(function(){
var form=document.querySelector('form.filter'),cards=[].slice.call(document.querySelectorAll('article.case')),out=form.querySelector('output');
var area=document.querySelector('.dropped textarea'),box=document.querySelector('.dropped'),key='cranioflow-drop:'+location.pathname;
function store(v){try{if(v===undefined)return JSON.parse(localStorage.getItem(key)||'[]');localStorage.setItem(key,JSON.stringify(v))}catch(e){return[]}}
function tick(c){return c.querySelector('.drop input')||{checked:false}}
function show(){
 var state=form.state.value,most=Number(form.quality.value),text=form.text.value.trim().toLowerCase(),n=0;
 cards.forEach(function(c){
  var d=c.dataset,ok=(state==='all'||d.status===state||(state==='kept'&&d.kept)||(state==='warned'&&d.warned)||(state==='marked'&&tick(c).checked))
   &&(!most||(d.quality&&Number(d.quality)<=most))&&(!text||c.querySelector('.words').textContent.toLowerCase().indexOf(text)>=0);
  c.hidden=!ok;if(ok)n++});
 out.textContent=n+' of '+cards.length+' cases shown'}
function mark(){
 var ids=cards.filter(function(c){var t=tick(c).checked;c.classList.toggle('marked',t);return t}).map(function(c){return c.dataset.id});
 area.value='case,quality\\n'+ids.map(function(i){return i+',drop\\n'}).join('');box.hidden=!ids.length;store(ids)}
var before=store()||[];
cards.forEach(function(c){var t=tick(c);if(!t.parentNode)return;t.parentNode.hidden=false;t.checked=before.indexOf(c.dataset.id)>=0;t.addEventListener('change',function(){mark();if(form.state.value==='marked')show()})});
form.addEventListener('input',show);form.addEventListener('submit',function(e){e.preventDefault()});
document.addEventListener('keydown',function(e){
 if(e.ctrlKey||e.metaKey||e.altKey||/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)&&e.target.type!=='checkbox')return;
 var seen=cards.filter(function(c){return!c.hidden}),at=seen.indexOf(document.activeElement.closest('article.case'));
 if(e.key==='j'||e.key==='k'){var c=seen[Math.max(0,Math.min(seen.length-1,at+(e.key==='j'?1:-1)))];if(c){c.scrollIntoView();c.focus({preventScroll:true})}}
 else if(e.key==='d'&&at>=0){tick(seen[at]).checked=!tick(seen[at]).checked;mark()}
 else if(e.key==='s'&&at>=0){var s=seen[at].querySelector('details');if(s)s.open=!s.open}});
form.hidden=false;mark();show();
})();
`;

const SCRIPT_HASH = createHash('sha256').update(SCRIPT).digest('base64');

const shown = (value: number | string): string => (typeof value === 'number' ? formatNumber(value) : value);
const withUnit = ({ value, unit }: CaseRecord['numbers'][number]): string =>
  unit ? `${shown(value)} ${unit}` : shown(value);

const STATES = { accepted: 'accepted', refused: 'refused', kept: 'accepted' } as const;

/** A reason under its own case needs no "the case: " before it. */
const bare = (reason: string): string => reason.replace(/^the case: /, '');

/** Anchor of a case's card. */
const anchor = (id: string): string => `case-${id}`;

const figureOf = ({ title, png, width, height, alt }: CasePicture, caption = title): Markup =>
  html`<figure><img src="data:image/png;base64,${png}" width="${width}" height="${height}" alt="${alt}" loading="lazy" decoding="async"><figcaption>${caption}</figcaption></figure>`;

/** The card of one case. */
export function caseCard(record: CaseRecord, wasKept: boolean): Markup {
  const { id, label, reason, numbers, quality, warnings, steps, slices, views } = record;
  const state = STATES[record.status];
  const some = (list: readonly unknown[]): boolean => list.length > 0;
  const of = (alt: string): string => `${id}: ${alt}`;
  const named = (picture: CasePicture): Markup => figureOf({ ...picture, alt: of(picture.alt) });
  const parts: Content[] = [
    html`<div class="words"><header><h3 id="${anchor(id)}-title">${id}${label && html` <span class="lead">${label}</span>`}</h3><span class="state ${state}">${state}</span>${wasKept && html`<span class="state kept">kept from an earlier run</span>`}${quality && html`<span class="state score">quality ${shown(quality.score)} of 6</span>`}${record.status !== 'refused' && html`<label class="drop" hidden><input type="checkbox"> drop this case</label>`}</header>`,
    reason && html`<p class="reason">${bare(reason)}</p>`,
    some(warnings) && html`<ul class="warnings">${warnings.map((w) => html`<li>${w}</li>`)}</ul>`,
    quality && some(quality.reasons) && html`<p class="lead">Quality: ${quality.reasons.join('; ')}</p>`,
    html`</div>`,
    some(numbers) &&
      html`<dl class="facts">${numbers.map((n) => html`<div><dt>${n.label}</dt><dd>${withUnit(n)}</dd></div>`)}</dl>`,
    some([...slices, ...views]) &&
      html`<div class="pictures">${some(slices) && html`<div class="figures">${slices.map(named)}</div>`}${some(views) && html`<div class="figures views">${views.map(named)}</div>`}</div>`,
    some(steps) &&
      html`<details><summary>How the bone was found: ${steps.length} steps (key s)</summary><ol class="steps">${steps.map(
        ({ title, picture, note }, s) =>
          html`<li>${picture && html`<img src="data:image/png;base64,${picture.png}" width="${picture.width}" height="${picture.height}" alt="${of(picture.alt)}" loading="lazy" decoding="async">`}<b>${s + 1}. ${title}</b>${note}</li>`,
      )}</ol></details>`,
  ];
  return html`<article class="case ${state}" id="${anchor(id)}" aria-labelledby="${anchor(id)}-title" tabindex="-1" data-id="${id}" data-status="${state}"${wasKept && raw(' data-kept="1"')}${some(warnings) && raw(' data-warned="1"')}${quality && html` data-quality="${quality.score}"`}>${parts}</article>\n`;
}

const link = (id: string): Markup => html`<a href="#${anchor(id)}">${id}</a>`;

function countsOf({ entries, unreadable }: Summary): [string, string | number][] {
  const refused = entries.filter((e) => e.status === 'refused').length;
  const scores = entries.filter((e) => e.status !== 'refused').flatMap((e) => e.quality?.score ?? []);
  const classes = [...new Set(scores)].sort((a, b) => a - b);
  const counts: [string, string | number][] = [
    ['Cases', entries.length],
    ['Accepted', entries.length - refused],
    ['Refused', refused],
    ['With warnings', entries.filter((e) => e.warnings.length > 0).length],
    ['Kept from an earlier run', entries.filter((e) => e.wasKept).length],
  ];
  if (classes.length > 0)
    counts.push([
      'Quality of the accepted',
      classes.map((c) => `${shown(c)}: ${scores.filter((s) => s === c).length}`).join(', '),
    ]);
  if (unreadable.length > 0) counts.push(['Records that cannot be read', unreadable.length]);
  return counts;
}

function refusals(entries: readonly SummaryEntry[]): Content {
  const refused = entries.filter((e) => e.status === 'refused');
  return (
    refused.length > 0 &&
    html`<section id="refused"><h2>Refused</h2><div class="scroll"><table><thead><tr><th scope="col">case</th><th scope="col">why</th></tr></thead><tbody>${refused.map((e) => html`<tr><th scope="row">${link(e.id)}</th><td>${bare(e.reason ?? 'no reason was given')}</td></tr>`)}</tbody></table></div></section>\n`
  );
}

function numbersTable(entries: readonly SummaryEntry[]): Content {
  const labels = [...new Set(entries.flatMap((e) => e.numbers.map((n) => n.label)))];
  if (labels.length === 0) return false;
  const row = (e: SummaryEntry): Markup =>
    html`<tr><th scope="row">${link(e.id)}</th><td>${STATES[e.status]}</td><td class="number">${e.quality && shown(e.quality.score)}</td>${labels.map(
      (label) => {
        const number = e.numbers.find((n) => n.label === label);
        return html`<td class="number">${number && withUnit(number)}</td>`;
      },
    )}</tr>`;
  return html`<details><summary>All numbers in one table</summary><div class="scroll"><table><thead><tr><th scope="col">case</th><th scope="col">state</th><th scope="col" class="number">quality</th>${labels.map((l) => html`<th scope="col" class="number">${l}</th>`)}</tr></thead><tbody>${entries.map(row)}</tbody></table></div></details>\n`;
}

/** The page down to the first card. */
export function pageHead({ title, lead, facts, phantom }: CasesPageOptions, summary: Summary): Markup {
  const { entries, unreadable } = summary;
  const all: (readonly [string, string | number])[] = [...countsOf(summary), ...(facts ?? [])];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${raw(SCRIPT_HASH)}'">
<title>${title}${phantom && ' (PHANTOM)'}</title><style>${raw(STYLE + CASES_STYLE)}</style></head>
<body><header><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}<p class="notice">${NOT_A_DEVICE}</p>
${phantom && html`<div class="phantom"><strong>PHANTOM</strong><span>Made from procedural skulls that no person ever had. Nothing here is measured on patients.</span></div>`}
<dl class="facts">${all.map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`)}</dl>
</header><main>
${unreadable.length > 0 && html`<ul class="warnings">${unreadable.map((id) => html`<li>The record of ${id} is missing or damaged; the next run does this case again.</li>`)}</ul>`}
${refusals(entries)}${numbersTable(entries)}<section id="cases"><h2>Cases</h2>
<form class="filter" hidden><label>Show <select name="state"><option value="all">all</option><option value="accepted">accepted</option><option value="refused">refused</option><option value="warned">with warnings</option><option value="kept">kept from an earlier run</option><option value="marked">marked to drop</option></select></label>
<label>Quality <select name="quality"><option value="0">any</option>${[2, 3, 4, 5].map((q) => html`<option value="${q}">${q} or less</option>`)}</select></label>
<label>Containing <input name="text" type="search" size="16"></label><span class="notice">keys: j next, k previous, d drop</span><output aria-live="polite"></output></form>
<div class="dropped" hidden><label>Cases marked to drop, to be saved as a file for <code>--quality-file</code> (a number from 2 to 6 in place of drop sets the quality):<textarea readonly></textarea></label></div>
`;
}

/** The page after the last card. */
export const pageFoot = (): Markup => html`</section></main>
<footer><p>cranioflow. ${NOT_A_DEVICE}</p></footer><script>${raw(SCRIPT)}</script></body></html>
`;
