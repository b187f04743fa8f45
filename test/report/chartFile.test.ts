import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { svgFile } from '../../src/report/chartFile.ts';
import { LIGHT } from '../../src/report/style.ts';

describe('svgFile', () => {
  const inside = '<g stroke="currentColor"><path stroke="var(--series-2)" d="M0,0L1,1"/></g>';
  const legend = [
    { name: '<b>&"', colour: 'var(--series-1)' },
    { name: 'var(--series-1) currentColor', colour: 'var(--series-2)' },
  ];

  it('is a drawing of its own, in colours that any program knows, names left as they are', () => {
    const text = svgFile(inside, { caption: 'A <c>', legend, width: 520, height: 300 });
    const { document } = parseHTML(text);
    expect(document.querySelector('title')?.textContent).toBe('A <c>');
    expect([...document.querySelectorAll('text')].map((t) => t.textContent)).toEqual(
      legend.map((l) => l.name),
    );
    expect(document.querySelector('path')?.getAttribute('stroke')).toBe(LIGHT['series-2']);
    expect(document.querySelector('g[stroke]')?.getAttribute('stroke')).toBe(LIGHT.quiet);
    expect([...document.querySelectorAll('g > rect')].map((r) => r.getAttribute('fill'))).toEqual([
      LIGHT['series-1'],
      LIGHT['series-2'],
    ]);
    expect(text.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
  });

  it('is higher by its legend, and no higher without one', () => {
    const height = (names: typeof legend) =>
      Number(
        /height="(\d+)"/.exec(svgFile(inside, { caption: '', legend: names, width: 520, height: 300 }))?.[1],
      );
    expect(height([])).toBe(300);
    expect(height(legend) - height(legend.slice(1))).toBe(18);
  });
});
