import { describe, expect, it } from 'vitest';
import {
  chartCsv,
  histogramData,
  type LineChart,
  lineData,
  runningMean,
} from '../../src/report/chartData.ts';

const base: LineChart = {
  kind: 'line',
  caption: '',
  series: [],
  x: { label: 'step' },
  y: { label: 'loss (MSE)', log: true },
};

describe('lineData and its CSV', () => {
  const series = [
    { name: 'a', x: [1, 2, 3], y: [1, -1, 4], low: [0.5, 1, Number.NaN], high: [2, 2, 8] },
    { name: 'b', x: [1, Number.NaN], y: [5, 6] },
  ];

  it('hold the values with a place on the axes and no others, whiskers whole or not at all', () => {
    const { lines, dropped } = lineData({ ...base, series });
    expect(lines[0]).toEqual({
      x: [1, 2, 3],
      y: [1, Number.NaN, 4],
      low: [0.5, 1, Number.NaN],
      high: [2, 2, Number.NaN],
    });
    expect(dropped).toBe(2);
    expect(chartCsv({ ...base, series })).toEqual({
      columns: ['series', 'step', 'loss (MSE)', 'loss (MSE): low', 'loss (MSE): high'],
      rows: [
        ['a', 1, 1, 0.5, 2],
        ['a', 2, Number.NaN, 1, 2],
        ['a', 3, 4, Number.NaN, Number.NaN],
        ['b', 1, 5, Number.NaN, Number.NaN],
      ],
    });
  });

  it('hold the running mean beside the raw values of a smooth chart', () => {
    const chart = { ...base, smooth: 3, series: [{ name: 'a', x: [1, 2, 3], y: [1, 10, 100] }] };
    const { columns, rows } = chartCsv(chart);
    expect(columns).toEqual(['series', 'step', 'loss (MSE)', 'loss (MSE): running mean over 3 points']);
    expect(rows.map((row) => row[2])).toEqual([1, 10, 100]);
    expect(rows[1][3]).toBeCloseTo(10, 9);
  });
});

describe('histogramData and its CSV', () => {
  const chart = {
    kind: 'histogram' as const,
    caption: '',
    series: [
      { name: 'a', values: [0, 0.5, 1, 9.5, 10, Number.NaN] },
      { name: 'b', values: [2] },
    ],
    x: { label: 'mm' },
    bins: 5,
  };

  it('give the share of each set between the edges', () => {
    const { edges, shares, dropped } = histogramData(chart);
    expect(edges).toEqual([0, 2, 4, 6, 8, 10]);
    expect(shares[0].map((s) => Number(s.toFixed(9)))).toEqual([0.6, 0, 0, 0, 0.4]);
    expect(shares[1]).toEqual([0, 1, 0, 0, 0]);
    expect(dropped).toBe(1);
    const { columns, rows } = chartCsv(chart);
    expect(columns).toEqual(['mm: from', 'mm: to', 'share of the set: a', 'share of the set: b']);
    expect(rows[1]).toEqual([2, 4, 0, 1]);
  });

  it('are empty of nothing', () => {
    const nothing = { ...chart, series: [{ name: 'a', values: [] }] };
    expect(histogramData(nothing)).toEqual({ edges: [], shares: [[]], dropped: 0 });
    expect(chartCsv(nothing).rows).toEqual([]);
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
