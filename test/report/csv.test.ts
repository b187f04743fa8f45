import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText } from '../../src/report/csv.ts';

/** A reader of RFC 4180 of its own: quotes, two quotes for one, line ends within quotes. */
function read(text: string): string[][] {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        cell += text[at];
      }
      at++;
    } else while (at < text.length && text[at] !== ',' && text[at] !== '\r') cell += text[at++];
    rows[rows.length - 1].push(cell);
    if (text[at] === ',') at++;
    else if (text.startsWith('\r\n', at)) {
      at += 2;
      rows.push([]);
    }
  }
  return rows.slice(0, -1);
}

const row = (...cells: Parameters<typeof csvText>[0]['rows'][number]) =>
  read(csvText({ columns: ['a'], rows: [cells] }))[1];

describe('csvText', () => {
  it('keeps every digit of a number, and leaves what is none empty', () => {
    expect(csvText({ columns: ['x', 'y'], rows: [[0.1 + 0.2, -1e-9]] })).toBe(
      'x,y\r\n0.30000000000000004,-1e-9\r\n',
    );
    expect(row(Number.NaN, undefined, Infinity, -Infinity, -3)).toEqual(['', '', 'Inf', '-Inf', '-3']);
  });

  it('writes a number that a page wrote as a program reads it', () => {
    expect(row('−1,204.5', '1,234,567', '+0.5', '3.1e-7', '007')).toEqual([
      '-1204.5',
      '1234567',
      '+0.5',
      '3.1e-7',
      '007',
    ]);
    expect(row('0.5\u202f[0.1,\u00a00.9]')).toEqual(['0.5 [0.1, 0.9]']);
  });

  it('gives a spreadsheet no formula: such a text stays a text', () => {
    const evil = ['=1+1', '+cmd|x', '-2+3', '@SUM(A1)', ' =1', '\t=1', '\r=1', '=HYPERLINK("http://x")'];
    expect(row(...evil)).toEqual(evil.map((text) => `'${text}`));
    expect(row('a=1', '1-2', 'x@y')).toEqual(['a=1', '1-2', 'x@y']);
    expect(read(csvText({ columns: ['=1'], rows: [] }))).toEqual([["'=1"]]);
  });

  it('comes back through a reader as it was, whatever it holds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ';', ' ', 'é', '7') });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (cells) => {
        const expected = cells.map((c) => (/^[\t\r]|^\s*[=+\-@]/.test(c) ? `'${c}` : c));
        expect(row(...cells)).toEqual(
          expected.map((c) => (/^\d{1,3}(,\d{3})+$/.test(c) ? c.replaceAll(',', '') : c)),
        );
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
