/** A line chart that grows with its data: Observable Plot, drawn anew when the data or the width change. */
import * as Plot from '@observablehq/plot';
import { useEffect, useRef, useState } from 'react';
import { tick } from '../../src/report/number.ts';

export interface Series {
  name: string;
  points: readonly { x: number; y: number }[];
}

interface ChartProps {
  title: string;
  unit?: string;
  series: readonly Series[];
  /** Logarithmic, where all values are positive. */
  log?: boolean;
}

export function Chart({ title, unit, series, log = false }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(480);
  useEffect(() => {
    const watch = new ResizeObserver(([{ contentRect }]) =>
      setWidth(Math.max(240, Math.round(contentRect.width))),
    );
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const rows = series.flatMap(({ name, points }) => points.map((p) => ({ ...p, name })));
    const positive = log && rows.every((p) => p.y > 0);
    const plot = Plot.plot({
      width,
      height: 220,
      marginLeft: 56,
      // Half of a last tick in millions.
      marginRight: 28,
      x: { label: 'step', tickFormat: (step: number) => (Number.isInteger(step) ? tick(step) : '') },
      y: {
        label: unit ?? null,
        grid: true,
        type: positive ? 'log' : 'linear',
        tickFormat: positive ? '~g' : tick,
      },
      color: { legend: series.length > 1, range: ['#3b82c4', '#d3691c', '#2f8f5b', '#9a4fa8'] },
      marks: [
        Plot.lineY(rows, {
          x: 'x',
          y: 'y',
          stroke: series.length > 1 ? 'name' : '#3b82c4',
          strokeWidth: 1.4,
        }),
        ...(rows.length < 60
          ? [Plot.dot(rows, { x: 'x', y: 'y', r: 2.5, fill: series.length > 1 ? 'name' : '#3b82c4' })]
          : []),
      ],
    });
    // One picture with a name; its axes and lines are nothing to be read out one by one.
    for (const svg of plot.tagName === 'svg' ? [plot] : plot.querySelectorAll('svg')) {
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', `${title} by step`);
      for (const part of svg.querySelectorAll('g[aria-label]')) part.removeAttribute('aria-label');
    }
    box.current!.replaceChildren(plot);
  }, [series, width, unit, log, title]);
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div ref={box} />
    </figure>
  );
}
