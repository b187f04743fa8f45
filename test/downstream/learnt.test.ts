import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataHash } from '../../src/dataset/dataHash.ts';
import { type Dataset, openDataset } from '../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { learntElsewhere, learntSets, requireUnseen } from '../../src/downstream/learnt.ts';
import type { AlignerMeta } from '../../src/models/metadata.ts';
import { generateSet } from '../../src/sampling/generateSet.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { sampleDefaults } from '../../src/sampling/solverNames.ts';
import { type CaseSet, learntFromAll } from '../../src/training/opening.ts';
import { type TinyGenerator, trainTinyGenerator } from '../sampling/tinyGenerator.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-learnt-'));
let tiny: TinyGenerator;
let generated: Dataset;
let other: Dataset;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  const generator = readGenerator(tiny.path('gen'));
  const settings = { ...sampleDefaults(generator.meta), count: 3, seed: 0, formats: [] };
  ({ dataset: generated } = await generateSet({ ...settings, generator, out: join(root, 'made') }));
  other = await makePhantomDataset({ out: join(root, 'other'), count: 4, grid: 16, seed: 9 });
}, 120_000);
afterAll(() => {
  tiny.remove();
  rmSync(root, { recursive: true, force: true });
});

/** What a network's weights would say of these sets. */
const learnt = (...sets: CaseSet[]) => learntSets(learntFromAll(sets) as AlignerMeta);

test('a set that a generator of the training cases made is not elsewhere; another set is', () => {
  const own = openDataset(tiny.path('data'));
  const train = { dataset: own, cases: own.split('train') };
  expect(learntElsewhere(own, learnt(train))).toBe(false);
  expect(learntElsewhere(own, learnt(train, { dataset: generated }))).toBe(false);
  expect(learntElsewhere(own, learnt({ dataset: own, cases: [] }, { dataset: generated }))).toBe(false);
  expect(learntElsewhere(own, learnt(train, { dataset: other }))).toBe(true);
  expect(learntElsewhere(own, learnt({ dataset: own, cases: own.cases }))).toBe(true);
  expect(learntElsewhere(other, learnt(train, { dataset: generated }))).toBe(true);
  expect(() => requireUnseen('it', own, learnt(train, { dataset: other }))).not.toThrow();
  const held = own.split('test').length;
  expect(() => requireUnseen('it', own, learnt({ dataset: own }))).toThrow(
    new RegExp(`it learnt from ${held} of the held-out cases`),
  );
});

test('of weights from before, the hash of all their cases', () => {
  const own = openDataset(tiny.path('data'));
  const old = { dataHash: dataHash(own.split('train')), phantom: true };
  expect(learntSets(old as AlignerMeta)).toEqual([{ hash: old.dataHash, phantom: true }]);
});
