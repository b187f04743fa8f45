import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUGMENT_DEFAULTS } from '../../src/dataset/augment.ts';
import { batchIndices, Loader } from '../../src/dataset/loader.ts';
import { writeDataset } from '../../src/dataset/writer.ts';
import { HEADER, newCase, randomMask, temporaryFolder } from './helpers.ts';

describe('batchIndices', () => {
  it('cuts one endless sequence into batches: steps do not depend on each other or on the batch size', () => {
    fc.assert(
      fc.property(
        fc.nat(99),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        (seed, batch, n) => {
          const ones = Array.from({ length: batch * 6 }, (_, p) => batchIndices(seed, p, 1, n)[0]);
          for (const step of [5, 0, 3]) {
            const expected = ones.slice(step * batch, (step + 1) * batch);
            expect([...batchIndices(seed, step, batch, n)]).toEqual(expected);
          }
        },
      ),
    );
  });

  it('visits every case once an epoch, each epoch in another order', () => {
    const epochs = [0, 1, 2].map((e) => [...batchIndices(1, e, 20, 20)]);
    for (const order of epochs) expect([...order].sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect([...batchIndices(2, 0, 20, 20)]).not.toEqual(epochs[0]);
  });
});

describe('Loader', () => {
  const load = () => {
    const rows = [0, 1, 2, 3, 4].map((i) => ({ meta: newCase(i), mask: randomMask(i) }));
    return new Loader(writeDataset(temporaryFolder(), HEADER, rows));
  };

  it('writes bone as 1 and background as -1, x fastest', () => {
    const loader = load();
    const out = loader.fillBatch([3, 1], new Float32Array(2 * loader.voxels));
    const expected = [3, 1].flatMap((i) => Array.from(randomMask(i).data, (v) => (v ? 1 : -1)));
    expect([...out]).toEqual(expected);
    expect([...loader.qualities([3, 1])]).toEqual([5, 3]);
  });

  it('augments the same way for the same step, another way for the next, and only with 1 and -1', () => {
    const loader = load();
    const at = (step: number) =>
      loader.fillBatch([2, 2], new Float32Array(2 * loader.voxels), {
        seed: 9,
        step,
        options: AUGMENT_DEFAULTS,
      });
    expect(at(4)).toEqual(at(4));
    expect(at(4)).not.toEqual(at(5));
    expect(at(4).subarray(0, loader.voxels)).not.toEqual(at(4).subarray(loader.voxels));
    expect(new Set(at(4))).toEqual(new Set([1, -1]));
  });

  it('refuses a tensor of another length and a case that does not exist', () => {
    const loader = load();
    expect(() => loader.fillBatch([0], new Float32Array(3))).toThrow(RangeError);
    expect(() => loader.fillBatch([5], new Float32Array(loader.voxels))).toThrow(/no case 5 of 5/);
  });
});
