/** Who is a member, told from what a run says of itself; and what a reference saw. */
import { expect, test } from 'vitest';
import { dataHash } from '../../../src/dataset/dataHash.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import type { DatasetCase } from '../../../src/dataset/manifest.ts';
import { shareOf } from '../../../src/dataset/share.ts';
import { trainedOn } from '../../../src/dataset/trainedOn.ts';
import { DatasetError, GridError } from '../../../src/errors.ts';
import type { AutoencoderMeta, GeneratorMeta } from '../../../src/models/metadata.ts';
import { rolesOf, seenBy } from '../../../src/privacy/membership/roles.ts';
import { centredGrid } from '../../../src/volume/volume.ts';

/** `count` cases of which every fourth is held out; subjects of two cases each where asked. */
function datasetOf(
  name: string,
  count = 24,
  change: (c: DatasetCase, i: number) => object = () => ({}),
): Dataset {
  const cases = Array.from({ length: count }, (_, i) => {
    const c = {
      id: `${i}`,
      subject: `s${i}`,
      quality: 2 + (i % 2),
      sha256: `${name}${i}`,
      split: i % 4 ? 'train' : 'test',
    };
    return { ...c, ...change(c as DatasetCase, i) } as DatasetCase;
  });
  return {
    dir: `/${name}`,
    manifest: { name },
    grid: centredGrid([8, 8, 8], [2, 2, 2]),
    cases,
    split: (side: string) => cases.filter((c) => c.split === side),
  } as unknown as Dataset;
}

const network = { size: [8, 8, 8], spacing: 2, dataset: 'd' };
const autoencoderOf = (dataset: Dataset) =>
  ({ ...network, kind: 'autoencoder', dataHash: dataHash(dataset.split('train')) }) as AutoencoderMeta;
const generatorOf = (dataset: Dataset, share?: { share: number; seed: number }, autoencoderHash = 'ae') =>
  ({
    ...network,
    kind: 'generator',
    autoencoderHash,
    dataHash: dataHash(shareOf(dataset, share ?? { share: 1, seed: 0 })),
    ...(share && { share }),
  }) as GeneratorMeta;

const data = datasetOf('a');

test('all training cases, or the share that was drawn', () => {
  expect(trainedOn(generatorOf(data), data)).toEqual(data.split('train'));
  const share = { share: 0.5, seed: 3 };
  const half = trainedOn(generatorOf(data, share), data);
  expect(half).toEqual(shareOf(data, share));
  const { members, nonMembers } = rolesOf(generatorOf(data, share), data, 'unused');
  expect(members).toEqual(half);
  expect([...members, ...nonMembers].sort((a, b) => +a.id - +b.id)).toEqual(data.split('train'));
  expect(rolesOf(generatorOf(data, share), data).nonMembers).toEqual(data.split('test'));
});

test('other scans of a member are no unused cases', () => {
  const pairs = datasetOf('p', 24, (_, i) => ({ subject: `s${Math.floor(i / 4)}${i % 4 ? '' : 't'}` }));
  const { members, nonMembers } = rolesOf(generatorOf(pairs, { share: 0.2, seed: 1 }), pairs, 'unused');
  const people = new Set(members.map((c) => c.subject));
  expect(nonMembers.length).toBeGreaterThan(2);
  expect(nonMembers.some((c) => people.has(c.subject))).toBe(false);
});

test('a dataset that the run was not trained on is refused, by data and by grid', () => {
  expect(() => rolesOf(generatorOf(data), datasetOf('b'))).toThrow(
    /\/b is not the data that the generator was trained on: the training cases of "b".*expected.*"d", SHA-256 /s,
  );
  expect(() => rolesOf({ ...generatorOf(data), spacing: 1 }, data)).toThrow(GridError);
});

test('held-out copies of training cases are refused, and having none held out', () => {
  const copied = datasetOf('c', 24, (c, i) => (i === 4 ? { sha256: 'c1' } : c));
  expect(() => rolesOf(generatorOf(copied), copied)).toThrow(/1 held-out case is equal to a training case/);
  const none = datasetOf('n', 12, () => ({ split: 'train' }));
  expect(() => rolesOf(generatorOf(none), none)).toThrow(DatasetError);
  expect(() => rolesOf(autoencoderOf(data), data, 'unused')).toThrow(/0 unused training cases/);
});

test('a reference saw what it and its autoencoder were trained on, unless the autoencoder is shared', () => {
  const share = { share: 0.5, seed: 3 };
  const reference = { meta: generatorOf(data, share), autoencoder: { meta: autoencoderOf(data) } };
  const count = (autoencoderHash: string) => {
    const seen = seenBy(reference, data, { dataset: data, autoencoderHash });
    return data.cases.filter((c) => seen.has(c)).length;
  };
  expect(count('ae')).toBe(shareOf(data, share).length);
  expect(count('another')).toBe(data.split('train').length);
});

test('equal checksums count across datasets, equal names of subjects within one only', () => {
  const other = datasetOf('o', 24, (_, i) => (i === 1 ? { sha256: 'a5' } : {}));
  const seen = seenBy({ meta: autoencoderOf(other) }, other, { dataset: data });
  expect(data.cases.filter((c) => seen.has(c)).map((c) => c.id)).toEqual(['5']);
});
