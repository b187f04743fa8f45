import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import {
  diceDistance,
  diceOf,
  iouOf,
  overlap,
  packedOverlap,
  packMask,
} from '../../src/evaluation/overlap.ts';
import { fixture } from './helpers.ts';

test('numpy agrees, plain and packed', () => {
  const { a, b, dice, iou } = fixture('surface');
  const [p, q] = [a, b].map((text: string) => Uint8Array.from(text, Number));
  const counts = overlap(p, q);
  expect(packedOverlap(packMask(p), packMask(q))).toEqual(counts);
  expect(diceOf(counts)).toBeCloseTo(dice, 14);
  expect(iouOf(counts)).toBeCloseTo(iou, 14);
});

test('packed counts equal plain counts for any masks, whatever the length', () => {
  const pair = fc.integer({ min: 0, max: 150 }).chain((n) => {
    const bits = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: n, maxLength: n });
    return fc.tuple(bits, bits);
  });
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const counts = overlap(a, b);
      expect(packedOverlap(packMask(Uint8Array.from(a)), packMask(Uint8Array.from(b)))).toEqual(counts);
      const dice = diceOf(counts);
      expect(iouOf(counts)).toBeCloseTo(dice / (2 - dice), 12);
    }),
  );
});

test('full words count 32, and Dice runs from 0 to 1', () => {
  const ones = new Uint8Array(1000).fill(1);
  expect(packMask(ones).count).toBe(1000);
  expect(diceDistance(packMask(ones), packMask(ones))).toBe(0);
  const half = ones.map((_, i) => (i < 500 ? 1 : 0));
  expect(diceDistance(packMask(half), packMask(half.map((v) => 1 - v)))).toBe(1);
  expect(diceOf(overlap(ones, half))).toBeCloseTo(2 / 3, 14);
  expect(diceOf(overlap([0, 0], [0, 0]))).toBe(1);
  expect(iouOf(overlap([0, 0], [0, 0]))).toBe(1);
  expect(diceOf(overlap([0, 0], [0, 1]))).toBe(0);
});

test('unequal lengths are refused', () => {
  expect(() => overlap([1], [1, 0])).toThrow(ShapeError);
  expect(() => packedOverlap(packMask(new Uint8Array(33)), packMask(new Uint8Array(32)))).toThrow(ShapeError);
});
