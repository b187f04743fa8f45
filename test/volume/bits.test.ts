import { expect, test } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { invertBits, packBits, unpackBits } from '../../src/volume/bits.ts';
import type { Vec3 } from '../../src/volume/volume.ts';

const SIZES: Vec3[] = [
  [1, 1, 1],
  [31, 2, 3],
  [32, 2, 2],
  [33, 3, 2],
  [70, 2, 2],
];

test.each(SIZES)('a mask of %i x %i x %i comes back from bits, inverted too', (...size) => {
  const stream = new RandomStream(3, 'test/bits', size[0]);
  const mask = new Uint8Array(size[0] * size[1] * size[2]).map(() => (stream.uniform() < 0.5 ? 1 : 0));
  const bits = packBits(mask, size);
  expect(bits.data.length).toBe(Math.ceil(size[0] / 32) * size[1] * size[2]);
  expect(unpackBits(bits)).toEqual(mask);
  expect(unpackBits(invertBits(bits))).toEqual(mask.map((v) => 1 - v));
  // The padding must stay clear, or a dilation would draw bone in from it.
  const set = Array.from(invertBits(bits).data).reduce(
    (n, w) => n + w.toString(2).replaceAll('0', '').length,
    0,
  );
  expect(set).toBe(mask.length - mask.reduce((n, v) => n + v, 0));
});
