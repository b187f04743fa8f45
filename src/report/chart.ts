/**
 * Charts as inline SVG, drawn by Observable Plot on linkedom's document: no browser, no script in the page. Colours are CSS
 * variables of the report, so that a chart follows the light or dark page. Values that are not finite (and, on a
 * logarithmic axis, not above 0) have no place on paper: the line breaks there, and the note says how many there were.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Content, html, type Markup, raw } from './html.ts';

export interface Axis {
  /** With its unit: 'loss (MSE)'. */
  label: string;
  log?: boolean;
  /** Where the ticks are; default: a few round numbers. */
  ticks?: readonly number[];
}

export interface LineSeries {
  name: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** Ends of an interval at each point, drawn as a whisker where both are finite. */
  low?: ArrayLike<number>;
  high?: ArrayLike<number>;
  /** A dashed line without points: a level to compare with. */
  dashed?: boolean;
  /** Which of the six colours, 1 to 6; default: by its place. */
  colour?: number;
}

export interface LineChart {
  kind: 'line';
  caption: string;
  series: readonly LineSeries[];
  x: Axis;
  y: Axis;
  /** Points of the smoothing window; above 1 the raw values stay as a faint line behind. */
  smooth?: number;
  /** Marks each point, for few points such as a sweep over NFE. */
  dots?: boolean;
  /** Points that are no steps of one way (training seeds) are not joined. */
  unjoined?: boolean;
}

export interface Histogram {
  kind: 'histogram';
  caption: string;
  series: readonly { name: string; values: ArrayLike<number> }[];
  x: Axis;
  /** About how many bins. */
  bins?: number;
}

export type Chart = LineChart | Histogram;

const WIDTH = 520;
const HEIGHT = 300;
/** Series colours `--series-1` ... `--series-6` are set in the style of the report. */
const SERIES = 6;

const colourOf = (s: number, series: { colour?: number } = {}): string =>
  `var(--series-${series.colour ?? (s % SERIES) + 1})`;

/**
 * A centred running mean over `window` values, fewer (but as many on both sides) near the ends; on a log axis the mean of
 * logarithms. Values that are not finite are passed over; where the window holds none, the mean is NaN.
 */
export function runningMean(values: ArrayLike<number>, window: number, log = false): Float64Array {
  const n = values.length;
  const sum = new Float64Array(n + 1);
  const count = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const value = log ? Math.log(values[i]) : values[i];
    const finite = Number.isFinite(value);
    sum[i + 1] = sum[i] + (finite ? value : 0);
    count[i + 1] = count[i] + (finite ? 1 : 0);
  }
  const half = Math.floor(window / 2);
  return Float64Array.from({ length: n }, (_, i) => {
    const reach = Math.min(half, i, n - 1 - i);
    const mean = (sum[i + reach + 1] - sum[i - reach]) / (count[i + reach + 1] - count[i - reach]);
    return log ? Math.exp(mean) : mean;
  });
}

const usable = (v: number, axis: Axis): boolean => Number.isFinite(v) && (!axis.log || v > 0);

/** Values that would have no place on the chart become NaN, where Plot breaks the line. */
const cleaned = (values: ArrayLike<number>, axis: Axis): number[] =>
  Array.from(values, (v) => (usable(v, axis) ? v : Number.NaN));

function svgOf(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 56,
    marginBottom: 42,
    style: { background: 'none', fontSize: '12px', fontFamily: 'inherit', overflow: 'visible' },
    ...options,
    document: document as unknown as Plot.PlotOptions['document'],
  });
  return svg.outerHTML;
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
  tickFormat: axis.log || axis.ticks !== undefined ? '~g' : undefined,
  // A log axis labels what is near a power of its base and leaves the rest out: of base 10, 8 and 64.
  ...(axis.log && axis.ticks !== undefined && { base: 2 }),
  labelArrow: 'none',
});

