import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { plainTable, type Quantity, quantityTable, type Table } from '../../src/report/table.ts';

const place = { id: 'figures-table-1', again: 'command' };
const page = (markup: { text: string }) => parseHTML(`<body>${markup.text}</body>`).document;
const csvOf = (document: ReturnType<typeof page>): string => {
  const href = document.querySelector('a[download$=".csv"]')?.getAttribute('href') ?? '';
  return Buffer.from(href.split('base64,')[1], 'base64').toString();
};

describe('plainTable', () => {
  const table: Table = {
    caption: 'Of <b>.',
    columns: ['case', 'n', 'Dice', 'says'],
    rows: [
      [{ text: '<i>', to: 'case-1' }, 3, undefined, { text: 'pass', good: true }],
      ['=b', 41, 0.123456789, { text: 'fail', good: false }],
      ['c', 1200, 0.5, { text: 'open' }],
    ],
  };
  const document = page(plainTable(table, place));

  it('names its rows and columns to who cannot see it', () => {
    expect(document.querySelectorAll('thead th[scope="col"]')).toHaveLength(4);
    expect([...document.querySelectorAll('tbody th[scope="row"]')].map((th) => th.textContent)).toEqual([
      '<i>',
      '=b',
      'c',
    ]);
    expect(document.querySelector('caption')?.textContent).toBe('Of <b>.');
    expect(page(plainTable({ columns: ['one'], rows: [['x']] }, place)).querySelector('tbody th')).toBeNull();
  });

  it('sets numbers right, also where one is not known, and texts left; colours what is good or bad', () => {
    const [first] = [...document.querySelectorAll('tbody tr')].map((tr) => [...tr.children]);
    expect(first.map((cell) => cell.className)).toEqual(['text', 'number', 'number', 'text']);
    expect(first[2].textContent).toBe('');
    expect([...document.querySelectorAll('td span')].map((s) => s.className)).toEqual([
      'good',
      'bad',
      'open',
    ]);
    expect(document.querySelector('tbody a')?.getAttribute('href')).toBe('#case-1');
  });

  it('carries its cells as CSV with all their digits, under the name of its anchor, and leads to the command', () => {
    expect(csvOf(document)).toBe(
      "case,n,Dice,says\r\n<i>,3,,pass\r\n'=b,41,0.123456789,fail\r\nc,1200,0.5,open\r\n",
    );
    expect(document.querySelector('a[download]')?.getAttribute('download')).toBe('figures-table-1.csv');
    expect(document.querySelector('.tools a:not([download])')?.getAttribute('href')).toBe('#command');
    expect(document.querySelector('table')?.id).toBe('figures-table-1');
    const alone = page(plainTable(table, { id: 'x' }));
    expect(alone.querySelector('.tools a:not([download])')).toBeNull();
  });
});

describe('quantityTable', () => {
  const plain: Quantity[] = [
    { name: 'Dice', value: 0.912345, interval: [0.9, 0.92], better: 'higher', meaning: 'overlap' },
    { name: 'HD95', value: 1.25, unit: 'mm', better: 'lower', meaning: 'distance, worst 5 %' },
  ];

  it('has each number, its ends and its unit in cells of their own', () => {
    expect(csvOf(page(quantityTable(plain, place)))).toBe(
      [
        'figure,value,low,high,unit,direction,meaning',
        'Dice,0.912345,0.9,0.92,,↑ higher is better,overlap',
        'HD95,1.25,,,mm,↓ lower is better,"distance, worst 5 %"',
        '',
      ].join('\r\n'),
    );
  });

  it('of judged quantities, what they are held against and what follows', () => {
    const judged: Quantity = {
      ...plain[0],
      beside: { text: '0.88', note: '[0.8, 0.9]' },
      verdict: { text: 'as good as real', good: true, note: 'p 0.3' },
    };
    const document = page(quantityTable([judged], place, ['A', 'B', 'A better by']));
    expect([...document.querySelectorAll('th[scope="col"]')].map((th) => th.textContent)).toEqual([
      'figure',
      'A',
      'B',
      'A better by',
    ]);
    expect(csvOf(document).split('\r\n').slice(0, 2)).toEqual([
      'figure,A,low,high,unit,direction,B,B: range,A better by,A better by: why,meaning',
      'Dice,0.912345,0.9,0.92,,↑ higher is better,0.88,"[0.8, 0.9]",as good as real,p 0.3,overlap',
    ]);
  });
});
