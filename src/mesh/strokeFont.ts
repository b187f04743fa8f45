/**
 * Letters for captions in pictures, where no font file can be assumed. Each glyph is a few strokes on a grid 4 wide: row 0 is
 * the top of capitals, 2 the top of small letters, 6 the base line, 8 the descenders' end. A stroke is a run of grid points,
 * two digits each (column, row); one that begins with `~` is a curve that these points control (corner cutting, Chaikin
 * 1974; closed when it ends where it began). Strokes are drawn by distance, so they are smooth at any size.
 */
import type { Image } from './png.ts';

/** Drawn for this project. */
const GLYPHS: Record<string, string> = {
  a: '~0242460602 4246',
  b: '0006 ~0242460602',
  c: '~434202064645',
  d: '4046 ~0242460602',
  e: '0444 ~444202064645',
  f: '~301013 1316 0232',
  g: '~0242460602 4246 ~464808',
  h: '0006 ~04024246',
  i: '0206 0000',
  j: '1216 ~161808 1010',
  k: '0006 320436',
  l: '0004 ~040616',
  m: '0206 ~04023236 ~34326266',
  n: '0206 ~04024246',
  o: '~0242460602',
  p: '0208 ~0242460602',
  q: '~0242460602 4248',
  r: '0206 ~040232',
  s: '~4342020444460605',
  t: '1014 ~141636 0232',
  u: '~02064642 4246',
  v: '022642',
  w: '0216325662',
  x: '0246 4206',
  y: '0226 4218',
  z: '02420646',
  A: '062046 1434',
  B: '000626 0020 ~20404323 0323 ~23434626',
  C: '~414000064645',
  D: '0006 0010 ~10404616 0616',
  E: '40000646 0333',
  F: '400006 0333',
  G: '~414000064643 4323',
  H: '0006 4046 0343',
  I: '0006',
  J: '3034 ~34360604',
  K: '0006 400346',
  L: '000646',
  M: '0600244046',
  N: '06004640',
  O: '~0040460600',
  P: '0006 0020 ~20404323 0323',
  Q: '~0040460600 3446',
  R: '0006 0020 ~20404323 0323 2346',
  S: '~4140000343460605',
  T: '0040 2026',
  U: '0003 ~03064643 4340',
  V: '002640',
  W: '0016325660',
  X: '0046 4006',
  Y: '002340 2326',
  Z: '00400646',
  '0': '~0030360600',
  '1': '112026',
  '2': '~0100404306 0646',
  '3': '~0100404313 ~1343460605',
  '4': '36300444',
  '5': '400003 ~0342460605',
  '6': '~300005 ~0343460603',
  '7': '004016',
  '8': '~0040430300 ~0343460603',
  '9': '~0040430300 ~414616',
  '.': '0606',
  ',': '1607',
  ':': '0303 0606',
  ';': '1313 1607',
  '-': '0434',
  '–': '0444',
  '+': '0444 2226',
  '=': '0343 0545',
  '/': '0740',
  '(': '~10020618',
  ')': '~00121608',
  '[': '10000818',
  ']': '00101808',
  '²': '0020210323',
  '³': '0020112203',
  '%': '0640 ~0010110100 ~3545463635',
  _: '0747',
  "'": '0001',
  '"': '0001 2021',
  '!': '0004 0606',
  '?': '~0100403324 2626',
  '#': '1016 3036 0242 0444',
  '<': '420446',
  '>': '024406',
  '*': '2125 0244 0442',
  '|': '0008',
  '&': '~460100302305 ~05062644',
  '°': '~0020220200',
  '×': '0336 3306',
  '±': '0343 2125 0646',
  '·': '0404',
  '…': '0606 2626 4646',
};

const MISSING = '0040460600';

/** One grid step, as a part of the height of capitals. */
const STEP = 1 / 6;
const GAP = 2;
const SPACE = 3;

interface Glyph {
  /** In grid steps, without the gap. */
  width: number;
  /** Polylines [x, y, x, y, ...] in grid steps. */
  lines: number[][];
}

