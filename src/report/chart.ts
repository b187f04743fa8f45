/**
 * Charts as inline SVG, drawn by Observable Plot on linkedom's document: no browser, no script in the page. Colours are CSS
 * variables of the report, so that a chart follows the light or dark page. Values that are not finite (and, on a
 * logarithmic axis, not above 0) have no place on paper: the line breaks there, and the note says how many there were.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import {
  type Axis,
  type Chart,
  chartCsv,
  type Histogram,
  histogramData,
  type LineChart,
  lineData,
} from './chartData.ts';
import { svgFile } from './chartFile.ts';
import { html, type Markup, raw } from './html.ts';
import { tick } from './number.ts';
import { type Place, tools } from './tools.ts';

export const WIDTH = 520;
export const HEIGHT = 300;
/** Series colours `--series-1` ... `--series-6` are set in the style of the report. */
const SERIES = 6;

const colourOf = (s: number, series: { colour?: number } = {}): string =>
  `var(--series-${series.colour ?? (s % SERIES) + 1})`;

/** The markup inside the SVG. Names of Plot's marks become data: a picture with one label has no labelled parts. */
function drawn(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 56,
    marginBottom: 42,
    ...options,
    document: document as unknown as Plot.PlotOptions['document'],
  });
  svg.querySelector('style')?.remove();
  for (const part of svg.querySelectorAll('[aria-label]')) {
    part.setAttribute('data-mark', part.getAttribute('aria-label') ?? '');
    part.removeAttribute('aria-label');
    part.removeAttribute('aria-hidden');
  }
  // A hundredth of a pixel is enough.
  const inside: string = svg.innerHTML;
  return inside.replace(/="[^"]*"/g, (given) =>
    given.replace(/\d+\.\d{3,}/g, (n) => String(Number(Number(n).toFixed(2)))),
  );
}

/** Sideways step of each series in pixels, so that points at one place stand side by side. */
const DODGE = 5;
/** Free space along the frame where single points are shown, so that none lies on it. */
const INSET = 12;

const scale = (axis: Axis): Plot.ScaleOptions => ({
  label: axis.label,
  type: axis.log ? 'log' : 'linear',
  grid: true,
  ticks: axis.ticks === undefined ? (axis.log ? 5 : 6) : [...axis.ticks],
  // On a log axis d3 leaves labels out where they would be many, by a format of its own alone.
  tickFormat: axis.log ? '~g' : tick,
  // A log axis labels what is near a power of its base and leaves the rest out: of base 10, 8 and 64.
  ...(axis.log && axis.ticks !== undefined && { base: 2 }),
  labelArrow: 'none',
});

function drawLines(chart: LineChart): string {
  const marks: Plot.Markish[] = [Plot.frame({ stroke: 'var(--line)' })];
  const solid = chart.series.filter((series) => !series.dashed);
  lineData(chart).lines.forEach(({ x, y, mean, low, high }, s) => {
    const series = chart.series[s];
    const place = solid.indexOf(series);
    const dx = chart.dots && place >= 0 ? (place - (solid.length - 1) / 2) * DODGE : 0;
    const stroke = colourOf(s, series);
    const index = x.map((_, i) => i);
    if (mean) marks.push(Plot.line(index, { x, y, stroke, strokeWidth: 1, strokeOpacity: 0.28 }));
    if (low && high)
      marks.push(
        Plot.ruleX(
          index.filter((i) => Number.isFinite(low[i])),
          {
            x: (i: number) => x[i],
            y1: (i: number) => low[i],
            y2: (i: number) => high[i],
            stroke,
            strokeWidth: 1.4,
            strokeOpacity: 0.55,
            dx,
          },
        ),
      );
    const dash = series.dashed ? { strokeDasharray: '5 4' } : {};
    const strokeWidth = series.dashed ? 1.4 : 1.8;
    if (!chart.unjoined || series.dashed)
      marks.push(Plot.line(index, { x, y: mean ?? y, stroke, strokeWidth, dx, ...dash }));
    if (chart.dots && !series.dashed) marks.push(Plot.dot(index, { x, y, fill: stroke, r: 3, dx }));
  });
  const inset = chart.dots ? { inset: INSET } : {};
  return drawn({ x: scale(chart.x), y: scale(chart.y), marks, ...inset });
}

function drawHistogram(chart: Histogram): string {
  const { edges, shares } = histogramData(chart);
  const marks: Plot.Markish[] = [Plot.frame({ stroke: 'var(--line)' })];
  shares.forEach((share, s) => {
    const bars = share.map((y, b) => ({ x1: edges[b], x2: edges[b + 1], y }));
    marks.push(
      Plot.rectY(bars, { x1: 'x1', x2: 'x2', y: 'y', fill: colourOf(s), fillOpacity: 0.38, inset: 0.5 }),
    );
    const outline = bars.flatMap(({ x1, x2, y }) => [
      { x: x1, y },
      { x: x2, y },
    ]);
    marks.push(Plot.line(outline, { x: 'x', y: 'y', stroke: colourOf(s), strokeWidth: 1.6 }));
  });
  const y: Plot.ScaleOptions = {
    label: 'share of the set',
    grid: true,
    tickFormat: '~%',
    labelArrow: 'none',
  };
  return drawn({ x: { ...scale(chart.x), grid: false }, y, marks });
}

/** A `<figure>` with the chart's SVG, a legend when there are several series, the caption, its data and its drawing. */
export function renderChart(chart: Chart, place: Place = { id: 'chart' }): Markup {
  const { caption, series } = chart;
  const csv = chartCsv(chart);
  if (csv.rows.length === 0)
    return html`<figure class="chart" id="${place.id}"><p class="empty">No value that could be drawn.</p><figcaption>${caption}${tools(place)}</figcaption></figure>`;
  const inside = chart.kind === 'line' ? drawLines(chart) : drawHistogram(chart);
  const { dropped } = chart.kind === 'line' ? lineData(chart) : histogramData(chart);
  const names = series.map((s, i) => ({ name: s.name, colour: colourOf(i, 'y' in s ? s : {}) }));
  const legend = names.length > 1 ? names : [];
  const note =
    dropped > 0 &&
    ` (Not drawn: ${dropped} ${dropped === 1 ? 'value' : 'values'} without a place on this axis.)`;
  return html`<figure class="chart" id="${place.id}">${
    legend.length > 0 &&
    html`<p class="legend">${legend.map(({ name, colour }) => html`<span><i style="background:${colour}"></i>${name}</span>`)}</p>`
  }<svg role="img" aria-label="${`Chart: ${caption}`}" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" fill="currentColor" font-size="12" text-anchor="middle">${raw(inside)}</svg><figcaption>${caption}${note}${tools(place, csv, svgFile(inside, { caption, legend, width: WIDTH, height: HEIGHT }))}</figcaption></figure>`;
}
