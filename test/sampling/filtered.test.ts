/** Filtered generation, against distances computed by hand. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataHash } from '../../src/dataset/dataHash.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { shareOf } from '../../src/dataset/share.ts';
import { CandidateFilter, checkFilter } from '../../src/sampling/filtered.ts';
import { readProvenance } from '../../src/sampling/generateProvenance.ts';
import { generateSet } from '../../src/sampling/generateSet.ts';
import { Generator, type GeneratorWeights } from '../../src/sampling/generator.ts';
import type { SampleOptions } from '../../src/sampling/latentSampler.ts';
import { lively, type TinyGenerator, trainTinyGenerator } from './tinyGenerator.ts';

let tiny: TinyGenerator;
let source: GeneratorWeights;
let generator: Generator;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  source = lively(tiny);
  generator = await Generator.create(source, { threads: 1 });
}, 60_000);
afterAll(async () => {
  await generator?.release();
  tiny?.remove();
});

const options: SampleOptions = { seed: 3, index: 2, steps: 2, solver: 'euler', guidance: 1 };

const filterOf = (candidates: number) =>
  CandidateFilter.create(source, openDataset(tiny.path('data')), candidates, { threads: 1 });

test('more candidates never come nearer, and the first is the bone without a filter', async () => {
  const distances: number[] = [];
  let kept: Float32Array | undefined;
  for (const n of [2, 4, 8]) {
    const filter = await filterOf(n);
    const found = await filter.sample(generator, options);
    expect(await filter.sample(generator, options)).toEqual(found);
    distances.push(found.distance);
    kept = found.latent;
    await filter.release();
  }
  expect([...distances].sort((a, b) => a - b)).toEqual(distances);
  expect(distances[0]).toBeGreaterThan(0);
  expect(distances[2]).toBeGreaterThan(distances[0]);
  expect(kept).not.toEqual(await generator.sampleLatent({ ...options, index: 3 }));
});

test('a set says how many candidates it chose from and goes on only with the same', async () => {
  const dataset = openDataset(tiny.path('data'));
  const { index: _index, ...settings } = options;
  const common = {
    ...settings,
    generator: tiny.generator,
    out: tiny.path('filtered'),
    count: 1,
    formats: [],
  };
  const { bones } = await generateSet({ ...common, filter: { candidates: 3, dataset } });
  const record = readProvenance(tiny.path('filtered'))!;
  // Two steps of Euler for each candidate.
  expect(record).toMatchObject({ nfe: 6, filter: { candidates: 3, dataHash: source.meta.dataHash } });
  const filter = await CandidateFilter.create(tiny.generator, dataset, 3, { threads: 1 });
  const plain = await Generator.create(tiny.generator, { threads: 1 });
  const { distance } = await filter.sample(plain, { ...options, index: 0 });
  await filter.release();
  await plain.release();
  expect([bones[0].distance, record.bones[0].distance]).toEqual([distance, distance]);
  await expect(generateSet({ ...common, filter: { candidates: 4, dataset } })).rejects.toThrow(
    'candidates 3',
  );
  await expect(generateSet(common)).rejects.toThrow('candidates not given');
});

test('another dataset than that of the training, and silly numbers, are refused', async () => {
  const other = await makePhantomDataset({ out: tiny.path('other'), count: 4, grid: 16, seed: 77 });
  await expect(CandidateFilter.create(tiny.generator, other, 4)).rejects.toThrow(
    'is not the data that the generator was trained on',
  );
  await expect(filterOf(1)).rejects.toThrow('1 candidates');
  await expect(filterOf(65)).rejects.toThrow('from 2 to 64');
});

test('candidates differ in the noise of every step too, and a share of the data is known again', async () => {
  const meta = {
    ...source.meta,
    objective: 'consistency' as const,
    distilled: { source: 'x', guidance: 1 },
  };
  const sampler = await Generator.create({ ...source, meta }, { threads: 1 });
  const settings: SampleOptions = { ...options, solver: 'consistency', steps: 2 };
  const [a, b] = [
    await sampler.sampleLatent(settings),
    await sampler.sampleLatent({ ...settings, candidate: 1 }),
  ];
  expect(b).not.toEqual(a);
  await sampler.release();
  const dataset = openDataset(tiny.path('data'));
  const share = { share: 0.5, seed: 1 };
  const shared = { ...source, meta: { ...source.meta, share, dataHash: dataHash(shareOf(dataset, share)) } };
  expect(() => checkFilter(shared, dataset, 2)).not.toThrow();
  const other = { ...shared, meta: { ...shared.meta, dataHash: '0'.repeat(64) } };
  expect(() => checkFilter(other, dataset, 2)).toThrow('is not the data');
});
