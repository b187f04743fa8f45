import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { renderChart } from '../../src/report/chart.ts';
import type { LineChart } from '../../src/report/chartData.ts';

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
  [...document.querySelectorAll('[data-mark="line"] path')].map((path) => runs(path.getAttribute('d') ?? ''));

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
    const whiskers = [...document.querySelectorAll('[data-mark="rule"] line')];
    expect(whiskers).toHaveLength(2);
    const height = (line: (typeof whiskers)[0]) =>
      Math.abs(Number(line.getAttribute('y1')) - Number(line.getAttribute('y2')));
    expect(height(whiskers[1]) / height(whiskers[0])).toBeCloseTo(1.5, 1);
    expect(document.querySelectorAll('[data-mark="dot"] circle')).toHaveLength(3);
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
    expect(document.querySelectorAll('[data-mark="line"] path')).toHaveLength(0);
    expect(document.querySelectorAll('[data-mark="dot"] circle')).toHaveLength(3);
    const ticks = document.querySelectorAll('[data-mark="x-axis tick label"] text');
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
    const bars = [...document.querySelectorAll('[data-mark="rect"] rect')].map((r) =>
      Number(r.getAttribute('height')),
    );
    expect(bars).toHaveLength(5);
    expect(bars[0] / bars[4]).toBeCloseTo(2, 1);
    expect(bars.slice(1, 4).every((h) => h < 1)).toBe(true);
    expect(document.querySelector('figcaption')?.textContent).toContain('Not drawn: 1 value ');
  });
});

describe('what is under a chart', () => {
  const chart = { ...base, series: [{ name: 'a', x: [1, 2], y: [3, 4] }] };
  const document = parseHTML(
    `<body>${renderChart(chart, { id: 'curves-chart-2', again: 'command' }).text}</body>`,
  ).document;

  it('is its data, its drawing, and the way to its command', () => {
    const links = [...document.querySelectorAll('figcaption .tools a')];
    expect(links.map((a) => a.getAttribute('download'))).toEqual([
      'curves-chart-2.csv',
      'curves-chart-2.svg',
      null,
    ]);
    const [csv, svg] = links.map((a) =>
      Buffer.from(a.getAttribute('href')?.split('base64,')[1] ?? '', 'base64').toString(),
    );
    expect(csv).toBe('series,step,loss\r\na,1,3\r\na,2,4\r\n');
    const path = (text: string) => /data-mark="line"[^>]*><path d="([^"]*)"/.exec(text)?.[1] ?? 'none';
    expect(path(svg)).toBe(path(document.toString()));
    expect(links[2].getAttribute('href')).toBe('#command');
  });

  it('the drawing is one labelled picture without labelled parts', () => {
    expect(document.querySelector('svg')?.getAttribute('aria-label')).toBe('Chart: loss');
    expect(document.querySelectorAll('svg [aria-label], svg style')).toHaveLength(0);
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
    const groups = [...document.querySelectorAll('[data-mark="dot"]')];
    const shifts = groups.map((g) => Number(/\((-?[\d.]+)/.exec(g.getAttribute('transform') ?? '(0')![1]));
    expect(shifts).toEqual([-5, 0, 5]);
  });
  it('keep off the frame', () => {
    const frame = document.querySelector('[data-mark="frame"]');
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
    const labels = [...document.querySelectorAll('[data-mark="x-axis tick label"] text')];
    expect(labels.map((l) => l.textContent)).toEqual(xs.map(String));
  });
});
