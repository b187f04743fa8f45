/**
 * A mask as bits: 32 voxels a word, each x-row padded to whole words. Neighbourhood operations on rows of words touch a
 * 32nd of the memory that bytes need, which is what makes morphology on 512^3 voxels a matter of tenths of a second.
 * Bits past the end of a row are 0.
 */
import { type Vec3, voxelCount } from './volume.ts';

export interface BitMask {
  size: Vec3;
  /** Words a row: `ceil(size[0] / 32)`. */
  words: number;
  /** `[size[2] * size[1] * words]`; voxel i of a row is bit `i & 31` of word `i >> 5`. */
  data: Uint32Array;
}

/** Bits of a mask (anything not 0 is set). */
export function packBits(mask: Uint8Array, size: Vec3): BitMask {
  const [nx, ny, nz] = size;
  const words = (nx + 31) >> 5;
  const data = new Uint32Array(words * ny * nz);
  for (let row = 0, p = 0, w = 0; row < ny * nz; row++)
    for (let i = 0; i < nx; i += 32, w++) {
      const end = p + Math.min(32, nx - i);
      let word = 0;
      for (let bit = 1; p < end; p++, bit <<= 1) if (mask[p] !== 0) word |= bit;
      data[w] = word;
    }
  return { size, words, data };
}

/** The mask of bits, 0 and 1. */
export function unpackBits({ size, words, data }: BitMask): Uint8Array {
  const [nx, ny, nz] = size;
  const out = new Uint8Array(voxelCount(size));
  for (let row = 0; row < ny * nz; row++)
    for (let w = 0; w < words; w++) {
      let word = data[row * words + w];
      const at = row * nx + 32 * w;
      while (word !== 0) {
        const bit = 31 - Math.clz32(word);
        out[at + bit] = 1;
        word ^= 1 << bit;
      }
    }
  return out;
}

/** Every bit turned over, the padding kept 0. */
export function invertBits({ size, words, data }: BitMask): BitMask {
  const out = new Uint32Array(data.length);
  for (let w = 0; w < data.length; w++) out[w] = ~data[w];
  clearPadding(out, size[0], words);
  return { size, words, data: out };
}

/** Clears the bits past the end of each row, in place. */
export function clearPadding(data: Uint32Array, nx: number, words: number): void {
  if ((nx & 31) === 0) return;
  const keep = (1 << (nx & 31)) - 1;
  for (let w = words - 1; w < data.length; w += words) data[w] &= keep;
}
