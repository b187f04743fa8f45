/** Generated sets: bone 17 is bone 17, folders are taken up and never mixed, empty bones are told of. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import {
  DatasetError,
  InterruptedError,
  NumericsError,
  RunFolderError,
  UsageError,
} from '../../src/errors.ts';
import { acquireLock } from '../../src/files/lock.ts';
import { Decoder } from '../../src/sampling/autoencoder.ts';
import { boneId, boneSlug } from '../../src/sampling/boneId.ts';
import { effective, readProvenance } from '../../src/sampling/generateProvenance.ts';
import { EmptySetError, type GenerateSetOptions, generateSet } from '../../src/sampling/generateSet.ts';
import { Generator, type GeneratorWeights } from '../../src/sampling/generator.ts';
import { labelComponents } from '../../src/volume/components.ts';
import { readVolume } from '../../src/volume/io/index.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { lively, type TinyGenerator, trainTinyGenerator } from './tinyGenerator.ts';

let tiny: TinyGenerator;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
}, 60_000);
afterAll(() => tiny?.remove());

/** Settings that take some milliseconds a bone. */
function settings(out: string, changes: Partial<GenerateSetOptions> = {}): GenerateSetOptions {
  return {
    generator: tiny.generator,
    out: tiny.path(out),
    count: 1,
    seed: 7,
    steps: 2,
    solver: 'heun',
    guidance: 1.5,
    formats: ['nrrd'],
    threads: 1,
    ...changes,
  };
}

const bytesOf = (out: string, name: string) => readFileSync(tiny.path(out, name));
const BONE_17 = ['skull-s7-00017.nrrd', 'skull-s7-00017.stl', 'volumes/skull-s7-00017.bits.gz'];
const formats = ['nrrd', 'stl'];

describe('bone 17', () => {
  test('is the same, byte for byte, alone, within a larger set, and added to a folder afterwards', async () => {
    await generateSet(settings('alone', { start: 17, formats }));
    await generateSet(settings('within', { start: 15, count: 4, formats }));
    await generateSet(settings('after', { start: 20, count: 2, formats }));
    await generateSet(settings('after', { start: 16, count: 3, formats }));
    for (const name of BONE_17) {
      expect(bytesOf('within', name).equals(bytesOf('alone', name)), name).toBe(true);
      expect(bytesOf('after', name).equals(bytesOf('alone', name)), name).toBe(true);
    }
    expect(bytesOf('within', 'skull-s7-00016.nrrd').equals(bytesOf('alone', BONE_17[0]))).toBe(false);
  });

  test('is another with every other setting', async () => {
    const generator = lively(tiny);
    const file = async (out: string, changes: Partial<GenerateSetOptions> = {}) => {
      const { files } = await generateSet(settings(out, { generator, start: 17, ...changes }));
      return readFileSync(files[0]);
    };
    const first = await file('lively');
    const others: Partial<GenerateSetOptions>[] = [
      { seed: 8 },
      { guidance: 6 },
      { solver: 'euler' },
      { steps: 1 },
    ];
    for (const changes of others) {
      const [name] = Object.keys(changes);
      expect((await file(`lively-${name}`, changes)).equals(first), name).toBe(false);
    }
    expect((await file('lively-again')).equals(first)).toBe(true);
  });

  test('is a uint8 volume on the grid of the generator, equal to the packed one', async () => {
    const volume = await readVolume(tiny.path('alone', BONE_17[0]));
    expect(volume.data).toBeInstanceOf(Uint8Array);
    expect([volume.size, volume.spacing, volume.origin]).toEqual([
      [16, 16, 16],
      [15, 15, 15],
      [-112.5, -112.5, -112.5],
    ]);
    const dataset = openDataset(tiny.path('alone'));
    expect(dataset.manifest).toMatchObject({ bone: 'skull', phantom: true, size: [16, 16, 16], spacing: 15 });
    expect(Buffer.from(dataset.loadMask(dataset.cases[0]).data).equals(volume.data as Uint8Array)).toBe(true);
  });
});

