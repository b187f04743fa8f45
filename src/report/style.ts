/**
 * The style sheet of every page: one column, print first, light and dark by the reader's own setting. Text has a contrast of
 * at least 4.5 on its ground, what is focused has an outline, and paper shows what a screen folds away.
 */

/** Colours on paper, by the names of their variables. */
export const LIGHT: Readonly<Record<string, string>> = {
  paper: '#fafaf9',
  ink: '#22252a',
  quiet: '#62676f',
  line: '#dcdcd8',
  panel: '#f4f3f0',
  accent: '#8a5a2b',
  good: '#22683d',
  bad: '#a3262f',
  'warn-ink': '#7a3206',
  'warn-paper': '#fdf0e2',
  'warn-line': '#e8b98a',
  'series-1': '#1f6fb4',
  'series-2': '#d3691c',
  'series-3': '#2f8f5b',
  'series-4': '#9a4fa8',
  'series-5': '#b03a48',
  'series-6': '#6b7280',
};

const DARK: typeof LIGHT = {
  paper: '#17191c',
  ink: '#e6e5e2',
  quiet: '#a0a5ad',
  line: '#363a40',
  panel: '#202328',
  accent: '#d7a877',
  good: '#7fd3a0',
  bad: '#ff9a9f',
  'warn-ink': '#ffd9b3',
  'warn-paper': '#3a2614',
  'warn-line': '#8a5a2b',
  'series-1': '#6db3f2',
  'series-2': '#f29a55',
  'series-3': '#63c492',
  'series-4': '#c98fd6',
  'series-5': '#ef8591',
  'series-6': '#a7adb7',
};

const variables = (colours: typeof LIGHT): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');

const PRINTED = {
  ...LIGHT,
  paper: '#fff',
  ink: '#111',
  quiet: '#555',
  line: '#ccc',
  panel: '#f4f4f2',
  'warn-paper': '#fff',
};

/** Filters of the case sheet without script: a choice hides the cards that it does not want. */
const CHOICES = [
  ...['accepted', 'refused', 'warned', 'kept'].map((of) => [`show-${of}`, `.${of}`]),
  ...[2, 3, 4, 5].map((most) => [
    `quality-${most}`,
    [2, 3, 4, 5].flatMap((q) => (q <= most ? [`.q${q}`] : [])).join(),
  ]),
  ['show-marked', ':has(.drop input:checked)'],
  ['show-list', ':has(.drop input:checked)'],
]
  .map(([id, wanted]) => `main:has(#${id}:checked) article.case:not(${wanted}){display:none}`)
  .join('\n');

