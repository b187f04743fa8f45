import { expect, test } from 'vitest';
import { NumericsError, ShapeError, VolumeError } from '../../src/errors.ts';
import { drawPairs, msSsim, msSsimScales, setDiversity } from '../../src/evaluation/msSsim.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Vec3 } from '../../src/volume/volume.ts';
import { fixture } from './helpers.ts';

const golden = fixture('msSsim');
const digits = (text: string) => Float64Array.from(text, Number);
const [a, b] = [digits(golden.a), digits(golden.b)];

function noise(size: Vec3, index: number): Float64Array {
  const random = new RandomStream(1, 'test/ms-ssim', index);
  return Float64Array.from({ length: size[0] * size[1] * size[2] }, () => random.uniform());
}

test('scipy agrees on two scales: grey values, their range by name, and masks', () => {
  const [p, q] = [a, b].map((v) => v.map((x) => x / 9));
  const grey = msSsim(p, q, golden.size);
  expect(grey.scales).toBe(2);
  expect(grey.value).toBeCloseTo(golden.grey.value, 12);
  for (let s = 0; s < 2; s++) expect(grey.terms[s]).toBeCloseTo(golden.grey.terms[s], 12);
  expect(msSsim(a, b, golden.size, 9).value).toBeCloseTo(golden.grey.value, 12);
  expect(msSsim(b, a, golden.size, 9).value).toBeCloseTo(golden.grey.value, 12);
  const [m, n] = [a, b].map((v) => Uint8Array.from(v, (x) => (x > 4 ? 1 : 0)));
  expect(msSsim(m, n, golden.size).value).toBeCloseTo(golden.binary.value, 12);
});

test('scipy agrees on all five scales of 178 x 177 x 176 voxels', () => {
  const size: Vec3 = [178, 177, 176];
  const wave = (height: number, shift: number): Float64Array => {
    const out = new Float64Array(size[0] * size[1] * size[2]);
    for (let k = 0, at = 0; k < size[2]; k++)
      for (let j = 0; j < size[1]; j++) {
        const phase = 0.13 * j * Math.cos(0.05 * k) + shift;
        for (let i = 0; i < size[0]; i++, at++) out[at] = 0.5 + height * Math.sin(0.21 * i + phase);
      }
    return out;
  };
  const got = msSsim(wave(0.5, 0), wave(0.4, 0.6), size);
  expect(got.scales).toBe(5);
  expect(got.value).toBeCloseTo(golden.waves.value, 10);
});

test('equal volumes: 1; constants in closed form; opposites: 0', () => {
  const size: Vec3 = [13, 12, 11];
  const v = noise(size, 0);
  expect(msSsim(v, v, size).value).toBeCloseTo(1, 12);
  const [p, q] = [0.2, 0.8];
  const c1 = 1e-4;
  const got = msSsim(
    v.map(() => p),
    v.map(() => q),
    size,
  );
  expect(got.value).toBeCloseTo((2 * p * q + c1) / (p * p + q * q + c1), 10); // one scale: ssim = l
  expect(
    msSsim(
      v,
      v.map((x) => 1 - x),
      size,
    ),
  ).toMatchObject({ value: 0, scales: 1 });
});

test('scales a grid has room for', () => {
  expect([10, 11, 21, 22, 43, 44, 64, 88, 175, 176, 500].map((n) => msSsimScales([n, 600, 600]))).toEqual([
    0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
  ]);
});

test('random pairs: distinct, every member drawn, all of them where asked for more, repeatable', () => {
  const pairs = drawPairs(9, 8, 3);
  const keys = Array.from({ length: 8 }, (_, p) => `${pairs[2 * p]} ${pairs[2 * p + 1]}`);
  expect(new Set(keys).size).toBe(8);
  for (let p = 0; p < 8; p++) expect(pairs[2 * p]).toBeLessThan(pairs[2 * p + 1]);
  expect(new Set(pairs).size).toBe(9);
  expect([...drawPairs(4, 50, 0)]).toEqual([0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3]);
  expect(drawPairs(9, 35, 1)).toHaveLength(70); // one short of all 36
  expect(drawPairs(9, 8, 3)).toEqual(pairs);
});

test('diversity: copies score 1, independent noise far less', () => {
  const size: Vec3 = [12, 12, 12];
  const set = [0, 1, 2, 3].map((i) => noise(size, i));
  const { values, scales } = setDiversity(set, size, { count: 4 });
  expect([values.length, scales]).toEqual([4, 1]);
  for (const v of values) expect(v).toBeLessThan(0.5);
  for (const v of setDiversity([set[0], set[0], set[0]], size).values) expect(v).toBeCloseTo(1, 12);
});

test('sizes that differ, grids too small, no range, NaN, one volume', () => {
  const size: Vec3 = [12, 12, 12];
  const v = noise(size, 0);
  expect(() => msSsim(v, v.subarray(1), size)).toThrow(ShapeError);
  expect(() => msSsim(v, v, [12, 8, 18])).toThrow(VolumeError);
  expect(() => msSsim(v, v, size, 0)).toThrow(NumericsError);
  expect(() =>
    msSsim(
      v,
      v.map((x, i) => (i === 800 ? Number.NaN : x)),
      size,
    ),
  ).toThrow(/not finite/);
  expect(() => setDiversity([v], size)).toThrow(NumericsError);
});
