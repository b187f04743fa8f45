/** Trainings of the generator in all their forms, tiny: what is learnt, what is kept, what is stored, and resuming. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generatorSchema } from '../../src/config/schemas.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { shareOf } from '../../src/dataset/share.ts';
import { ConfigError, UsageError } from '../../src/errors.ts';
import { Generator } from '../../src/sampling/generator.ts';
import type { SampleSettings } from '../../src/sampling/latentSampler.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { sampleDefaults } from '../../src/sampling/solverNames.ts';
import { type GeneratorResult, trainGenerator } from '../../src/training/generator.ts';
import { type TinyGenerator, trainTinyGenerator } from '../sampling/tinyGenerator.ts';

let tiny: TinyGenerator;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
}, 60_000);
afterAll(() => tiny?.remove());

const base = {
  steps: 6,
  batch: 2,
  evaluateEvery: 2,
  checkpointEvery: 3,
  learningRate: 1e-2,
  warmup: 0,
  ema: 0,
  model: { width: 8, multipliers: [1, 2], blocks: 1, attention: [1], groups: 4, headChannels: 8 },
};

/** What each training told at its end. */
const result: Record<string, GeneratorResult> = {};

async function train(name: string, values: object, more: { resume?: boolean; out?: string } = {}) {
  const out = tiny.path(more.out ?? name);
  result[name] = await trainGenerator({
    dataset: openDataset(tiny.path('data')),
    autoencoder: tiny.path('ae'),
    config: generatorSchema.parse({ ...base, ...values }),
    out,
    resume: more.resume,
    quiet: true,
    threads: 1,
  });
  return readGenerator(out);
}

const metricsOf = (name: string): Record<string, number>[] =>
  readFileSync(tiny.path(name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test.each(['epsilon', 'v'])(
  'ddpm (%s) trains, says what it is, and samples with its own solvers only',
  async (prediction) => {
    const weights = await train(`ddpm-${prediction}`, {
      objective: 'ddpm',
      diffusion: { steps: 25, prediction },
    });
    const { objective, diffusion } = weights.meta;
    expect(objective).toBe('ddpm');
    expect(diffusion).toMatchObject({ steps: 25, schedule: 'cosine', prediction });
    expect(diffusion!.reach).toBeGreaterThan(1);
    const generator = await Generator.create(weights, { threads: 1 });
    const settings: SampleSettings = { ...sampleDefaults(weights.meta), steps: 5, guidance: 1 };
    const [a, b] = [
      await generator.sampleLatent({ ...settings, seed: 1, index: 0 }),
      await generator.sampleLatent({ ...settings, solver: 'ancestral', seed: 1, index: 0 }),
    ];
    expect(a.every((v) => Math.abs(v) <= diffusion!.reach * 1.0001)).toBe(true);
    expect(b).not.toEqual(a);
    await expect(generator.sample({ ...settings, solver: 'heun', seed: 1, index: 0 })).rejects.toThrow(
      /solver heun for a generator that learnt ddpm.*ddim, ancestral/s,
    );
    await expect(generator.sample({ ...settings, steps: 26, seed: 1, index: 0 })).rejects.toThrow(UsageError);
    await expect(generator.sample({ ...settings, eta: 2, seed: 1, index: 0 })).rejects.toThrow('eta 2');
    await generator.release();
  },
);

test('latents.centre=shape: the mean latent is stored, and a latent of zeros decodes to it', async () => {
  const weights = await train('centred', { latents: { centre: 'shape' } });
  const { meanLatent, meta } = weights;
  expect(meanLatent).toHaveLength(meta.latentShape.reduce((a, b) => a * b));
  expect(meta.latentMean.every((v) => v === 0)).toBe(true);
  const generator = await Generator.create(weights, { threads: 1 });
  const [{ weights: _w, ...rest }] = [weights];
  const plain = await Generator.create(
    {
      ...rest,
      weights: weights.weights,
      meanLatent: undefined,
      meta: { ...meta, latentDeviation: meta.latentDeviation.map(() => 1) },
    },
    { threads: 1 },
  );
  const mean = await generator.decode(new Float32Array(meanLatent!.length));
  expect(mean.data).toEqual((await plain.decode(meanLatent!)).data);
  await generator.release();
  await plain.release();
});

test('keep.by=loss keeps the best weights, stops when patience ends, and resumes bit for bit', async () => {
  // A rate that spoils the network at once: the first measurement stays the best.
  const values = { keep: { by: 'loss', patience: 2 }, steps: 12, learningRate: 0.3 };
  const kept = await train('kept', values);
  const rows = metricsOf('kept').filter((row) => row.heldOutLoss !== undefined);
  const best = rows.reduce((a, b) => (b.heldOutLoss < a.heldOutLoss ? b : a));
  expect(kept.meta.step).toBe(best.step);
  expect(result.kept).toEqual({
    heldOutLoss: expect.closeTo(best.heldOutLoss, 4),
    steps: best.step + 4,
    kept: best.step,
  });
  expect(rows.at(-1)!.step).toBe(best.step + 4);
  await train('stopped', { ...values, steps: 3 });
  const resumed = await train('stopped', values, { resume: true });
  expect(metricsOf('stopped')).toHaveLength(metricsOf('kept').length);
  expect(resumed.meta.step).toBe(kept.meta.step);
});

test('what cannot be measured, or does not fit, is refused before any work', async () => {
  await expect(train('coupled', { coupling: 'minibatch-ot', objective: 'ddpm' })).rejects.toThrow(
    ConfigError,
  );
  await expect(train('recall', { keep: { by: 'recall' } })).rejects.toThrow(ConfigError);
});

test('a class beyond model.classes is refused: its label would be the null class', async () => {
  await expect(train('few', { model: { ...base.model, classes: 1 } })).rejects.toThrow('model.classes: 1');
});

test('a smaller share is part of a larger one and keeps every class', () => {
  const dataset = openDataset(tiny.path('data'));
  const ids = (share: number) => shareOf(dataset, { share, seed: 3 }).map((c) => c.id);
  const [all, half, little] = [ids(1), ids(0.5), ids(0.01)];
  expect(all).toEqual(dataset.split('train').map((c) => c.id));
  for (const id of little) expect(half).toContain(id);
  const classes = new Set(dataset.split('train').map((c) => c.quality));
  expect(little).toHaveLength(classes.size);
});