function lineSvg(chart: LineChart): { svg: string; dropped: number } {
  const marks: Plot.Markish[] = [Plot.frame({ stroke: 'var(--line)' })];
  let dropped = 0;
  const solid = chart.series.filter((series) => !series.dashed);
  chart.series.forEach((series, s) => {
    const place = solid.indexOf(series);
    const dx = chart.dots && place >= 0 ? (place - (solid.length - 1) / 2) * DODGE : 0;
    const x = cleaned(series.x, chart.x);
    const y = cleaned(series.y, chart.y);
    dropped += y.filter((v, i) => Number.isNaN(v) || Number.isNaN(x[i])).length;
    const stroke = colourOf(s, series);
    const smooth = (chart.smooth ?? 1) > 1;
    const index = x.map((_, i) => i);
    if (smooth) marks.push(Plot.line(index, { x, y, stroke, strokeWidth: 1, strokeOpacity: 0.28 }));
    const shown = smooth ? Array.from(runningMean(y, chart.smooth ?? 1, chart.y.log)) : y;
    if (series.low !== undefined && series.high !== undefined) {
      const y1 = cleaned(series.low, chart.y);
      const y2 = cleaned(series.high, chart.y);
      const ends = index.filter((i) => Number.isFinite(y1[i]) && Number.isFinite(y2[i]));
      marks.push(
        Plot.ruleX(ends, {
          x: (i: number) => x[i],
          y1: (i: number) => y1[i],
          y2: (i: number) => y2[i],
          stroke,
          strokeWidth: 1.4,
          strokeOpacity: 0.55,
          dx,
        }),
      );
    }
    const dash = series.dashed ? { strokeDasharray: '5 4' } : {};
    if (!chart.unjoined || series.dashed)
      marks.push(
        Plot.line(index, { x, y: shown, stroke, strokeWidth: series.dashed ? 1.4 : 1.8, dx, ...dash }),
      );
    if (chart.dots && !series.dashed) marks.push(Plot.dot(index, { x, y, fill: stroke, r: 3, dx }));
  });
  const inset = chart.dots ? { inset: INSET } : {};
  return { svg: svgOf({ x: scale(chart.x), y: scale(chart.y), marks, ...inset }), dropped };
}

function histogramSvg(chart: Histogram): { svg: string; dropped: number } {
  const values = chart.series.map((series) => Array.from(series.values).filter((v) => usable(v, chart.x)));
  const dropped = chart.series.reduce((sum, series, s) => sum + series.values.length - values[s].length, 0);
  const all = values.flat();
  const bins = chart.bins ?? 24;
  const place = (v: number) => (chart.x.log ? Math.log(v) : v);
  const low = Math.min(...all.map(place));
  const step = (Math.max(...all.map(place)) - low) / bins || 1;
  const edge = (b: number) => (chart.x.log ? Math.exp(low + b * step) : low + b * step);
  // Shares, not counts: the sets compared are rarely of one size.
  const marks: Plot.Markish[] = [Plot.frame({ stroke: 'var(--line)' })];
  values.forEach((set, s) => {
    const share = new Array<number>(bins).fill(0);
    for (const v of set) share[Math.min(bins - 1, Math.floor((place(v) - low) / step))] += 1 / set.length;
    const bars = share.map((y, b) => ({ x1: edge(b), x2: edge(b + 1), y }));
    marks.push(
      Plot.rectY(bars, { x1: 'x1', x2: 'x2', y: 'y', fill: colourOf(s), fillOpacity: 0.38, inset: 0.5 }),
    );
    const outline = share.flatMap((y, b) => [
      { x: edge(b), y },
      { x: edge(b + 1), y },
    ]);
    marks.push(Plot.line(outline, { x: 'x', y: 'y', stroke: colourOf(s), strokeWidth: 1.6 }));
  });
  const y: Plot.ScaleOptions = {
    label: 'share of the set',
    grid: true,
    tickFormat: '~%',
    labelArrow: 'none',
  };
  return { svg: svgOf({ x: { ...scale(chart.x), grid: false }, y, marks }), dropped };
}

/** A `<figure>` with the chart's SVG, a legend when there are several series, and the caption. */
export function renderChart(chart: Chart): Markup {
  const any = chart.series.some((series) =>
    'values' in series
      ? Array.from(series.values).some((v) => usable(v, chart.x))
      : Array.from(series.y).some(
          (v, i) => usable(v, (chart as LineChart).y) && usable(series.x[i], chart.x),
        ),
  );
  const drawn = any ? (chart.kind === 'line' ? lineSvg(chart) : histogramSvg(chart)) : undefined;
  const body: Content = drawn ? raw(drawn.svg) : html`<p class="empty">No value that could be drawn.</p>`;
  const legend: Content =
    chart.series.length > 1 &&
    html`<p class="legend">${chart.series.map((s, i) => html`<span><i style="background:${colourOf(i, 'y' in s ? s : {})}"></i>${s.name}</span>`)}</p>`;
  const note: Content =
    drawn &&
    drawn.dropped > 0 &&
    ` (Not drawn: ${drawn.dropped} ${drawn.dropped === 1 ? 'value' : 'values'} without a place on this axis.)`;
  return html`<figure class="chart">${legend}${body}<figcaption>${chart.caption}${note}</figcaption></figure>`;
}
