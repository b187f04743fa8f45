/**
 * Overlap of masks A and B, in voxels:
 *
 *   Dice = 2 |A and B| / (|A| + |B|)        IoU = |A and B| / |A or B|        two empty masks agree: 1
 *
 * Sets are compared all against all, so masks are kept as bits in 32-bit words and counted a word at a time by adding
 * neighbouring bits, pairs, nibbles and bytes in parallel (Warren, Hacker's Delight, 5-1).
 */
import { packBits } from '../dataset/pack.ts';
import { ShapeError } from '../errors.ts';

/** Voxel counts of two masks and of what they share. */
export interface Overlap {
  a: number;
  b: number;
  both: number;
}

/** Dice of an overlap, in [0, 1]. */
export function diceOf({ a, b, both }: Overlap): number {
  return a + b === 0 ? 1 : (2 * both) / (a + b);
}

/** Intersection over union of an overlap, in [0, 1]. */
export function iouOf({ a, b, both }: Overlap): number {
  return a + b === 0 ? 1 : both / (a + b - both);
}

function requireEqualLength(a: number, b: number): void {
  if (a !== b)
    throw new ShapeError({
      found: `masks of ${a} and ${b} elements`,
      expected: 'masks of one grid',
      todo: 'resample one onto the grid of the other',
    });
}

/** Overlap of two masks with one voxel an element, non-zero being bone. Throws `ShapeError` for unequal lengths. */
export function overlap(a: ArrayLike<number>, b: ArrayLike<number>): Overlap {
  requireEqualLength(a.length, b.length);
  let [countA, countB, both] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const inA = a[i] !== 0 ? 1 : 0;
    const inB = b[i] !== 0 ? 1 : 0;
    countA += inA;
    countB += inB;
    both += inA & inB;
  }
  return { a: countA, b: countB, both };
}

/** Bits set in both of two runs of words. */
function countBoth(a: Uint32Array, b: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    let v = a[i] & b[i];
    v -= (v >>> 1) & 0x55555555;
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
    count += Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/** A bit-packed mask as words, and how many bits are set. */
export interface PackedMask {
  words: Uint32Array;
  count: number;
}

/** Bits (any order of bits, spare ones 0) as words. */
export function packedMask(bits: Uint8Array): PackedMask {
  const words = new Uint32Array(Math.ceil(bits.length / 4));
  new Uint8Array(words.buffer).set(bits);
  return { words, count: countBoth(words, words) };
}

/** Packs a mask with one voxel an element. */
export function packMask(voxels: Uint8Array): PackedMask {
  return packedMask(packBits(voxels));
}

/** Overlap of two packed masks. Throws `ShapeError` for unequal lengths. */
export function packedOverlap(a: PackedMask, b: PackedMask): Overlap {
  requireEqualLength(a.words.length, b.words.length);
  return { a: a.count, b: b.count, both: countBoth(a.words, b.words) };
}

/** The distance 1 - Dice of two packed masks, in [0, 1]; 0 for equal masks. */
export function diceDistance(a: PackedMask, b: PackedMask): number {
  return 1 - diceOf(packedOverlap(a, b));
}
