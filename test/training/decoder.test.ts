/** Fine-tuning a decoder with noisy latents: on 16^3 phantoms, so that noise hurts less afterwards and nothing else changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  DECODER_PRESETS,
  decoderSchema,
} from '../../src/config/schemas.ts';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { ConfigError, DatasetError, GridError } from '../../src/errors.ts';
import { readMetrics } from '../../src/evaluation/report/metricsLog.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { readAutoencoder } from '../../src/sampling/readAutoencoder.ts';
import { trainAutoencoder } from '../../src/training/autoencoder.ts';
import {
  addNoise,
  codebookRange,
  diceName,
  HELD_OUT_LEVELS,
  trainDecoder,
} from '../../src/training/decoder.ts';

test('codebookRange is max - min of each channel', () => {
  expect([...codebookRange(Float32Array.of(1, -2, 4, 5, -1, 0), 2)]).toEqual([5, 7]);
  expect([...codebookRange(Float32Array.of(3, 3), 2)]).toEqual([0, 0]);
});

test('addNoise has the deviation level . range in each channel, and is the same noise at every level', () => {
  const cells = 20_000;
  const z = new Float32Array(2 * cells).fill(7);
  const range = Float32Array.of(1, 10);
  const noisy = (level: number) => {
    const out = new Float32Array(z.length);
    addNoise(z, range, level, new RandomStream(1, 'test/noise'), out);
    return out;
  };
  expect(noisy(0)).toEqual(z);
  const a = noisy(0.1);
  for (const [c, deviation] of [0.1, 1].entries()) {
    const part = a.subarray(c * cells, (c + 1) * cells);
    const mean = part.reduce((s, v) => s + v, 0) / cells;
    const variance = part.reduce((s, v) => s + (v - 7) ** 2, 0) / cells;
    // Five standard errors.
    expect(Math.abs(mean - 7)).toBeLessThan((5 * deviation) / Math.sqrt(cells));
    expect(Math.abs(Math.sqrt(variance) / deviation - 1)).toBeLessThan(5 / Math.sqrt(2 * cells));
  }
  const b = noisy(0.2);
  for (let i = 0; i < z.length; i += 997) expect(b[i] - 7).toBeCloseTo(2 * (a[i] - 7), 4);
});

describe('a decoder trained on', () => {
  const root = mkdtempSync(join(tmpdir(), 'cranioflow-decoder-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const common = { quiet: true, threads: 1 };
  const config = (...set: string[]) =>
    loadConfig(decoderSchema, {
      preset: { name: 'tiny', values: DECODER_PRESETS.tiny },
      set: ['steps=60', 'evaluateEvery=60', 'batch=2', 'warmup=5', ...set],
    });
  let dataset: Dataset;

  beforeAll(async () => {
    dataset = await makePhantomDataset({ out: join(root, 'data'), count: 20, grid: 16, seed: 2 });
    await trainAutoencoder({
      ...common,
      dataset,
      out: join(root, 'ae'),
      config: loadConfig(autoencoderSchema, {
        preset: { name: 'tiny', values: AUTOENCODER_PRESETS.tiny },
        set: [
          'steps=80',
          'batch=2',
          'warmup=5',
          'learningRate=0.005',
          'model.patch=1',
          'model.widths=[8,16]',
          'model.decoderBlocks=[0,0]',
          'model.codes=64',
          'model.groups=4',
          'model.head.kind=super',
        ],
      }),
    });
  }, 60_000);

  test('keeps encoder and codebook, and gives more of a bone back under noise', async () => {
    const [source, out] = [join(root, 'ae'), join(root, 'decoder')];
    const { before, after } = await trainDecoder({
      ...common,
      dataset,
      autoencoder: source,
      out,
      config: config(),
    });
    expect(Object.keys(before)).toEqual(HELD_OUT_LEVELS.map(diceName));
    expect(before.heldOutDice).toBeGreaterThan(before['heldOutDiceNoise0.4'] + 0.02);
    for (const level of [0.2, 0.4])
      expect(after[diceName(level)]).toBeGreaterThan(before[diceName(level)] + 0.01);

    const log = readMetrics(out);
    for (const level of HELD_OUT_LEVELS) {
      const { x, y } = log.column(diceName(level));
      expect(x).toEqual([0, 60]);
      expect(y[0]).toBeCloseTo(before[diceName(level)], 5);
      expect(y[1]).toBeCloseTo(after[diceName(level)], 5);
    }

    const [old, tuned] = [readAutoencoder(source), readAutoencoder(out)];
    expect(tuned.codebook).toEqual(old.codebook);
    const changed = [...old.weights].filter(
      ([name, data]) => !data.every((v, i) => v === tuned.weights.get(name)![i]),
    );
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.map(([name]) => name).filter((name) => !name.startsWith('decoder.'))).toEqual([]);
    const { fineTuned, ...rest } = tuned.meta;
    expect(rest).toEqual(old.meta);
    expect(fineTuned).toEqual({ steps: 60, noise: [0.05, 0.4], from: old.hash });
  });

  test('other data, another grid and noise that ends before it begins are refused', async () => {
    const autoencoder = join(root, 'ae');
    const out = join(root, 'refused');
    const other = await makePhantomDataset({ out: join(root, 'other'), count: 3, grid: 16, seed: 3 });
    const finer = await makePhantomDataset({ out: join(root, 'finer'), count: 3, grid: 20, seed: 2 });
    const refused = (set: Dataset) =>
      trainDecoder({ ...common, dataset: set, autoencoder, out, config: config() });
    await expect(refused(other)).rejects.toThrow(DatasetError);
    await expect(refused(finer)).rejects.toThrow(GridError);
    expect(() => config('noise.low=0.5')).toThrow(ConfigError);
    expect(() => config('noise.low=0.5')).toThrow(/low must not be above high/);
  });
});
