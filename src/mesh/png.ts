/**
 * PNG files (ISO/IEC 15948) by Node's own zlib: 8 bits a channel, RGB or RGBA. An opaque image loses its alpha channel.
 * Each row takes the filter whose residuals have the least absolute sum, the heuristic the standard recommends.
 */
import { crc32, deflateSync } from 'node:zlib';
import { writeFileAtomic } from '../files/atomic.ts';

/** An image: RGBA, 8 bits a channel, rows from the top; `data` is [height * width * 4]. */
export interface Image {
  width: number;
  height: number;
  data: Uint8Array;
}

/** An opaque image filled with one colour. */
export function blankImage(
  width: number,
  height: number,
  [r, g, b]: readonly number[] = [255, 255, 255],
): Image {
  const data = new Uint8Array(width * height * 4);
  for (let p = 0; p < data.length; p += 4) {
    data[p] = r;
    data[p + 1] = g;
    data[p + 2] = b;
    data[p + 3] = 255;
  }
  return { width, height, data };
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = Buffer.alloc(content.length + 12);
  out.writeUInt32BE(content.length, 0);
  out.write(type, 4, 'latin1');
  out.set(content, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length);
  return out;
}

/** The predictor of filter 4: whichever of left, up, up-left is nearest to left + up - upLeft. */
function paeth(left: number, up: number, upLeft: number): number {
  const p = left + up - upLeft;
  const a = Math.abs(p - left);
  const b = Math.abs(p - up);
  const c = Math.abs(p - upLeft);
  return a <= b && a <= c ? left : b <= c ? up : upLeft;
}

/** Filters one row by each of the five filters into `rows` and returns the number of the best. */
function filterRow(row: Uint8Array, above: Uint8Array, channels: number, rows: Uint8Array[]): number {
  const [none, sub, up, average, predicted] = rows;
  const cost = [0, 0, 0, 0, 0];
  // Residuals count as signed bytes.
  const size = (v: number) => Math.abs((v << 24) >> 24);
  for (let x = 0; x < row.length; x++) {
    const left = x >= channels ? row[x - channels] : 0;
    const upLeft = x >= channels ? above[x - channels] : 0;
    const here = row[x];
    cost[0] += size((none[x] = here));
    cost[1] += size((sub[x] = here - left));
    cost[2] += size((up[x] = here - above[x]));
    cost[3] += size((average[x] = here - ((left + above[x]) >> 1)));
    cost[4] += size((predicted[x] = here - paeth(left, above[x], upLeft)));
  }
  return cost.indexOf(Math.min(...cost));
}

/** The bytes of a PNG file: RGB when every pixel is opaque, else RGBA. */
export function encodePng(image: Image): Uint8Array {
  const { width, height, data } = image;
  let opaque = true;
  for (let p = 3; p < data.length; p += 4) if (data[p] !== 255) opaque = false;
  const channels = opaque ? 3 : 4;
  const rowBytes = width * channels;
  const raw = new Uint8Array((rowBytes + 1) * height);
  const rows = Array.from({ length: 5 }, () => new Uint8Array(rowBytes));
  let row = new Uint8Array(rowBytes);
  let above = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    for (let x = 0, p = y * width * 4; x < rowBytes; p += 4) {
      for (let c = 0; c < channels; c++) row[x++] = data[p + c];
    }
    const best = filterRow(row, above, channels, rows);
    raw[y * (rowBytes + 1)] = best;
    raw.set(rows[best], y * (rowBytes + 1) + 1);
    [row, above] = [above, row];
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, opaque ? 2 : 6, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw, { level: 6 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Writes a PNG file, whole or not at all. Throws `DiskError` when the disk refuses. */
export function writePng(path: string, image: Image): void {
  writeFileAtomic(path, encodePng(image));
}
