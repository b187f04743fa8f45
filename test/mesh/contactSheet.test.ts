import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { beside, contactSheet, paste } from '../../src/mesh/contactSheet.ts';
import { blankImage, type Image } from '../../src/mesh/png.ts';
import { drawText, fitText, textWidth } from '../../src/mesh/strokeFont.ts';

const red = blankImage(20, 16, [255, 0, 0]);
const count = (image: Image, [r, g, b]: number[]): number => {
  let n = 0;
  for (let p = 0; p < image.data.length; p += 4)
    if (image.data[p] === r && image.data[p + 1] === g && image.data[p + 2] === b) n++;
  return n;
};

describe('paste', () => {
  it('copies pixels and cuts what falls outside', () => {
    const onto = blankImage(30, 30, [0, 0, 0]);
    paste(onto, red, -5, -6);
    expect(count(onto, [255, 0, 0])).toBe(15 * 10);
    paste(onto, blankImage(20, 16, [0, 255, 0]), 25, 20);
    expect(count(onto, [0, 255, 0])).toBe(5 * 10);
    expect([...onto.data.subarray(4 * (20 * 30 + 25), 4 * (20 * 30 + 25) + 3)]).toEqual([0, 255, 0]);
    paste(onto, red, 99, 99);
  });
});

describe('contactSheet', () => {
  const cells = (n: number, caption?: string) => Array.from({ length: n }, () => ({ image: red, caption }));

  it('shows every picture whole, wrapping long rows', () => {
    const sheet = contactSheet([{ title: 'real', cells: cells(5, 'a') }, { cells: cells(2) }], {
      columns: 3,
      title: 'T',
    });
    expect(count(sheet, [255, 0, 0])).toBe(7 * 320);
    const flat = contactSheet([{ cells: cells(5) }]);
    const wrapped = contactSheet([{ cells: cells(5) }], { columns: 2 });
    expect(wrapped.width).toBeLessThan(flat.width);
    expect(wrapped.height).toBeGreaterThan(2 * flat.height - 60);
  });

  it('says PHANTOM when told to', () => {
    const ink = (phantom: boolean) =>
      count(contactSheet([{ cells: cells(6) }], { phantom, title: ' ' }), [163, 72, 16]);
    expect(ink(false)).toBe(0);
    expect(ink(true)).toBeGreaterThan(50);
  });

  it('refuses to be empty', () => {
    expect(() => contactSheet([{ title: 'none', cells: [] }])).toThrow(UsageError);
  });
});

describe('beside', () => {
  it('sets images in a line with a gap', () => {
    const line = beside([red, red, red], 4);
    expect([line.width, line.height]).toEqual([68, 16]);
    expect(count(line, [255, 0, 0])).toBe(960);
  });
});

describe('strokeFont', () => {
  const drawn = (text: string, height = 24): string => {
    const image = blankImage(40, 40);
    drawText(image, text, 6, 4, { height });
    return Buffer.from(image.data).toString('base64');
  };

  it('has a shape of its own for each letter and digit', () => {
    const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:-+=/()%';
    const shapes = new Map<string, string>();
    for (const c of alphabet) {
      const shape = drawn(c);
      expect(shapes.get(shape), `${c} looks like`).toBeUndefined();
      shapes.set(shape, c);
    }
    expect(drawn('\u{1F480}')).toBe(drawn('漢'));
    expect(shapes.has(drawn('漢'))).toBe(false);
  });

  it('keeps within the width it promises', () => {
    for (const text of ['Skull 12', 'HD95 1.3 mm', 'j']) {
      const image = blankImage(200, 40);
      drawText(image, text, 20, 10, { height: 12, colour: [0, 0, 0], weight: 1 });
      const columns = Array.from({ length: 200 }, (_, x) => x).filter((x) =>
        Array.from({ length: 40 }, (_, y) => image.data[4 * (y * 200 + x)] < 128).some(Boolean),
      );
      expect(Math.min(...columns)).toBeGreaterThanOrEqual(19);
      expect(Math.max(...columns)).toBeLessThanOrEqual(21 + textWidth(text, 12));
      expect(Math.max(...columns)).toBeGreaterThan(17 + textWidth(text, 12));
    }
  });

  it('cuts text that is too long, and only that', () => {
    expect(fitText('short', 10, 500)).toBe('short');
    const cut = fitText('a caption that is far too long for its picture', 10, 120);
    expect(cut.endsWith('…')).toBe(true);
    expect(textWidth(cut, 10)).toBeLessThanOrEqual(120);
    expect(textWidth(cut, 10)).toBeGreaterThan(100);
  });
});