test('provenance and card say how the set was made', () => {
  const provenance = readProvenance(tiny.path('within'))!;
  const { generator } = tiny;
  expect(provenance).toMatchObject({
    bone: 'skull',
    phantom: true,
    generator: { hash: generator.hash, dataHash: generator.meta.dataHash, objective: 'otfm', step: 4 },
    settings: { seed: 7, steps: 2, solver: 'heun', guidance: 1.5, quality: null, clean: false },
    nfe: 4,
    branches: 2,
    audit: null,
  });
  expect(provenance.bones.map((b) => b.index)).toEqual([15, 16, 17, 18]);
  for (const bone of provenance.bones) expect(generator.meta.qualities).toContain(bone.quality);
  expect(readProvenance(tiny.path('after'))!.bones.map((b) => b.index)).toEqual([16, 17, 18, 20, 21]);
  const card = readFileSync(tiny.path('after', 'README.md'), 'utf8');
  expect(card).toContain('16-18, 20-21');
  expect(card).toContain('**phantoms**');
  expect(card).toContain('Not a medical device');
  expect(card).not.toContain('Masks of real bone');
});

test('a class that is not asked for is drawn with the shares of the training set', async () => {
  const generator = await Generator.create(tiny.generator, { threads: 1 });
  const { qualities, qualityCounts } = generator.meta;
  const total = qualityCounts.reduce((a, b) => a + b, 0);
  const draws = 4000;
  const seen = new Map<number, number>();
  for (let index = 0; index < draws; index++) {
    const q = generator.qualityOf({ seed: 1, index });
    seen.set(q, (seen.get(q) ?? 0) + 1);
  }
  await generator.release();
  expect([...seen.keys()].sort()).toEqual(qualities);
  for (const [i, q] of qualities.entries()) {
    const share = qualityCounts[i] / total;
    const sigma = Math.sqrt((share * (1 - share)) / draws);
    expect(Math.abs(seen.get(q)! / draws - share)).toBeLessThan(4 * sigma + 1e-9);
  }
  expect(generator.qualityOf({ seed: 1, index: 0, quality: qualities[0] })).toBe(qualities[0]);
});

test('the cases of a set carry the quality asked for, and are all on one side of the split', async () => {
  const quality = tiny.generator.meta.qualities[0];
  const { dataset, bones } = await generateSet(settings('classed', { count: 3, quality }));
  expect(dataset.cases.map((c) => [c.quality, c.split])).toEqual(Array(3).fill([quality, 'train']));
  expect(bones.map((b) => b.quality)).toEqual([quality, quality, quality]);
});

describe('a folder is taken up', () => {
  test('finished bones are skipped, missing files are made from what is there', async () => {
    const first = await generateSet(settings('again', { count: 2 }));
    expect(first.made).toBe(2);
    const before = statSync(tiny.path('again', 'skull-s7-00000.nrrd')).mtimeMs;
    rmSync(tiny.path('again', 'skull-s7-00001.nrrd'));
    const seen: string[] = [];
    const onMask = (_: Mask, bone: { id: string }) => void seen.push(bone.id);
    const second = await generateSet(settings('again', { count: 3, formats: ['nrrd', 'ply'], onMask }));
    expect(second.made).toBe(1);
    expect(seen).toEqual(['skull-s7-00002']);
    expect(second.files.every((file) => existsSync(file))).toBe(true);
    expect(second.files).toHaveLength(6);
    expect(statSync(tiny.path('again', 'skull-s7-00000.nrrd')).mtimeMs).toBeGreaterThanOrEqual(before);
    expect(readdirSync(tiny.path('again', 'volumes'))).toHaveLength(3);
  });

  test('a damaged volume is made anew', async () => {
    const whole = bytesOf('again', 'volumes/skull-s7-00001.bits.gz');
    writeFileSync(tiny.path('again', 'volumes/skull-s7-00001.bits.gz'), 'damaged');
    expect((await generateSet(settings('again', { count: 3 }))).made).toBe(1);
    expect(bytesOf('again', 'volumes/skull-s7-00001.bits.gz').equals(whole)).toBe(true);
  });

  test('an interruption keeps finished bones, and the same call goes on', async () => {
    const controller = new AbortController();
    const onProgress = (done: number) => void (done === 2 && controller.abort());
    const stopped = generateSet(settings('stopped', { count: 4, onProgress, signal: controller.signal }));
    await expect(stopped).rejects.toThrow(InterruptedError);
    await expect(stopped).rejects.toThrow('2 of 4 bones are finished');
    expect(existsSync(tiny.path('stopped', 'generate.lock'))).toBe(false);
    expect(readProvenance(tiny.path('stopped'))!.bones.map((b) => b.index)).toEqual([0, 1]);
    const { made, dataset } = await generateSet(settings('stopped', { count: 4 }));
    expect([made, dataset.cases.length]).toEqual([2, 4]);
    for (const index of [0, 1, 2])
      expect(
        bytesOf('stopped', `${boneId('skull', 7, index)}.nrrd`).equals(
          bytesOf('again', `${boneId('skull', 7, index)}.nrrd`),
        ),
      ).toBe(true);
  });

  test.each([
    ['seed', { seed: 8 }, 'generated with seed 7'],
    ['steps', { steps: 3 }, 'steps 2'],
    ['solver', { solver: 'midpoint' as const }, 'solver heun'],
    ['guidance', { guidance: 2 }, 'guidance 1.5'],
    ['clean', { clean: true }, 'clean false'],
  ])('but not with another %s', async (_, changes, words) => {
    const refused = generateSet(settings('alone', { start: 17, ...changes }));
    await expect(refused).rejects.toThrow(DatasetError);
    await expect(refused).rejects.toThrow(words);
  });

  test('and not when it holds another dataset, a damaged record, or is in use', async () => {
    const other = settings('data');
    await expect(generateSet(other)).rejects.toThrow('was not generated');
    mkdirSync(tiny.path('garbled'));
    writeFileSync(tiny.path('garbled', 'provenance.json'), '{"format": "somebody else\'s"}');
    await expect(generateSet(settings('garbled'))).rejects.toThrow('cannot be used');
    const release = acquireLock(join(tiny.path('alone'), 'generate.lock'), () => undefined);
    await expect(generateSet(settings('alone', { start: 17 }))).rejects.toThrow(RunFolderError);
    release();
  });
});

