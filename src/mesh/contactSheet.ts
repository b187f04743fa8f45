/**
 * Pictures set out in rows with captions: real above generated, a trajectory from noise to skull, a case and its
 * reconstruction. A row longer than the sheet is wide goes on below. The sheet is one PNG that explains itself.
 */
import { UsageError } from '../errors.ts';
import { type Colour, PAPER } from './colours.ts';
import { blankImage, type Image } from './png.ts';
import { drawText, fitText } from './strokeFont.ts';

export interface SheetCell {
  image: Image;
  /** One line under the picture; cut when it is wider than the picture. */
  caption?: string;
}

export interface SheetRow {
  /** Stands over the row. */
  title?: string;
  cells: readonly SheetCell[];
}

export interface SheetOptions {
  title?: string;
  /** A line under the title: the data, the settings. */
  subtitle?: string;
  /** A line at the foot: attribution, the command that makes the sheet again. */
  footer?: string;
  /** Most pictures side by side; longer rows go on below. */
  columns: number;
  /** Pixels between pictures. */
  gap: number;
  background: Colour;
  /** Marks the sheet, top right, as made of procedural skulls. */
  phantom: boolean;
}

const SHEET_DEFAULTS: SheetOptions = { columns: 8, gap: 10, background: PAPER, phantom: false };

const INK: Colour = [38, 40, 46];
const QUIET: Colour = [112, 116, 124];
const WARNING: Colour = [163, 72, 16];

/** Copies `from` into `onto` with its upper left corner at (x, y); parts outside are cut off. */
export function paste(onto: Image, from: Image, x: number, y: number): void {
  const left = Math.max(0, -x);
  const width = Math.min(from.width, onto.width - x) - left;
  if (width <= 0) return;
  for (let row = Math.max(0, -y); row < from.height && y + row < onto.height; row++) {
    const start = 4 * (row * from.width + left);
    onto.data.set(from.data.subarray(start, start + 4 * width), 4 * ((y + row) * onto.width + x + left));
  }
}

/** Images side by side, `gap` pixels apart, centred in height. */
export function beside(images: readonly Image[], gap = 0, background: Colour = PAPER): Image {
  const width = images.reduce((sum, image) => sum + image.width, gap * (images.length - 1));
  const height = Math.max(...images.map((image) => image.height));
  const out = blankImage(width, height, background);
  let x = 0;
  for (const image of images) {
    paste(out, image, x, Math.floor((height - image.height) / 2));
    x += image.width + gap;
  }
  return out;
}

/** A sheet of `rows` as one image. Throws `UsageError` when there is no picture at all. */
export function contactSheet(rows: readonly SheetRow[], options: Partial<SheetOptions> = {}): Image {
  const { title, subtitle, footer, columns, gap, background, phantom } = { ...SHEET_DEFAULTS, ...options };
  const all = rows.flatMap((row) => row.cells);
  if (all.length === 0)
    throw new UsageError({
      found: 'a contact sheet without a picture',
      expected: 'at least one picture',
      todo: 'ask for at least one volume',
    });
  const margin = 2 * gap;
  const rowTitle = 30;
  // Each row has its own cell size and wraps where it would be wider than `columns` cells.
  const shapes = rows.map(({ cells, title }) => {
    const cellWidth = Math.max(0, ...cells.map((cell) => cell.image.width));
    const cellHeight = Math.max(0, ...cells.map((cell) => cell.image.height));
    const across = Math.max(1, Math.min(columns, cells.length));
    const line = cellHeight + (cells.some((cell) => cell.caption) ? 26 : 4) + gap;
    const height = (title ? rowTitle : 0) + Math.ceil(cells.length / across) * line;
    return { cellWidth, cellHeight, across, line, height, width: across * (cellWidth + gap) - gap };
  });
  const width = 2 * margin + Math.max(...shapes.map((shape) => shape.width));
  const head = (title || phantom ? 34 : 0) + (subtitle ? 22 : 0);
  const body = shapes.reduce((sum, shape) => sum + shape.height, 0);
  const sheet = blankImage(width, margin + head + body + (footer ? 24 : 0) + margin - gap, background);
  const inner = width - 2 * margin;
  let y = margin;
  if (phantom)
    drawText(sheet, 'PHANTOM', width - margin, y + 1, {
      height: 11,
      colour: WARNING,
      align: 'right',
      weight: 2,
    });
  if (title) {
    const text = fitText(title, 14, inner - (phantom ? 90 : 0));
    drawText(sheet, text, margin, y, { height: 14, colour: INK, weight: 1.9 });
  }
  if (title || phantom) y += 34;
  if (subtitle) {
    drawText(sheet, fitText(subtitle, 9, inner), margin, y - 4, { height: 9, colour: QUIET });
    y += 22;
  }
  rows.forEach((row, r) => {
    const { cellWidth, cellHeight, across, line } = shapes[r];
    if (row.title) {
      drawText(sheet, fitText(row.title, 10, inner), margin, y + 4, { height: 10, colour: INK, weight: 1.6 });
      rule(sheet, margin, width - margin, y + rowTitle - 6);
      y += rowTitle;
    }
    for (let start = 0; start < row.cells.length; start += across) {
      row.cells.slice(start, start + across).forEach((cell, column) => {
        const x = margin + column * (cellWidth + gap);
        const left = x + Math.floor((cellWidth - cell.image.width) / 2);
        paste(sheet, cell.image, left, y + Math.floor((cellHeight - cell.image.height) / 2));
        if (!cell.caption) return;
        const text = fitText(cell.caption, 8, cellWidth);
        drawText(sheet, text, x + cellWidth / 2, y + cellHeight + 6, {
          height: 8,
          colour: QUIET,
          align: 'centre',
        });
      });
      y += line;
    }
  });
  if (footer) drawText(sheet, fitText(footer, 8, inner), margin, y + 4, { height: 8, colour: QUIET });
  return sheet;
}

/** A thin grey line from x0 to x1. */
function rule(image: Image, x0: number, x1: number, y: number): void {
  for (let x = x0; x < x1; x++) {
    const p = 4 * (y * image.width + x);
    image.data[p] = 222;
    image.data[p + 1] = 222;
    image.data[p + 2] = 220;
  }
}
