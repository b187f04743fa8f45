import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { blankImage, encodePng } from '../../src/mesh/png.ts';
import { NOT_A_DEVICE } from '../../src/report/page.ts';
import { buildReport, type Report } from '../../src/report/report.ts';

const image = blankImage(12, 10, [10, 200, 30]);
const report: Report = {
  title: 'Run <1>',
  lead: 'What came of it.',
  phantom: true,
  facts: [
    ['Seed', 7],
    ['Data', '200 & more'],
  ],
  sections: [
    {
      heading: 'Skulls',
      prose: ['One.', '<script>alert(1)</script>'],
      images: [{ image, caption: 'A "skull"' }],
      command: "cranioflow generate --out 'a<b' --seed 7",
    },
    {
      heading: 'Figures',
      quantities: [
        { name: 'Dice', value: 0.91342, interval: [0.9, 0.92], better: 'higher', meaning: 'overlap' },
        { name: '1-NNA', value: 0.6, better: 0.5, meaning: 'told apart' },
        { name: 'HD95', value: 1.25, unit: 'mm', better: 'lower', meaning: 'distance' },
      ],
      tables: [
        {
          columns: ['class', 'n'],
          rows: [
            ['2', 41],
            ['<6>', 9],
          ],
        },
      ],
      charts: [
        {
          kind: 'line',
          caption: 'loss',
          series: [{ name: 'a', x: [1, 2], y: [2, 1] }],
          x: { label: 'step' },
          y: { label: 'loss' },
        },
      ],
    },
    { heading: 'Skulls' },
  ],
};
const text = buildReport(report);
const { document } = parseHTML(text);

describe('buildReport', () => {
  it('holds everything itself: no script, no address but data and anchors', () => {
    expect(document.querySelectorAll('script, link, iframe, object')).toHaveLength(0);
    for (const element of document.querySelectorAll('[src], [href]')) {
      const target = element.getAttribute('src') ?? element.getAttribute('href') ?? '';
      expect(target).toMatch(/^(data:(image\/(png|svg\+xml)|text\/csv);base64,|#)/);
    }
    expect(text.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:\/\/|url\((?!#)|@import/);
  });

  it('shows given text as text', () => {
    expect(document.querySelector('h1')?.textContent).toBe('Run <1>');
    expect([...document.querySelectorAll('section p')].map((p) => p.textContent)).toContain(
      '<script>alert(1)</script>',
    );
    expect(document.querySelector('pre')?.textContent).toBe("cranioflow generate --out 'a<b' --seed 7");
    expect(document.querySelector('img')?.getAttribute('alt')).toBe('A "skull"');
  });

  it('embeds the picture as the PNG that it is', () => {
    const uri = document.querySelector('img')?.getAttribute('src') ?? '';
    expect(Buffer.compare(Buffer.from(uri.split(',')[1], 'base64'), encodePng(image))).toBe(0);
  });

  it('says what it is not, and PHANTOM at the top, in the title and at every section', () => {
    expect(text.split(NOT_A_DEVICE).length - 1).toBeGreaterThanOrEqual(2);
    expect(document.querySelector('.phantom')?.textContent).toContain('PHANTOM');
    expect(document.querySelectorAll('h2 .stamp')).toHaveLength(3);
    expect(document.title).toBe('Run <1> (PHANTOM)');
    const real = buildReport({ ...report, phantom: false });
    expect(real).not.toContain('PHANTOM');
    expect(real).toContain(NOT_A_DEVICE);
  });

  it('gives figures with unit, interval and direction', () => {
    const cells = [...document.querySelectorAll('section table')][0].querySelectorAll('tbody tr');
    const rows = [...cells].map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows).toEqual([
      ['Dice', '0.9134 [0.9, 0.92]', '↑ higher is better', 'overlap'],
      ['1-NNA', '0.6', '→ 0.5 is ideal', 'told apart'],
      ['HD95', '1.25 mm', '↓ lower is better', 'distance'],
    ]);
    const numbers = [...document.querySelectorAll('td.number')].map((cell) => cell.textContent);
    expect(numbers.slice(3)).toEqual(['41', '9']);
  });

  it('links to each section once, though headings repeat', () => {
    const ids = [...document.querySelectorAll('section')].map((s) => s.id);
    expect(ids).toEqual(['skulls', 'figures', 'skulls-2']);
    expect([...document.querySelectorAll('nav a')].map((a) => a.getAttribute('href'))).toEqual(
      ids.map((id) => `#${id}`),
    );
  });

  it('leads from each figure to the command of its section, or else to that of the page', () => {
    const with_ = (command?: string) => parseHTML(buildReport({ ...report, command })).document;
    const ways = (document: ReturnType<typeof with_>): (string | null)[] =>
      [...document.querySelectorAll('main .tools a:not([download])')].map((a) => a.getAttribute('href'));
    expect(ways(with_('cranioflow report'))).toEqual(['#skulls-command', '#command', '#command', '#command']);
    expect(ways(with_())).toEqual(['#skulls-command']);
    // A section made by the page's own command does not say it twice.
    expect(ways(with_(report.sections[0].command))).toEqual(Array(4).fill('#command'));
    expect(with_(report.sections[0].command).querySelectorAll('pre')).toHaveLength(1);
  });

  it('keeps the anchor of the command free, and shows a command for more', () => {
    const also = { words: 'One unit.', command: 'a; b' };
    const text = buildReport({
      title: 't',
      phantom: false,
      command: 'c',
      sections: [{ heading: 'Command', also }],
    });
    const { document } = parseHTML(text);
    expect(document.querySelector('section')?.id).toBe('command-2');
    expect([...document.querySelectorAll('pre')].map((p) => p.textContent)).toEqual(['a; b', 'c']);
  });

  it('is the same file for the same input', () => {
    expect(buildReport(report)).toBe(text);
  });
});
