import { expect, it } from 'vitest';
import { asScan } from '../../../src/volume/scan/index.ts';

it('is Int16 where every value is whole and fits, without a copy where it is already', () => {
  const own = Int16Array.of(-1024, 3071);
  expect(asScan(own)).toBe(own);
  for (const values of [
    Float64Array.of(-32768, 32767, 0),
    Float32Array.of(-32768, 32767, -0),
    Int32Array.of(5, 6),
  ])
    expect(asScan(values)).toEqual(Int16Array.from(values));
  expect(asScan(Uint8Array.of(200))).toEqual(Int16Array.of(200));
});

it('is Float32 where one is not whole or does not fit, and nothing where one is no number', () => {
  const floats = Float32Array.of(0.5, 1);
  expect(asScan(floats)).toBe(floats);
  expect(asScan(Uint16Array.of(32768, 1))).toEqual(Float32Array.of(32768, 1));
  expect(asScan(Float64Array.of(2 ** 32, 0))).toEqual(Float32Array.of(2 ** 32, 0));
  expect(asScan(Int32Array.of(-32769))).toEqual(Float32Array.of(-32769));
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    expect(asScan(Float32Array.of(1, bad))).toBeUndefined();
    expect(asScan(Float64Array.of(0.5, bad))).toBeUndefined();
  }
});