export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
main,body>header,footer{max-width:1120px;margin:0 auto;padding:0 28px}
body.wide main,body.wide>header,body.wide footer{max-width:1280px}
body>header{padding-top:36px}
h1{font-size:1.9rem;line-height:1.2;font-weight:640;letter-spacing:-.012em;margin:0 0 .35rem;overflow-wrap:anywhere}
h2{font-size:1.28rem;line-height:1.3;font-weight:620;margin:2.4rem 0 .6rem;padding-top:1.1rem;border-top:1px solid var(--line)}
p{margin:.5rem 0;max-width:72ch;overflow-wrap:anywhere}
.lead{color:var(--quiet)}
.notice{display:inline-block;margin:.2rem 0 0;color:var(--quiet);font-size:.86rem}
.phantom{display:flex;gap:.8rem;align-items:baseline;margin:1rem 0 0;padding:.6rem .9rem;border:1px solid var(--warn-line);border-radius:6px;
background:var(--warn-paper);color:var(--warn-ink);font-size:.94rem}
.phantom strong{letter-spacing:.1em}
.stamp{font-size:.66rem;font-weight:650;letter-spacing:.1em;color:var(--warn-ink);background:var(--warn-paper);border:1px solid var(--warn-line);
border-radius:4px;padding:.1rem .4rem;margin-left:.6rem;vertical-align:.18em}
dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:.5rem 1.6rem;margin:1.3rem 0 0;padding:0}
dl.facts div{border-left:2px solid var(--line);padding-left:.7rem}
dt{color:var(--quiet);font-size:.8rem}
dd{margin:0;font-weight:560;overflow-wrap:anywhere}
nav{margin:1.4rem 0 0;font-size:.92rem;color:var(--quiet)}
nav a{margin-right:1.1rem;white-space:nowrap}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
.scroll{overflow-x:auto;margin:1rem 0 1.4rem}
table{border-collapse:collapse;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--quiet);font-size:.88rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.42rem .9rem .42rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--quiet);font-weight:560;font-size:.88em;border-bottom-color:var(--quiet)}
tbody th{font-weight:560}
tbody th a{white-space:nowrap}
td.number,th.number{text-align:right;white-space:nowrap}
td.meaning{color:var(--quiet)}
.judged small{display:block;color:var(--quiet);font-size:.86rem;font-weight:400}
.judged th small{max-width:62ch}
.judged i{font-style:normal;white-space:nowrap;margin-right:.4em;color:var(--ink)}
td.verdict{white-space:nowrap}
td .good,td .bad,td .open{font-weight:560}
td .good{color:var(--good)}
td .bad{color:var(--bad)}
td .open{color:var(--quiet)}
.tip{text-decoration:underline dotted;text-underline-offset:3px;cursor:help}
.tips th[scope]{position:relative}
.about{display:none;position:absolute;z-index:2;left:0;top:calc(100% - .2rem);width:min(30rem,80vw);padding:.6rem .8rem;background:var(--panel);
border:1px solid var(--line);border-radius:6px;box-shadow:0 4px 16px #0003;font-size:.86rem;font-weight:400;line-height:1.45}
.about>span{display:block;margin:.15rem 0}
.about b{font-weight:560;color:var(--quiet)}
.tip:hover+.about,.tip:focus+.about,.about:hover{display:block}
.better{white-space:nowrap;color:var(--quiet)}
.figures{display:flex;flex-wrap:wrap;gap:18px;margin:1.1rem 0;align-items:flex-start}
figure{margin:0;max-width:100%}
figure.wide{flex:1 1 100%}
figure.small{flex:0 1 auto}
figure.chart{flex:1 1 440px;max-width:600px}
img{display:block;max-width:100%;height:auto;border-radius:5px;background:#fafaf9}
svg{display:block;width:100%;height:auto;overflow:visible;color:var(--quiet)}
svg text{white-space:pre}
figcaption{color:var(--quiet);font-size:.87rem;line-height:1.45;margin-top:.45rem;max-width:72ch}
.tools{margin:.15rem 0 0;font-size:.8rem;color:var(--quiet);position:sticky;left:0;width:max-content;max-width:100%}
.tools a{color:inherit;margin-right:1rem}
.tools a:hover,.tools a:focus-visible{color:var(--accent)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.85rem;margin:0 0 .3rem;color:var(--ink)}
.legend i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:.4rem;vertical-align:.22em;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.empty{color:var(--quiet);font-style:italic}
.command{margin:1rem 0 0;scroll-margin-top:1rem}
.command span{display:block;color:var(--quiet);font-size:.82rem}
.command:target pre{outline:2px solid var(--accent)}
pre{margin:.25rem 0 0;padding:.6rem .8rem;background:var(--panel);border-radius:6px;color:var(--ink);font:13px/1.5 ui-monospace,"SF Mono",Menlo,
Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:0;padding-bottom:2.4rem;color:var(--quiet);font-size:.86rem}
footer>p{border-top:1px solid var(--line);padding-top:1rem;margin-top:1.4rem;max-width:none}
ul.warnings{margin:.5rem 0;padding:.5rem .8rem .5rem 1.9rem;border:1px solid var(--warn-line);border-radius:6px;background:var(--warn-paper);
color:var(--warn-ink);font-size:.92rem;overflow-wrap:anywhere}
details{margin:.8rem 0}
summary{cursor:pointer;color:var(--accent)}
.filter{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.3rem 2rem;margin:1.2rem 0 0;padding:.5rem .9rem;background:var(--panel);
border:1px solid var(--line);border-radius:6px;font-size:.9rem}
.filter fieldset{display:flex;flex-wrap:wrap;gap:.1rem .9rem;margin:0;padding:0;border:0;min-width:0}
.filter legend{float:left;margin-right:.9rem;padding:0;color:var(--quiet)}
.filter label,.drop{display:inline-flex;gap:.35rem;align-items:center}
article.case{margin:1.2rem 0 0;padding:1rem 1.1rem 1.1rem;border:1px solid var(--line);border-left:6px solid var(--good);border-radius:8px;
background:var(--panel);content-visibility:auto;contain-intrinsic-size:auto 480px;scroll-margin-top:5rem}
article.refused{border-left-color:var(--bad)}
article.case:has(.drop input:checked){border-left-style:dashed}
article.case header{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:baseline}
article.case h3{margin:0;font-size:1.08rem;overflow-wrap:anywhere}
.drop{margin-left:auto;font-size:.92rem}
.state{font-weight:650;font-size:.82rem;padding:.1rem .5rem;border-radius:4px;border:1px solid currentColor;color:var(--good);white-space:nowrap}
.state.refused{color:var(--bad)}
.state.kept,.state.score{color:var(--quiet);font-weight:560}
.reason{font-weight:560}
article.case dl.facts{grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:.35rem 1rem;margin:.7rem 0}
article.case dd{font-size:.93rem;font-variant-numeric:tabular-nums}
article.case .pictures{display:flex;flex-wrap:wrap;gap:10px 18px;margin:.7rem 0}
article.case .figures{gap:10px;margin:0;align-content:flex-start}
.figures.views{max-width:470px}
article.case figcaption{font-size:.8rem;margin-top:.2rem;max-width:22ch}
article.case figure{flex:0 1 auto}
article.case details{margin:.4rem 0 0;font-size:.88rem}
ol.steps{list-style:none;display:flex;flex-wrap:wrap;gap:10px;margin:.4rem 0 0;padding:0}
ol.steps li{max-width:176px;font-size:.8rem;color:var(--quiet)}
ol.steps b{display:block;color:var(--ink);font-weight:560}
.row{display:none}
${CHOICES}
main:has(#show-list:checked) .row{display:block;font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
main:has(#show-list:checked) article.case{margin:0;padding:0;border:0;background:none;content-visibility:visible}
main:has(#show-list:checked) article.case>:not(.row){display:none}
@media (min-width:1000px){.scroll.tips{overflow-x:visible}}
@media (max-width:999px){table.wide{font-size:.84rem}table.wide th,table.wide td{padding-right:.6rem}.tip:focus+.about,.tip:hover+.about{position:static;width:auto;min-width:14rem}}
@media (max-width:700px){main,body>header,footer{padding-left:16px;padding-right:16px}h1{font-size:1.5rem}
table.wide{min-width:44rem}caption span{display:block;position:sticky;left:0;max-width:calc(100vw - 32px)}}
@page{margin:14mm}
@media print{:root{color-scheme:light;font-size:9.6pt;${variables(PRINTED)}}
nav,.tools,.filter,.filter+.notice,.drop{display:none}figure,pre,tr,article.case{break-inside:avoid}h2,h3,caption,thead{break-after:avoid}
main,body>header,footer{max-width:none;padding:0}body>header{padding-top:0}.scroll{overflow:visible}
table{font-size:.9rem}table.wide{font-size:.76rem;min-width:0}th,td,table.wide th,table.wide td{padding-right:.45rem}td.number,th.number,td.verdict,.better{white-space:normal}
figure.chart{flex:0 0 auto;width:122mm}article.case{content-visibility:visible;background:none}article.case .figures:not(.views) img{width:48mm}
a{color:inherit;text-decoration:none}.tip{text-decoration:none}details::details-content{content-visibility:visible;block-size:auto}
.about{display:block;position:static;width:auto;padding:0;border:0;box-shadow:none;background:none;font-size:.78rem}}
`;
