/** Against `labelComponents`, which labels every voxel and is tested on its own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { labelComponents } from '../../src/volume/components.ts';
import { forEachRun, labelRuns, overlapOfRuns, paintRuns } from '../../src/volume/runs.ts';
import type { Vec3 } from '../../src/volume/volume.ts';

test('runs give the labels and sizes that labelling every voxel gives, of bone and of background', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 7 }),
      ),
      fc.constantFrom(6 as const, 26 as const),
      fc.constantFrom(0 as const, 1 as const),
      fc.constantFrom(0.05, 0.2, 0.4, 0.7, 1),
      fc.integer({ min: 0, max: 1e6 }),
      (size, connectivity, of, share, seed) => {
        const stream = new RandomStream(seed, 'test/runs');
        const mask = new Uint8Array(size[0] * size[1] * size[2]).map(() =>
          stream.uniform() < share ? 1 : 0,
        );
        const wanted = of === 1 ? mask : mask.map((v) => 1 - v);
        const { labels, sizes } = labelComponents(wanted, size, connectivity);
        const runs = labelRuns(mask, size, connectivity, of);
        expect(Array.from(runs.sizes)).toEqual(sizes);
        const painted = new Int32Array(mask.length);
        forEachRun(runs, (at, length, label) => painted.fill(label + 1, at, at + length));
        expect(painted).toEqual(labels);
      },
    ),
    { numRuns: 150, seed: 11 },
  );
});

test('painting and overlap follow the labels', () => {
  const size: Vec3 = [7, 1, 1];
  const runs = labelRuns(Uint8Array.of(1, 1, 0, 1, 0, 1, 1), size);
  expect(Array.from(runs.sizes)).toEqual([2, 2, 1]);
  expect(Array.from(paintRuns(runs, [0, 1, 1]))).toEqual([0, 0, 0, 1, 0, 1, 1]);
  expect(Array.from(overlapOfRuns(runs, Uint8Array.of(1, 0, 1, 0, 1, 1, 1)))).toEqual([1, 2, 0]);
});
