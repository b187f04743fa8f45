import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromHalf, halfBits, halfValue, toHalf } from '../../src/files/half.ts';

test('numpy agrees on random bits, exact halves, ties and their neighbours', () => {
  const golden = JSON.parse(readFileSync(new URL('fixtures/half.fixture.json', import.meta.url), 'utf8'));
  const values = new Float32Array(Uint32Array.from(golden.float32Bits as number[]).buffer);
  expect(values.length).toBeGreaterThan(600);
  expect([...toHalf(values)]).toEqual(golden.float16Bits);
});

test('all 65536 halves widen and narrow back to themselves; NaN stays NaN', () => {
  let wrong = 0;
  for (let bits = 0; bits < 65536; bits++) {
    const isNaN16 = (bits & 0x7fff) > 0x7c00;
    const value = halfValue(bits);
    if (isNaN16 ? !Number.isNaN(value) || (halfBits(value) & 0x7fff) <= 0x7c00 : halfBits(value) !== bits)
      wrong++;
  }
  expect(wrong).toBe(0);
});

test('the landmarks of the format', () => {
  expect(halfBits(1)).toBe(0x3c00);
  expect(halfBits(-2)).toBe(0xc000);
  expect(halfBits(65504)).toBe(0x7bff);
  expect(halfBits(65519.996)).toBe(0x7bff);
  expect(halfBits(65520)).toBe(0x7c00);
  expect(halfBits(2 ** -25)).toBe(0); // a tie, to the even number zero
  expect(halfBits(2 ** -25 * 1.0000002)).toBe(1);
  expect(halfBits(-0)).toBe(0x8000);
  expect(halfBits(2 ** -14 - 2 ** -26)).toBe(0x400); // the largest denormals round up into the normals
  expect(Array.from(fromHalf(Uint16Array.of(0x3555)))).toEqual([0.333251953125]);
});
