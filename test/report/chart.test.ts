import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { type LineChart, renderChart, runningMean } from '../../src/report/chart.ts';

const page = (chart: Parameters<typeof renderChart>[0]) =>
  parseHTML(`<body>${renderChart(chart).text}</body>`).document;

/** Absolute points of an SVG path of M and L commands; a new M begins a new run. */
function runs(d: string): [number, number][][] {
  const found: [number, number][][] = [];
  for (const [, command, x, y] of d.matchAll(/([ML])(-?[\d.]+),(-?[\d.]+)/g)) {
    if (command === 'M') found.push([]);
    found[found.length - 1].push([Number(x), Number(y)]);
  }
  return found;
}

const lines = (document: ReturnType<typeof page>) =>
  [...document.querySelectorAll('[aria-label="line"] path')].map((path) =>
    runs(path.getAttribute('d') ?? ''),
  );

const base: LineChart = {
  kind: 'line',
  caption: 'loss',
  series: [],
  x: { label: 'step' },
  y: { label: 'loss' },
};

describe('renderChart: lines', () => {
  it('places values in proportion, on a linear and on a logarithmic axis', () => {
    const series = [{ name: 'a', x: [0, 1, 2, 3], y: [1, 10, 100, 1000] }];
    const [[linear]] = lines(page({ ...base, series }));
    const step = (points: [number, number][], i: number, axis: 0 | 1) =>
      points[i + 1][axis] - points[i][axis];
    expect(linear).toHaveLength(4);
    for (const i of [0, 1]) expect(step(linear, i, 0)).toBeCloseTo(step(linear, i + 1, 0), 0);
    expect(step(linear, 1, 1) / step(linear, 0, 1)).toBeCloseTo(10, 0);
    expect(step(linear, 0, 1)).toBeLessThan(0);
    const [[log]] = lines(page({ ...base, series, y: { label: 'loss', log: true } }));
    for (const i of [0, 1]) expect(step(log, i, 1)).toBeCloseTo(step(log, i + 1, 1), 0);
  });

  it('breaks the line at values that cannot be drawn, and says how many', () => {
    const series = [{ name: 'a', x: [0, 1, 2, 3, 4, 5], y: [1, 2, Number.NaN, 3, -1, 4] }];
    const linear = page({ ...base, series });
    expect(lines(linear)[0].map((run) => run.length)).toEqual([2, 3]);
    expect(linear.querySelector('figcaption')?.textContent).toContain('Not drawn: 1 value ');
    const log = page({ ...base, series, y: { label: 'loss', log: true } });
    expect(log.querySelector('figcaption')?.textContent).toContain('Not drawn: 2 values ');
  });

  it('draws intervals as whiskers, levels dashed and without points, colours as asked', () => {
    const series = [
      { name: 'a', x: [0, 1, 2], y: [1, 2, 3], low: [0, 1, Number.NaN], high: [2, 4, 5] },
      { name: 'level', x: [0, 2], y: [2, 2], dashed: true, colour: 6 },
    ];
    const document = page({ ...base, series, dots: true });
    const whiskers = [...document.querySelectorAll('[aria-label="rule"] line')];
    expect(whiskers).toHaveLength(2);
    const height = (line: (typeof whiskers)[0]) =>
      Math.abs(Number(line.getAttribute('y1')) - Number(line.getAttribute('y2')));
    expect(height(whiskers[1]) / height(whiskers[0])).toBeCloseTo(1.5, 1);
    expect(document.querySelectorAll('[aria-label="dot"] circle')).toHaveLength(3);
    expect(document.toString()).toContain('stroke-dasharray="5 4"');
    expect(document.querySelector('.legend')?.innerHTML).toContain('--series-6');
  });

  it('puts ticks where it is told, and joins no points that are no way', () => {
    const series = [{ name: 'a', x: [0, 1, 2], y: [1, 2, 3] }];
    const document = page({
      ...base,
      series,
      dots: true,
      unjoined: true,
      x: { label: 'seed', ticks: [0, 1, 2] },
    });
    expect(document.querySelectorAll('[aria-label="line"] path')).toHaveLength(0);
    expect(document.querySelectorAll('[aria-label="dot"] circle')).toHaveLength(3);
    const ticks = document.querySelectorAll('[aria-label="x-axis tick label"] text');
    expect([...ticks].map((t) => t.textContent)).toEqual(['0', '1', '2']);
  });

  it('keeps the raw line faint behind the smooth one', () => {
    const random = new RandomStream(1, 'test/chart');
    const y = Array.from({ length: 60 }, () => random.normal());
    const [rough, smooth] = lines(
      page({ ...base, series: [{ name: 'a', x: y.map((_, i) => i), y }], smooth: 15 }),
    );
    const length = (run: [number, number][]) =>
      run.slice(1).reduce((sum, [, v], i) => sum + Math.abs(v - run[i][1]), 0);
    expect(length(smooth[0])).toBeLessThan(0.4 * length(rough[0]));
  });

  it('names several series in a legend, escaped, and says so when there is nothing', () => {
    const two = page({
      ...base,
      series: [
        { name: '<b>x</b>', x: [1], y: [1] },
        { name: 'y', x: [1], y: [2] },
      ],
    });
    expect([...two.querySelectorAll('.legend span')].map((s) => s.textContent)).toEqual(['<b>x</b>', 'y']);
    const none = page({ ...base, series: [{ name: 'a', x: [1, 2], y: [Number.NaN, Number.NaN] }] });
    expect(none.querySelector('svg')).toBeNull();
    expect(none.querySelector('.empty')?.textContent).toMatch(/No value/);
  });
});

