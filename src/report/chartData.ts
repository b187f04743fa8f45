/**
 * What a chart shows, as numbers: the values with a place on its axes, smoothed and binned as they are drawn. The drawing and
 * the data under it are both made of these, so they cannot differ.
 */
import type { Csv, CsvCell } from './csv.ts';

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

/** Values that would have no place on the chart become NaN, where the line breaks. */
const cleaned = (values: ArrayLike<number>, axis: Axis): number[] =>
  Array.from(values, (v) => (usable(v, axis) ? v : Number.NaN));

/** One series of lines as drawn; NaN is not drawn. */
export interface DrawnLine {
  x: number[];
  y: number[];
  /** The running mean of a smooth chart. */
  mean?: number[];
  /** Ends of the whiskers; both, or NaN. */
  low?: number[];
  high?: number[];
}

/** A chart's lines as they are drawn, and how many values have no place on it. */
export function lineData({ series, x, y, smooth = 1 }: LineChart): { lines: DrawnLine[]; dropped: number } {
  const lines = series.map((s): DrawnLine => {
    const line: DrawnLine = { x: cleaned(s.x, x), y: cleaned(s.y, y) };
    if (smooth > 1) line.mean = Array.from(runningMean(line.y, smooth, y.log));
    if (s.low === undefined || s.high === undefined) return line;
    const [low, high] = [cleaned(s.low, y), cleaned(s.high, y)];
    const whole = (i: number): boolean => Number.isFinite(low[i]) && Number.isFinite(high[i]);
    line.low = low.map((v, i) => (whole(i) ? v : Number.NaN));
    line.high = high.map((v, i) => (whole(i) ? v : Number.NaN));
    return line;
  });
  const lost = ({ x, y }: DrawnLine): number =>
    y.filter((v, i) => Number.isNaN(v) || Number.isNaN(x[i])).length;
  return { lines, dropped: lines.reduce((sum, line) => sum + lost(line), 0) };
}

/** Edges of a histogram's bins, the share of each set in each, and how many values have no place on it. */
export function histogramData({ series, x, bins = 24 }: Histogram): {
  edges: number[];
  shares: number[][];
  dropped: number;
} {
  const values = series.map((s) => Array.from(s.values).filter((v) => usable(v, x)));
  const dropped = series.reduce((sum, s, i) => sum + s.values.length - values[i].length, 0);
  const all = values.flat();
  const place = (v: number) => (x.log ? Math.log(v) : v);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of all) [low, high] = [Math.min(low, place(v)), Math.max(high, place(v))];
  if (all.length === 0) return { edges: [], shares: values.map(() => []), dropped };
  const step = (high - low) / bins || 1;
  const edges = Array.from({ length: bins + 1 }, (_, b) =>
    x.log ? Math.exp(low + b * step) : low + b * step,
  );
  // Shares, not counts: the sets compared are rarely of one size.
  const shares = values.map((set) => {
    const share = new Array<number>(bins).fill(0);
    for (const v of set) share[Math.min(bins - 1, Math.floor((place(v) - low) / step))] += 1 / set.length;
    return share;
  });
  return { edges, shares, dropped };
}

function lineCsv(chart: LineChart): Csv {
  const { x, y, smooth, series } = chart;
  const { lines } = lineData(chart);
  const whiskers = lines.some((line) => line.low !== undefined);
  const columns = [
    'series',
    x.label,
    y.label,
    ...(lines.some((line) => line.mean !== undefined)
      ? [`${y.label}: running mean over ${smooth} points`]
      : []),
    ...(whiskers ? [`${y.label}: low`, `${y.label}: high`] : []),
  ];
  const rows = lines.flatMap((line, s) =>
    line.x.flatMap((at, i): CsvCell[][] => {
      const cells = [
        line.y[i],
        ...(line.mean === undefined ? [] : [line.mean[i]]),
        ...(whiskers ? [line.low?.[i] ?? Number.NaN, line.high?.[i] ?? Number.NaN] : []),
      ];
      return Number.isFinite(at) && cells.some(Number.isFinite) ? [[series[s].name, at, ...cells]] : [];
    }),
  );
  return { columns, rows };
}

function histogramCsv(chart: Histogram): Csv {
  const { edges, shares } = histogramData(chart);
  const { x, series } = chart;
  return {
    columns: [`${x.label}: from`, `${x.label}: to`, ...series.map(({ name }) => `share of the set: ${name}`)],
    rows: (shares[0] ?? []).map((_, b) => [edges[b], edges[b + 1], ...shares.map((share) => share[b])]),
  };
}

/** Exactly the numbers that a chart shows. */
export const chartCsv = (chart: Chart): Csv => (chart.kind === 'line' ? lineCsv(chart) : histogramCsv(chart));