/** Corner cutting: three rounds turn a control polygon into a smooth curve; open ends stay where they are. */
function curve(points: number[][]): number[][] {
  const [head, tail] = [points[0], points[points.length - 1]];
  const closed = head[0] === tail[0] && head[1] === tail[1];
  let line = points;
  for (let round = 0; round < 3; round++) {
    const cut: number[][] = closed ? [] : [head];
    for (let i = 0; i + 1 < line.length; i++) {
      const [a, b] = [line[i], line[i + 1]];
      cut.push([0.75 * a[0] + 0.25 * b[0], 0.75 * a[1] + 0.25 * b[1]]);
      cut.push([0.25 * a[0] + 0.75 * b[0], 0.25 * a[1] + 0.75 * b[1]]);
    }
    cut.push(closed ? cut[0] : tail);
    line = cut;
  }
  return line;
}

const cache = new Map<string, Glyph>();

function glyphOf(character: string): Glyph {
  const known = cache.get(character);
  if (known) return known;
  const lines: number[][] = [];
  let width = 0;
  for (const stroke of (GLYPHS[character] ?? MISSING).split(' ')) {
    const digits = stroke.replace('~', '');
    const points = Array.from({ length: digits.length / 2 }, (_, i) => [+digits[2 * i], +digits[2 * i + 1]]);
    for (const [x] of points) width = Math.max(width, x);
    lines.push((stroke.startsWith('~') ? curve(points) : points).flat());
  }
  const glyph = { width, lines };
  cache.set(character, glyph);
  return glyph;
}

/** Width in pixels of `text` whose capitals are `height` pixels high. */
export function textWidth(text: string, height: number): number {
  let steps = -GAP;
  for (const c of text) steps += (c === ' ' ? SPACE : glyphOf(c).width) + GAP;
  return Math.max(0, steps * STEP * height);
}

export interface TextOptions {
  /** Height of capitals in pixels. */
  height: number;
  /** sRGB, 0..255. */
  colour: readonly [number, number, number];
  /** Which point of the text (x, y) names; y is always the top of capitals. */
  align: 'left' | 'centre' | 'right';
  /** Thickness of strokes in pixels; default grows with the height. */
  weight?: number;
  /** 0 invisible .. 1. */
  opacity: number;
}

const TEXT_DEFAULTS: TextOptions = { height: 9, colour: [40, 40, 44], align: 'left', opacity: 1 };

/** The squared distance of (x, y) to the segment a-b. */
function squaredDistance(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const along = dx * dx + dy * dy;
  const t = along === 0 ? 0 : Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / along, 0), 1);
  return (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2;
}

/** Draws `text` on `image`, in place, with its top of capitals at `y`; what falls outside the image is cut off. */
export function drawText(
  image: Image,
  text: string,
  x: number,
  y: number,
  options: Partial<TextOptions> = {},
): void {
  const { height, colour, align, weight, opacity } = { ...TEXT_DEFAULTS, ...options };
  const step = STEP * height;
  const half = (weight ?? Math.max(1.1, height * 0.13)) / 2;
  const width = textWidth(text, height);
  let pen = x - (align === 'left' ? 0 : align === 'right' ? width : width / 2);
  for (const character of text) {
    if (character === ' ') {
      pen += (SPACE + GAP) * step;
      continue;
    }
    const glyph = glyphOf(character);
    const x0 = Math.max(0, Math.floor(pen - half - 1));
    const x1 = Math.min(image.width - 1, Math.ceil(pen + glyph.width * step + half + 1));
    const y0 = Math.max(0, Math.floor(y - half - 1));
    const y1 = Math.min(image.height - 1, Math.ceil(y + 8 * step + half + 1));
    for (let py = y0; py <= y1; py++) {
      for (let px = x0; px <= x1; px++) {
        const gx = (px + 0.5 - pen) / step;
        const gy = (py + 0.5 - y) / step;
        let nearest = Infinity;
        for (const line of glyph.lines) {
          for (let i = 0; i + 3 < line.length; i += 2)
            nearest = Math.min(
              nearest,
              squaredDistance(gx, gy, line[i], line[i + 1], line[i + 2], line[i + 3]),
            );
        }
        const cover = Math.min(Math.max(half + 0.5 - Math.sqrt(nearest) * step, 0), 1) * opacity;
        if (cover === 0) continue;
        const p = 4 * (py * image.width + px);
        for (let s = 0; s < 3; s++) image.data[p + s] += Math.round(cover * (colour[s] - image.data[p + s]));
      }
    }
    pen += (glyph.width + GAP) * step;
  }
}

/** `text` cut with an ellipsis so that it is at most `width` pixels wide. */
export function fitText(text: string, height: number, width: number): string {
  if (textWidth(text, height) <= width) return text;
  let kept = text;
  while (kept.length > 0 && textWidth(`${kept}…`, height) > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}