describe('renderChart: histograms', () => {
  it('draws the share of each set in each bin', () => {
    const document = page({
      kind: 'histogram',
      caption: 'd',
      series: [{ name: 'a', values: [0, 0.5, 1, 1.5, 9.5, 10, Number.NaN] }],
      x: { label: 'mm' },
      bins: 5,
    });
    // Edges 0, 2, 4, 6, 8, 10: four of six values in the first bin, two in the last.
    const bars = [...document.querySelectorAll('[aria-label="rect"] rect')].map((r) =>
      Number(r.getAttribute('height')),
    );
    expect(bars).toHaveLength(5);
    expect(bars[0] / bars[4]).toBeCloseTo(2, 1);
    expect(bars.slice(1, 4).every((h) => h < 1)).toBe(true);
    expect(document.querySelector('figcaption')?.textContent).toContain('Not drawn: 1 value ');
  });
});

describe('runningMean', () => {
  it('is the mean of the window by brute force, narrower at the ends, NaN passed over', () => {
    const values = [3, 1, Number.NaN, 4, 1, 5, 9, 2, 6];
    const mean = runningMean(values, 5);
    values.forEach((_, i) => {
      const reach = Math.min(2, i, values.length - 1 - i);
      const window = values.slice(i - reach, i + reach + 1).filter((v) => !Number.isNaN(v));
      expect(mean[i]).toBeCloseTo(window.reduce((a, b) => a + b, 0) / window.length, 12);
    });
    expect(runningMean([1, 10, 100], 3, true)[1]).toBeCloseTo(10, 9);
    expect(runningMean([Number.NaN], 1)[0]).toBeNaN();
  });
});

describe('single points', () => {
  const xs = [1, 2, 8, 64, 150, 300];
  const document = page({
    kind: 'line',
    caption: 'c',
    series: [1, 2, 3].map((n) => ({
      name: `s${n}`,
      x: xs,
      y: xs.map((x) => x % 2),
      low: xs.map(() => 0),
      high: xs.map(() => 1),
    })),
    x: { label: 'x', log: true, ticks: xs },
    y: { label: 'y' },
    dots: true,
  });
  const number = (
    element: { getAttribute(name: string): string | null } | null | undefined,
    name: string,
  ): number => Number(element?.getAttribute(name));

  it('of series at one place stand side by side', () => {
    const groups = [...document.querySelectorAll('[aria-label="dot"]')];
    const shifts = groups.map((g) => Number(/\((-?[\d.]+)/.exec(g.getAttribute('transform') ?? '(0')![1]));
    expect(shifts).toEqual([-5, 0, 5]);
  });
  it('keep off the frame', () => {
    const frame = document.querySelector('[aria-label="frame"]');
    const [left, top] = [number(frame, 'x'), number(frame, 'y')];
    const circles = [...document.querySelectorAll('circle')];
    expect(circles).toHaveLength(18);
    for (const circle of circles) {
      expect(number(circle, 'cx') - left).toBeGreaterThan(8);
      expect(left + number(frame, 'width') - number(circle, 'cx')).toBeGreaterThan(8);
      expect(number(circle, 'cy') - top).toBeGreaterThan(8);
    }
  });
  it('have every label that was asked for', () => {
    const labels = [...document.querySelectorAll('[aria-label="x-axis tick label"] text')];
    expect(labels.map((l) => l.textContent)).toEqual(xs.map(String));
  });
});
