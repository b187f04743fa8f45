import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { squaredDistanceTransform } from '../../src/volume/distanceTransform.ts';
import type { Vec3 } from '../../src/volume/volume.ts';
import { fixture } from '../evaluation/helpers.ts';

function bruteForce(seeds: ArrayLike<number>, [nx, ny, nz]: Vec3, [sx, sy, sz]: Vec3): number[] {
  const at = (v: number) => [(v % nx) * sx, (Math.floor(v / nx) % ny) * sy, Math.floor(v / (nx * ny)) * sz];
  return Array.from({ length: nx * ny * nz }, (_, v) => {
    let least = Number.POSITIVE_INFINITY;
    for (let q = 0; q < seeds.length; q++)
      if (seeds[q] !== 0)
        least = Math.min(
          least,
          at(v).reduce((s, c, a) => s + (c - at(q)[a]) ** 2, 0),
        );
    return least;
  });
}

test('scipy agrees on an anisotropic grid', () => {
  const { a, size, spacing, edtMm } = fixture('surface');
  const squared = squaredDistanceTransform(Uint8Array.from(a as string, Number), size, spacing);
  const worst = edtMm.reduce(
    (w: number, d: number, i: number) => Math.max(w, Math.abs(Math.sqrt(squared[i]) - d)),
    0,
  );
  expect(worst).toBeLessThan(2e-6);
});

test('equals the brute-force minimum for any seeds, sizes and spacings', () => {
  const side = fc.integer({ min: 1, max: 6 });
  const step = fc.constantFrom(0.3, 0.9, 1, 2.5);
  const problem = fc.tuple(side, side, side).chain((size) =>
    fc.tuple(
      fc.constant(size as Vec3),
      fc.tuple(step, step, step),
      fc.array(fc.constantFrom(0, 0, 0, 0, 1), {
        minLength: size[0] * size[1] * size[2],
        maxLength: size[0] * size[1] * size[2],
      }),
    ),
  );
  fc.assert(
    fc.property(problem, ([size, spacing, seeds]) => {
      const expected = bruteForce(seeds, size, spacing);
      const got = squaredDistanceTransform(Uint8Array.from(seeds), size, spacing);
      for (let i = 0; i < got.length; i++) {
        if (expected[i] === Number.POSITIVE_INFINITY) expect(got[i]).toBe(expected[i]);
        else expect(Math.abs(got[i] - expected[i])).toBeLessThanOrEqual(1e-6 * (1 + expected[i]));
      }
    }),
    { numRuns: 200 },
  );
});

test('one seed: the closed form of a sphere; none: infinity; a wrong size is refused', () => {
  const seeds = new Uint8Array(20 * 10 * 30);
  seeds[7 + 20 * (4 + 10 * 11)] = 1;
  const squared = squaredDistanceTransform(seeds, [20, 10, 30], [0.5, 2, 1]);
  expect(squared[19 + 20 * (0 + 10 * 29)]).toBe((12 * 0.5) ** 2 + (4 * 2) ** 2 + 18 ** 2);
  expect(
    squaredDistanceTransform(new Uint8Array(8), [2, 2, 2], [1, 1, 1]).every(
      (d) => d === Number.POSITIVE_INFINITY,
    ),
  ).toBe(true);
  expect(() => squaredDistanceTransform(new Uint8Array(8), [2, 2, 3], [1, 1, 1])).toThrow(ShapeError);
});
