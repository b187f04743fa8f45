/** The door: a generator that memorised is found out, one that never saw the cases is not, and unfit data is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../../../src/config/schemas.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import { Loader } from '../../../src/dataset/loader.ts';
import { makePhantomDataset } from '../../../src/dataset/phantoms.ts';
import { DatasetError, GridError, UsageError } from '../../../src/errors.ts';
import { judge } from '../../../src/privacy/membership/judge.ts';
import {
  type MembershipOptions,
  membershipInference,
} from '../../../src/privacy/membership/membershipInference.ts';
import { rolesOf } from '../../../src/privacy/membership/roles.ts';
import { velocityErrors } from '../../../src/privacy/membership/velocityErrors.ts';
import { readGenerator } from '../../../src/sampling/readGenerator.ts';
import { trainAutoencoder } from '../../../src/training/autoencoder.ts';
import { trainGenerator } from '../../../src/training/generator.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-membership-'));
const path = (name: string) => join(root, name);
let dataset: Dataset;

const generator = (out: string, set: readonly string[]) =>
  trainGenerator({
    dataset,
    quiet: true,
    threads: 1,
    out: path(out),
    autoencoder: path('ae'),
    config: loadConfig(generatorSchema, {
      preset: { name: 'tiny', values: GENERATOR_PRESETS.tiny },
      set: [
        'batch=6',
        'copies=0',
        'learningRate=0.006',
        'ema=0',
        'warmup=10',
        'model.width=16',
        'model.multipliers=[1]',
        'model.attention=[]',
        'model.groups=4',
        'model.headChannels=8',
        'classDropout=0',
        'evaluateEvery=10000',
        'checkpointEvery=10000',
        ...set,
      ],
    }),
  });

beforeAll(async () => {
  dataset = await makePhantomDataset({ out: path('data'), count: 40, grid: 16, seed: 5 });
  await trainAutoencoder({
    dataset,
    quiet: true,
    threads: 1,
    out: path('ae'),
    config: loadConfig(autoencoderSchema, {
      preset: { name: 'tiny', values: AUTOENCODER_PRESETS.tiny },
      set: [
        'steps=40',
        'batch=2',
        'model.widths=[8,8]',
        'model.encoderBlocks=[1]',
        'model.decoderBlocks=[0,1]',
        'model.groups=4',
        'model.codes=256',
        'learningRate=0.01',
      ],
    }),
  });
  // Six cases again and again, as they are.
  await generator('memorised', ['steps=320', 'share=0.15', 'seed=1']);
  await generator('other', ['steps=3', 'share=0.3', 'seed=2']);
}, 300_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const attack = (options: Partial<MembershipOptions> = {}) =>
  membershipInference({ attack: 'velocity', run: path('memorised'), dataset, threads: 1, ...options });

test('a generator that memorised its cases gives nearly every one away', async () => {
  const progress: [number, number][] = [];
  const found = await attack({
    nonMembers: 'unused',
    onProgress: (done, total) => void progress.push([done, total]),
  });
  const trained = rolesOf(readGenerator(path('memorised')).meta, dataset, 'unused');
  expect(found).toMatchObject({
    attack: 'velocity',
    members: trained.members.length,
    nonMembers: 32 - trained.members.length,
    evidence: 'enough',
  });
  expect(found.members).toBeLessThan(8);
  expect(found.auc.value).toBeGreaterThan(0.9);
  expect(found.pValue).toBeLessThan(1e-3);
  expect(found.words).toMatch(/otfm.*8 times.*2 noises.*told the class/);
  expect(found.blind!.pValue).toBeGreaterThan(0.01);
  expect(found.parts).toHaveLength(8);
  expect(progress).toHaveLength(32);
  expect(progress.at(-1)).toEqual([32, 32]);
});

test('cases that it never saw look alike to it: an AUC whose interval holds 0.5', async () => {
  const source = readGenerator(path('memorised'));
  const { nonMembers } = rolesOf(source.meta, dataset, 'unused');
  const table = await velocityErrors(source, new Loader(dataset, nonMembers), {}, { threads: 1 });
  const found = judge({ attack: 'velocity', words: '', table, members: Math.floor(nonMembers.length / 2) });
  expect(found.auc.low).toBeLessThan(0.5);
  expect(found.auc.high).toBeGreaterThan(0.5);
  expect(found.evidence).toBe('not enough');
});

test('a reference that saw some of the cases is refused, or they are left out', async () => {
  const references = [{ run: path('other'), dataset }];
  const settings: Partial<MembershipOptions> = { attack: 'reference', references, nonMembers: 'unused' };
  await expect(attack(settings)).rejects.toThrow(
    /was trained on \d+ of the 6 members and \d+ of the 26 non-members/,
  );
  const saw = rolesOf(readGenerator(path('other')).meta, dataset).members.length;
  const { members, nonMembers, notes, words } = await attack({ ...settings, shared: 'leave out' });
  expect(members + nonMembers).toBe(32 - saw);
  expect(notes.join()).toMatch(/that a reference saw are left out/);
  expect(words).toContain('less what 1 reference model foretell');
});

test('without a reference, what the bones themselves foretell is taken off', async () => {
  const found = await attack({ attack: 'reference', times: [0.7], noises: 1 });
  expect(found).toMatchObject({ attack: 'reference', nonMembers: 8 });
  expect(found.words).toContain('plain descriptors');
});

test('the autoencoder of a generator, or an autoencoder: all training cases are its members', async () => {
  for (const run of [path('memorised'), path('ae')]) {
    const found = await attack({ attack: 'autoencoder', run });
    expect(found).toMatchObject({ attack: 'autoencoder', members: 32, nonMembers: 8 });
    expect(found.parts.map((p) => p.name)).toEqual(['1 - Dice', 'cross-entropy']);
  }
});

test('a limit draws some, the same every time', async () => {
  const settings: Partial<MembershipOptions> = { nonMembers: 'unused', limit: 4, times: [0.7], noises: 1 };
  const found = await attack(settings);
  expect(found).toMatchObject({ members: 4, nonMembers: 4 });
  expect(await attack(settings)).toEqual(found);
});

test('data, runs and settings that do not fit are refused', async () => {
  const other = await makePhantomDataset({ out: path('data2'), count: 12, grid: 16, seed: 6 });
  await expect(attack({ dataset: other })).rejects.toThrow(
    /is not the data that the generator was trained on/,
  );
  const large = await makePhantomDataset({ out: path('data3'), count: 3, grid: 20, seed: 6 });
  await expect(attack({ dataset: large })).rejects.toThrow(GridError);
  await expect(attack({ run: path('ae') })).rejects.toThrow(/kind is "autoencoder"/);
  await expect(attack({ attack: 'autoencoder', nonMembers: 'unused' })).rejects.toThrow(DatasetError);
  await expect(attack({ references: [{ run: path('other'), dataset }] })).rejects.toThrow(UsageError);
  await expect(attack({ limit: 1 })).rejects.toThrow(UsageError);
  await expect(attack({ times: [2] })).rejects.toThrow(UsageError);
});
