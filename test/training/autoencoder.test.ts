/** Autoencoders on a coarse grid that write the fine one: each head trains a little on 16^3 phantoms and comes back from disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { autoencoderSchema } from '../../src/config/schemas.ts';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { GridError } from '../../src/errors.ts';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import { readMetrics } from '../../src/evaluation/report/metricsLog.ts';
import { Decoder, Encoder, latentShape } from '../../src/sampling/autoencoder.ts';
import { readAutoencoder } from '../../src/sampling/readAutoencoder.ts';
import { diceOfLogits, trainAutoencoder } from '../../src/training/autoencoder.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-heads-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let dataset: Dataset;
beforeAll(async () => {
  dataset = await makePhantomDataset({ out: join(root, 'data'), count: 10, grid: 16, seed: 2 });
}, 60_000);

const config = (...set: string[]) =>
  loadConfig(autoencoderSchema, {
    set: [
      'steps=30',
      'evaluateEvery=30',
      'batch=2',
      'learningRate=0.01',
      'warmup=5',
      'model.widths=[8,16]',
      'model.encoderBlocks=[0]',
      'model.decoderBlocks=[0,0]',
      'model.groups=4',
      'model.latentChannels=4',
      'model.codes=64',
      ...set,
    ],
  });

describe.each([
  ['up', 2, [4, 4, 4, 4]],
  ['up_conv', 2, [4, 4, 4, 4]],
  ['up_res_conv', 2.5, [4, 3, 3, 3]],
  ['super', 2, [4, 4, 4, 4]],
] as const)('%s, scale %f', (kind, scale, latents) => {
  test('trains, and its file gives the same reconstructions on the fine grid', async () => {
    const out = join(root, kind);
    const { heldOutDice } = await trainAutoencoder({
      dataset,
      out,
      quiet: true,
      threads: 1,
      config: config(`model.head.kind=${kind}`, `model.head.scale=${scale}`),
    });
    const loss = readMetrics(out).column('loss').y;
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(loss.slice(-5))).toBeLessThan(0.75 * mean(loss.slice(0, 5)));

    const autoencoder = readAutoencoder(out);
    expect([autoencoder.meta.size, autoencoder.meta.spacing]).toEqual([
      [16, 16, 16],
      dataset.grid.spacing[0],
    ]);
    expect(latentShape(autoencoder.meta)).toEqual(latents);
    const encoder = await Encoder.create(autoencoder, { threads: 1 });
    const decoder = await Decoder.create(autoencoder, [0, 0, 0, 0], [1, 1, 1, 1], { threads: 1 });
    const held = dataset.split('test');
    let total = 0;
    for (const c of held) {
      const { data } = dataset.loadMask(c);
      const logits = await decoder.decode(await encoder.encode(Float32Array.from(data, (v) => 2 * v - 1)));
      expect(logits.length).toBe(16 ** 3);
      total += diceOf(
        overlap(
          data,
          Uint8Array.from(logits, (v) => (v > 0 ? 1 : 0)),
        ),
      );
    }
    expect(total / held.length).toBeCloseTo(heldOutDice, 5);
    expect(heldOutDice).toBeGreaterThan(0.3);
    await encoder.release();
    await decoder.release();
  });
});

test('masks that do not fit are refused before a run folder is made', async () => {
  const out = join(root, 'refused');
  const refused = (...set: string[]) =>
    trainAutoencoder({ dataset, out, quiet: true, config: config(...set) });
  await expect(refused('model.head.kind=super', 'model.head.scale=3')).rejects.toThrow(GridError);
  await expect(refused('model.head.kind=super', 'model.head.scale=1.5')).rejects.toThrow(/a whole scale/);
  await expect(
    refused(
      'model.head.kind=up',
      'model.widths=[8,8,8,8,8,8]',
      'model.encoderBlocks=[0,0,0,0,0]',
      'model.decoderBlocks=[0,0,0,0,0,0]',
    ),
  ).rejects.toThrow(/leaves the encoder 0x0x0/);
  // The folder is still free for a run that fits.
  await trainAutoencoder({ dataset, out, quiet: true, threads: 1, config: config('steps=1') });
});

test('diceOfLogits: closed form, and 1 for two empty masks', () => {
  const target = Float32Array.of(1, 1, -1, -1);
  expect(diceOfLogits(target, Float32Array.of(2, -3, 0.1, -1))).toBe(0.5);
  expect(diceOfLogits(target, Float32Array.of(2, 3, 0, -1))).toBe(1);
  expect(diceOfLogits(Float32Array.of(-1), Float32Array.of(-1))).toBe(1);
});