test.each<[string, Partial<GenerateSetOptions>]>([
  ['count', { count: 0 }],
  ['start', { start: -1 }],
  ['seed', { seed: 0.5 }],
  ['steps', { steps: 0 }],
  ['guidance', { guidance: Number.NaN }],
  ['quality', { quality: 1 }],
  ['solver', { solver: 'rk5' as 'heun' }],
  ['format', { formats: ['nrrd', 'obj'] }],
  ['count without end', { count: 1e12 }],
  ['eta of another solver, even 0', { eta: 0 }],
  ['tolerance of another solver', { tolerance: 1e-3 }],
  ['guidance interval without guidance', { guidance: 1, guidanceInterval: [0.2, 0.8] }],
  ['empty guidance interval', { guidanceInterval: [0.5, 0.5] }],
])('an impossible %s is refused before anything is written', async (_, changes) => {
  await expect(generateSet(settings('untouched', changes))).rejects.toThrow(UsageError);
  expect(existsSync(tiny.path('untouched'))).toBe(false);
});

test('a refusal says what to choose instead', async () => {
  const told = (changes: Partial<GenerateSetOptions>) =>
    expect(generateSet(settings('untouched', changes))).rejects;
  await told({ solver: 'ddim' }).toThrow(
    /a solver among heun, .*\n.*choose the solver heun or another of these/,
  );
  await told({ eta: 0.5 }).toThrow(/leave eta out/);
  await told({ steps: 2000 }).toThrow(/from 1 to 1000\n.*give 16 steps/);
});

describe('the record of a set', () => {
  test('dopri5: its tolerance, no steps, and what it took; earlier records of the same are gone on with', async () => {
    const how = { solver: 'dopri5', steps: 16, formats: [] } as const;
    const [bone] = (await generateSet(settings('adaptive', how))).bones;
    const record = readProvenance(tiny.path('adaptive'))!;
    expect(record.settings).toEqual({
      seed: 7,
      solver: 'dopri5',
      guidance: 1.5,
      quality: null,
      clean: false,
      tolerance: 1e-4,
    });
    expect([record.nfe, record.bones[0].nfe]).toEqual([null, bone.nfe]);
    expect(bone.nfe).toBeGreaterThan(6);
    const { tolerance: _, ...before } = record.settings;
    const write = (more: object) =>
      writeFileSync(
        tiny.path('adaptive', 'provenance.json'),
        JSON.stringify({ ...record, settings: { ...before, ...more } }),
      );
    write({ steps: 16 });
    expect((await generateSet(settings('adaptive', how))).made).toBe(0);
    // Another first step made other bones, in their last bits.
    write({ steps: 8 });
    await expect(generateSet(settings('adaptive', how))).rejects.toThrow('steps 8');
  });

  test('defaults are written out, and records that leave them out mean the same', () => {
    const old = { seed: 1, steps: 4, quality: null, clean: false };
    expect(effective({ ...old, solver: 'ddim', guidance: 1.5 })).toMatchObject({ steps: 4, eta: 0 });
    expect(effective({ ...old, solver: 'heun', guidance: 1, guidanceInterval: [0, 0.5], eta: 0 })).toEqual({
      ...old,
      solver: 'heun',
      guidance: 1,
    });
  });
});

