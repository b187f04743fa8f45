/** The report's style sheet: one column, print first, light and dark by the reader's own setting. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fafaf9;--ink:#22252a;--quiet:#62676f;--line:#dcdcd8;--panel:#f4f3f0;--accent:#8a5a2b;
--good:#22683d;--warn-ink:#7a3206;--warn-paper:#fdf0e2;--warn-line:#e8b98a;
--series-1:#1f6fb4;--series-2:#d3691c;--series-3:#2f8f5b;--series-4:#9a4fa8;--series-5:#b03a48;--series-6:#6b7280}
@media (prefers-color-scheme:dark){:root{--paper:#17191c;--ink:#e6e5e2;--quiet:#a0a5ad;--line:#363a40;--panel:#202328;--accent:#d7a877;
--good:#7fd3a0;--warn-ink:#ffd9b3;--warn-paper:#3a2614;--warn-line:#8a5a2b;
--series-1:#6db3f2;--series-2:#f29a55;--series-3:#63c492;--series-4:#c98fd6;--series-5:#ef8591;--series-6:#a7adb7}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 28px}
header{padding-top:36px}
h1{font-size:1.9rem;line-height:1.2;font-weight:640;letter-spacing:-.012em;margin:0 0 .35rem}
h2{font-size:1.28rem;line-height:1.3;font-weight:620;margin:2.4rem 0 .6rem;padding-top:1.1rem;border-top:1px solid var(--line)}
p{margin:.5rem 0;max-width:72ch}
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
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-size:.93rem}
caption{text-align:left;color:var(--quiet);font-size:.88rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.42rem .9rem .42rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--quiet);font-weight:560;font-size:.82rem;border-bottom-color:var(--quiet)}
tbody th{font-weight:560}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.meaning{color:var(--quiet)}
.judged small{display:block;color:var(--quiet);font-size:.86rem;font-weight:400}
.judged th small{max-width:62ch}
.judged i{font-style:normal;white-space:nowrap;margin-right:.4em;color:var(--ink)}
td.verdict{white-space:nowrap}
.verdict .good,.verdict .bad,.verdict .open{font-weight:560}
.verdict .good{color:var(--good)}
.verdict .bad{color:var(--warn-ink)}
.verdict .open{color:var(--quiet)}
.tip{text-decoration:underline dotted;text-underline-offset:3px;cursor:help}
.tip:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
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
svg{display:block;width:100%;height:auto;color:var(--quiet)}
figcaption{color:var(--quiet);font-size:.87rem;line-height:1.45;margin-top:.45rem;max-width:72ch}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.85rem;margin:0 0 .3rem;color:var(--ink)}
.legend i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:.4rem;vertical-align:.22em}
.empty{color:var(--quiet);font-style:italic}
.command{margin:1rem 0 0}
.command span{display:block;color:var(--quiet);font-size:.82rem}
pre{margin:.25rem 0 0;padding:.6rem .8rem;background:var(--panel);border-radius:6px;overflow-x:auto;font:13px/1.5 ui-monospace,"SF Mono",Menlo,
Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:1rem;padding-bottom:2.4rem;color:var(--quiet);font-size:.86rem}
footer p{border-top:1px solid var(--line);padding-top:1rem;max-width:none}
@media (min-width:1000px){.scroll.tips{overflow-x:visible}}
@media (max-width:999px){.tip:focus+.about,.tip:hover+.about{position:static;width:auto;min-width:14rem}}
@media (max-width:700px){main,header,footer{padding-left:16px;padding-right:16px}h1{font-size:1.5rem}
table.wide{min-width:44rem}caption span{display:block;position:sticky;left:0;max-width:calc(100vw - 32px)}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#111;--quiet:#555;--line:#ccc;--panel:#f4f4f2;--good:#22683d;--warn-ink:#7a3206;--warn-paper:#fff;
--series-1:#1f6fb4;--series-2:#d3691c;--series-3:#2f8f5b;--series-4:#9a4fa8;--series-5:#b03a48;--series-6:#6b7280}
body{font-size:10.5pt}nav{display:none}figure,table,pre,tr{break-inside:avoid}h2{break-after:avoid}main,header,footer{max-width:none;padding:0}
a{color:inherit;text-decoration:none}.tip{text-decoration:none}
.about{display:block;position:static;width:auto;padding:0;border:0;box-shadow:none;background:none;font-size:7.5pt}}
`;
