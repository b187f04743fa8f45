import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { boneMask } from '../../src/skull/bone-mask.ts';
import { centredGrid, type Volume, type VoxelArray } from '../../src/volume/volume.ts';

/** A 4x4x4 volume of `low` with a 2x2x2 block of `high` in its middle. */
function volume(make: (v: number[]) => VoxelArray, low: number, high: number): Volume {
  const values = Array.from({ length: 64 }, (_, p) => {
    const at = [p & 3, (p >> 2) & 3, p >> 4];
    return at.every((x) => x === 1 || x === 2) ? high : low;
  });
  return { ...centredGrid([4, 4, 4], [1, 1, 1]), data: make(values) };
}
const bytes = (v: number[]) => Uint8Array.from(v);
const floats = (v: number[]) => Float32Array.from(v);
const shorts = (v: number[]) => Int16Array.from(v);
const count = (v: Volume) => v.data.filter((x: number) => x === 1).length;

describe('boneMask', () => {
  it.each([
    ['0 and 1', volume(bytes, 0, 1)],
    ['0 and 255', volume(bytes, 0, 255)],
    ['-1200 and -1199', volume(shorts, -1200, -1199)],
    ['0 and 1 as floats', volume(floats, 0, 1)],
  ])('takes the higher of two values: %s', (_, v) => {
    const mask = boneMask(v, 'a.nrrd');
    expect(count(mask)).toBe(8);
    expect(mask.data[1 + 4 * (1 + 4)]).toBe(1);
    expect(mask.data).toBeInstanceOf(Uint8Array);
  });

  it('asks for a threshold where there are more values, and uses it', () => {
    const v = volume(shorts, -1000, 700);
    v.data[0] = 40;
    expect(() => boneMask(v, 'ct.nrrd')).toThrow(/ct.nrrd holds more than two values[\s\S]*--threshold/);
    expect(count(boneMask(v, 'ct.nrrd', { threshold: 300 }))).toBe(8);
    // Otsu, by hand: 55 . 9 . (-1000 - 626.7)^2 > 56 . 8 . (-981.4 - 700)^2, so the 40 goes with the 700s.
    expect(count(boneMask(v, 'ct.nrrd', { threshold: 'otsu' }))).toBe(9);
    expect(count(boneMask(v, 'ct.nrrd', { label: 40 }))).toBe(1);
  });

  it.each([
    ['empty', volume(bytes, 0, 0), {}, /empty/],
    ['full', volume(bytes, 1, 1), {}, /full/],
    ['NaN', volume(floats, 0, NaN), {}, /8 voxels that are NaN/],
    ['infinite', volume(floats, 0, Infinity), {}, /NaN or infinite/],
    ['inverted', volume(bytes, 1, 0), {}, /exchanged/],
    ['below the threshold', volume(shorts, 0, 100), { threshold: 100 }, /empty/],
    ['above the threshold', volume(shorts, 0, 100), { threshold: -1 }, /full/],
    ['without the label', volume(bytes, 0, 1), { label: 7 }, /empty/],
  ])('refuses a volume that is %s', (_, v, options, message) => {
    expect(() => boneMask(v, 'x.nrrd', options)).toThrow(message);
    expect(() => boneMask(v, 'x.nrrd', options)).toThrow(VolumeError);
  });
});
