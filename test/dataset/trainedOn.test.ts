/** Other data than those of the training are refused in words that name both. */
import { describe, expect, test } from 'vitest';
import { dataHash } from '../../src/dataset/dataHash.ts';
import type { Dataset } from '../../src/dataset/dataset.ts';
import type { DatasetCase } from '../../src/dataset/manifest.ts';
import { shareOf } from '../../src/dataset/share.ts';
import { type Learnt, requireNoCopies, requireTrainedGrid, trainedOn } from '../../src/dataset/trainedOn.ts';
import { DatasetError, GridError } from '../../src/errors.ts';
import { centredGrid } from '../../src/volume/volume.ts';

const caseOf = (i: number) =>
  ({ id: `c${i}`, sha256: `${i}`, quality: 2, split: i % 4 ? 'train' : 'test' }) as DatasetCase;
const cases = Array.from({ length: 24 }, (_, i) => caseOf(i));
const dataset = {
  dir: '/resolved/data',
  manifest: { name: 'here' },
  grid: centredGrid([8, 8, 8], [2, 2, 2]),
  split: (side: string) => cases.filter((c) => c.split === side),
} as unknown as Dataset;
const train = dataset.split('train');
const meta: Learnt = {
  kind: 'generator',
  size: [8, 8, 8],
  spacing: 2,
  dataset: 'there',
  dataHash: dataHash(train),
};

describe('trainedOn', () => {
  test('gives all training cases, or the share that was learnt from', () => {
    expect(trainedOn(meta, dataset)).toEqual(train);
    const share = { share: 0.5, seed: 3 };
    const half = shareOf(dataset, share);
    expect(half.length).toBe(9);
    expect(trainedOn({ ...meta, share, dataHash: dataHash(half) }, dataset)).toEqual(half);
    expect(() => trainedOn({ ...meta, share }, dataset)).toThrow(/\(a share of 0.5\) of "here"/);
  });

  test('names the folder as it was given, both datasets and both checksums', () => {
    const other = { ...meta, dataHash: '0123456789abcdef'.repeat(4) };
    expect(() => trainedOn(other, dataset, '../data')).toThrow(
      `../data is not the data that the generator was trained on: the training cases of "here" have SHA-256 ${meta.dataHash.slice(0, 12)}...\n  expected: the training cases of "there", SHA-256 0123456789ab...`,
    );
    expect(() => trainedOn(other, dataset)).toThrow(/^\/resolved\/data is not/);
  });

  test('weights that withhold their data say so, and are no reason to doubt the folder', () => {
    expect(() => trainedOn({ ...meta, dataHash: 'withheld' }, dataset)).toThrow(/the training was private/);
  });
});

test('another grid is refused, by size and by spacing', () => {
  expect(() => requireTrainedGrid(meta, dataset)).not.toThrow();
  expect(() => requireTrainedGrid({ ...meta, spacing: 1 }, dataset)).toThrow(GridError);
  expect(() => requireTrainedGrid({ ...meta, size: [8, 8, 4] }, dataset)).toThrow(
    '8x8x8 voxels of 2 mm, the generator 8x8x4 of 2 mm',
  );
});

test('held-out copies of training cases are counted and named', () => {
  const heldOut = dataset.split('test');
  expect(() => requireNoCopies(train, heldOut, 'data')).not.toThrow();
  const one = [{ ...heldOut[0], sha256: '5' }, ...heldOut.slice(1)];
  expect(() => requireNoCopies(train, one, 'data')).toThrow(DatasetError);
  expect(() => requireNoCopies(train, one, 'data')).toThrow(
    '1 held-out case is equal to a training case, voxel for voxel (data): held-out case c0 is training case c5',
  );
  const all = heldOut.map((c) => ({ ...c, sha256: '5' }));
  expect(() => requireNoCopies(train, all, 'data')).toThrow(/6 held-out cases are equal.*, \.\./);
});
