import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { gaussianBlur, gaussianKernel, smoothMask } from '../../src/mesh/smoothMask.ts';
import { cube, maskWith } from './shapes.ts';

describe('gaussianBlur', () => {
  it('spreads an impulse as the product of three kernels', () => {
    const kernel = gaussianKernel(0.8);
    const { data } = gaussianBlur(maskWith(cube(9), [[4, 4, 4]]), 0.8);
    const at = (i: number, j: number, k: number) => data[i + 9 * (j + 9 * k)];
    for (const [i, j, k] of [
      [0, 0, 0],
      [1, 0, 0],
      [0, 2, 1],
      [3, -3, -2],
    ])
      expect(at(4 + i, 4 + j, 4 + k)).toBeCloseTo(kernel[3 + i] * kernel[3 + j] * kernel[3 + k], 7);
    expect(data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  });

  it('leaves a constant as it is, to the border, and sigma 0 changes nothing', () => {
    const ones = { ...cube(6), data: new Uint8Array(216).fill(1) };
    for (const v of gaussianBlur(ones, 1.3).data) expect(v).toBeCloseTo(1, 6);
    const dot = maskWith(cube(6), [[1, 2, 3]]);
    expect([...gaussianBlur(dot, 0).data]).toEqual([...dot.data]);
  });
});

describe('smoothMask', () => {
  it('parts exactly the voxels that the mask parts, whatever the mask', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 216, maxLength: 216, max: 1 }),
        fc.double({ min: 0.3, max: 2, noNaN: true }),
        (data, sigma) => {
          const field = smoothMask({ ...cube(6), data: Uint8Array.from(data) }, { sigma });
          return field.data.every((v, p) => (data[p] ? v >= 0.53 : v <= 0.47));
        },
      ),
      { numRuns: 60, seed: 3 },
    );
  });

  it('refuses a mask that does not fill its grid', () => {
    expect(() => smoothMask({ ...cube(4), data: new Uint8Array(63) })).toThrow(VolumeError);
  });
});
