import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countBits, packBits, packedLength, unpackBits, unpackInto } from '../../src/dataset/pack.ts';
import { DatasetError } from '../../src/errors.ts';

const voxels = fc.uint8Array({ max: 1, maxLength: 300 });

describe('packBits', () => {
  it('gives back every mask it took', () => {
    fc.assert(
      fc.property(voxels, (v) => {
        const bits = packBits(v);
        expect(bits.length).toBe(packedLength(v.length));
        expect(unpackBits(bits, v.length)).toEqual(v);
        expect(countBits(bits)).toBe(v.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it('puts voxel i at bit i & 7 of byte i >> 3, spare bits 0', () => {
    // numpy.packbits([1,0,0,0,0,0,0,1, 0,1,1], bitorder='little') = [129, 6]
    expect(packBits([1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1])).toEqual(Uint8Array.of(129, 6));
  });

  it('counts any non-zero value as bone', () => {
    expect(packBits([255, -1, 0.25, 0])).toEqual(Uint8Array.of(7));
  });

  it('unpacks into a tensor at an offset and touches nothing else', () => {
    const out = new Float32Array(6).fill(9);
    unpackInto(Uint8Array.of(0b101), 3, out, 2, -1, 1);
    expect([...out]).toEqual([9, 9, 1, -1, 1, 9]);
  });

  it('refuses bits of another length', () => {
    expect(() => unpackBits(new Uint8Array(2), 17)).toThrow(DatasetError);
    expect(() => unpackBits(new Uint8Array(4), 17)).toThrow(/3 bytes for 17 voxels/);
  });
});
