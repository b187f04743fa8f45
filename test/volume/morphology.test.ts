/** Every operation against its definition, voxel by voxel; closed forms for a ball and for walls at the border. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { close, dilate, erode, open } from '../../src/volume/morphology.ts';
import type { Vec3 } from '../../src/volume/volume.ts';

/** The definition: any (dilation) or every (erosion) voxel within `radius`; outside the grid there is nothing to see. */
function brute(mask: Uint8Array, size: Vec3, spacing: Vec3, radius: number, grow: boolean): Uint8Array {
  const [nx, ny, nz] = size;
  return mask.map((_, p) => {
    const [i, j, k] = [p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))];
    let any = 0;
    let every = 1;
    for (let c = 0; c < nz; c++)
      for (let b = 0; b < ny; b++)
        for (let a = 0; a < nx; a++) {
          const d = Math.hypot((a - i) * spacing[0], (b - j) * spacing[1], (c - k) * spacing[2]);
          if (d > radius * (1 + 1e-9)) continue;
          const v = mask[a + nx * (b + ny * c)];
          any |= v;
          every &= v;
        }
    return grow ? any : every;
  });
}

test('dilation and erosion are what their definition says, at any spacing', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
      ),
      fc.tuple(fc.constantFrom(0.5, 1, 1.3), fc.constantFrom(0.7, 1), fc.constantFrom(1, 2.5)),
      fc.constantFrom(0, 0.5, 1, 2.6, 4),
      fc.integer({ min: 0, max: 1e6 }),
      (size, spacing, radius, seed) => {
        const stream = new RandomStream(seed, 'test/morphology');
        const share = stream.uniform();
        const mask = new Uint8Array(size[0] * size[1] * size[2]).map(() =>
          stream.uniform() < share ? 1 : 0,
        );
        expect(dilate(mask, size, spacing, radius)).toEqual(brute(mask, size, spacing, radius, true));
        expect(erode(mask, size, spacing, radius)).toEqual(brute(mask, size, spacing, radius, false));
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

const SIZE: Vec3 = [40, 24, 20];
const ONE: Vec3 = [1, 1, 1];
const shape = (inside: (x: number, y: number, z: number) => boolean): Uint8Array =>
  new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]).map((_, p) =>
    inside(p % 40, Math.floor(p / 40) % 24, Math.floor(p / 960)) ? 1 : 0,
  );

test('opening takes a rod off a block and leaves the block', () => {
  const block = shape((x, y, z) => x < 20 && y > 3 && y < 20 && z > 3 && z < 16);
  const withRod = shape(
    (x, y, z) => (x < 20 && y > 3 && y < 20 && z > 3 && z < 16) || (y === 10 && z === 10),
  );
  const opened = open(withRod, SIZE, ONE, 2);
  // The ball may lean out into the rod by the one voxel that a ball of 2 voxels ends in.
  expect(opened.some((v, p) => v > block[p] && p % 40 > 20)).toBe(false);
  // The block reaches the face x = 0 and is not eaten there; only its free edges are rounded.
  const lost = block.reduce((n, v, p) => n + (v & ~opened[p]), 0);
  expect(opened[10 * 40 + 10 * 960]).toBe(1);
  expect(lost).toBeLessThan(0.1 * block.reduce((n, v) => n + v, 0));
});

test('closing fills a gap of 3 voxels with a ball of 2 and leaves one of 7', () => {
  const walls = (gap: number) => shape((x) => x < 10 || x >= 10 + gap);
  expect(close(walls(3), SIZE, ONE, 2)).toEqual(shape(() => true));
  expect(close(walls(7), SIZE, ONE, 2)).toEqual(walls(7));
});
