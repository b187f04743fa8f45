/** A decoder of our own, straight from the standard: chunks, CRC bit by bit, inflate, the five filters. */
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { blankImage, encodePng, type Image } from '../../src/mesh/png.ts';
import { RandomStream } from '../../src/random/stream.ts';

function crcBitwise(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit++) c = ((c ^ (byte >> bit)) & 1 ? 0xedb88320 : 0) ^ (c >>> 1);
  return (c ^ 0xffffffff) >>> 0;
}

function decode(png: Uint8Array): Image & { channels: number; filters: Set<number> } {
  const bytes = Buffer.from(png);
  expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crcBitwise(bytes.subarray(at + 4, at + 8 + length)));
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR') as Buffer;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 6 ? 4 : 3;
  const packed = inflateSync(chunks.get('IDAT') as Buffer);
  const stride = width * channels;
  expect(packed.length).toBe((stride + 1) * height);
  const plain = new Uint8Array(stride * height);
  const filters = new Set<number>();
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (stride + 1)];
    filters.add(filter);
    for (let x = 0; x < stride; x++) {
      const a = x >= channels ? plain[y * stride + x - channels] : 0;
      const b = y > 0 ? plain[(y - 1) * stride + x] : 0;
      const c = x >= channels && y > 0 ? plain[(y - 1) * stride + x - channels] : 0;
      const nearest = [a, b, c].sort((p, q) => Math.abs(a + b - c - p) - Math.abs(a + b - c - q))[0];
      const guess = [0, a, b, (a + b) >> 1, nearest][filter];
      plain[y * stride + x] = packed[y * (stride + 1) + 1 + x] + guess;
    }
  }
  const data = blankImage(width, height).data;
  for (let p = 0; p < width * height; p++)
    for (let s = 0; s < channels; s++) data[4 * p + s] = plain[channels * p + s];
  return { width, height, data, channels, filters };
}

/** Bands of rows made for each filter to be the best of the five somewhere, and noise. */
function picture(width: number, height: number, alpha: boolean): Image {
  const random = new RandomStream(2, 'test/png');
  const image = blankImage(width, height);
  const noise = Array.from({ length: width * 8 }, () => random.integer(256));
  const value = (x: number, y: number, s: number): number => {
    const band = Math.floor(y / 8) % 5;
    if (band === 0) return random.integer(5) - 2; // none: small values, either sign, without a pattern
    if (band === 1) return 90 * (y % 2) + 2 * x; // sub: each row a ramp, rows far apart
    if (band === 2) return noise[8 * x + s]; // up: rows repeat, neighbours do not
    const before = x > 0 && y > 0 ? 4 * (y * width + x) + s : -1;
    if (band === 3 && before >= 0)
      return ((image.data[before - 4] + image.data[before - 4 * width]) >> 1) + random.integer(3); // average
    return noise[x] + noise[8 * (y % 8) + 3]; // paeth: sums of a row's and a column's value
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const p = 4 * (y * width + x);
      for (let s = 0; s < 3; s++) image.data[p + s] = value(x, y, s);
      if (alpha) image.data[p + 3] = (x * 7 + y) & 255;
    }
  return image;
}

describe('encodePng', () => {
  it('comes back the same through a decoder, RGB and RGBA', () => {
    for (const alpha of [false, true]) {
      const image = picture(61, 47, alpha);
      const back = decode(encodePng(image));
      expect(back.channels).toBe(alpha ? 4 : 3);
      if (!alpha) expect([...back.filters].sort()).toEqual([0, 1, 2, 3, 4]);
      expect(Buffer.compare(back.data, image.data)).toBe(0);
    }
  });

  it('works for one pixel, and is small for a plain image', () => {
    expect([...decode(encodePng(blankImage(1, 1, [1, 2, 3]))).data]).toEqual([1, 2, 3, 255]);
    expect(encodePng(blankImage(300, 300)).length).toBeLessThan(1500);
  });
});