/** The generator with `shift` added to every logit of bone. */
function shifted(shift: number): GeneratorWeights {
  const { generator } = tiny;
  const weights = new Map(generator.autoencoder.weights);
  const name = 'decoder.out.bias';
  weights.set(
    name,
    weights.get(name)!.map((b) => b + shift),
  );
  return { ...generator, autoencoder: { ...generator.autoencoder, weights } };
}

/** The logits of bone `index`. */
async function logitsOf(index: number): Promise<Float32Array> {
  const { generator } = tiny;
  const sampler = await Generator.create(generator, { threads: 1 });
  const latent = await sampler.sampleLatent({ seed: 7, index, steps: 2, solver: 'heun', guidance: 1.5 });
  const { latentMean, latentDeviation } = generator.meta;
  const decoder = await Decoder.create(generator.autoencoder, latentMean, latentDeviation, { threads: 1 });
  const logits = await decoder.decode(latent);
  await sampler.release();
  await decoder.release();
  return logits;
}

describe('empty bones', () => {
  test('are recorded and warned about, and not made again', async () => {
    const logits = [await logitsOf(0), await logitsOf(1)].map((all) => all.reduce((a, b) => Math.max(a, b)));
    expect(logits[0]).not.toBe(logits[1]);
    const generator = shifted(-(logits[0] + logits[1]) / 2);
    const emptyIndex = logits[0] < logits[1] ? 0 : 1;
    const warnings: string[] = [];
    const changes = { generator, count: 2, onWarning: (text: string) => void warnings.push(text) };
    const set = await generateSet(settings('partly', changes));
    expect(set.bones.map((b) => b.empty)).toEqual([0, 1].map((i) => i === emptyIndex));
    expect(set.dataset.cases).toHaveLength(1);
    expect(set.files).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(boneId('skull', 7, emptyIndex));
    expect(readProvenance(tiny.path('partly'))!.bones.map((b) => b.empty)).toEqual(
      set.bones.map((b) => b.empty),
    );
    expect((await generateSet(settings('partly', changes))).made).toBe(0);
  });

  test('all of them are an error', async () => {
    await expect(generateSet(settings('none', { generator: shifted(-1e4), count: 2 }))).rejects.toThrow(
      EmptySetError,
    );
  });

  test('a bone that diverged is another error, which says where', async () => {
    const weights = new Map(tiny.generator.weights);
    for (const [name, w] of weights)
      weights.set(
        name,
        w.map(() => Number.NaN),
      );
    const ended = generateSet(settings('diverged', { generator: { ...tiny.generator, weights } }));
    await expect(ended).rejects.toThrow(NumericsError);
    await expect(ended).rejects.not.toBeInstanceOf(EmptySetError);
    await expect(ended).rejects.toThrow('left the finite numbers');
  });
});

test('clean keeps the two largest components and nothing else; without it all is kept', async () => {
  // A threshold high enough leaves scattered pieces: search for one that does.
  const logits = await logitsOf(0);
  const pieces = (level: number) =>
    labelComponents(
      logits.map((v) => (v > level ? 1 : 0)),
      [16, 16, 16],
    ).sizes.length;
  const level = logits
    .toSorted()
    .filter((_, i) => i % 50 === 25)
    .find((v) => pieces(v) > 3)!;
  const generator = shifted(-level);
  const masks = new Map<boolean, Mask>();
  for (const clean of [false, true])
    await generateSet(
      settings(`clean-${clean}`, { generator, clean, onMask: (mask) => void masks.set(clean, mask) }),
    );
  const [kept, cleaned] = [masks.get(false)!, masks.get(true)!];
  const { labels, sizes } = labelComponents(kept.data, kept.size);
  expect(sizes.length).toBeGreaterThan(2);
  expect([...cleaned.data]).toEqual(Array.from(labels, (l) => (l === 1 || l === 2 ? 1 : 0)));
});

test('names of bones are safe as file names', () => {
  expect(boneSlug('Mouse skull')).toBe('mouse-skull');
  expect(boneSlug('../Os frontale (links)!')).toBe('os-frontale-links');
  expect(boneSlug('骨')).toBe('bone');
  expect(boneId('skull', 7, 17)).toBe('skull-s7-00017');
});
