/** A generator may take the decoder of another run only where latents mean the same to both. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decoderSchema } from '../../src/config/schemas.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { CheckpointError } from '../../src/errors.ts';
import type { AutoencoderWeights } from '../../src/sampling/autoencoder.ts';
import { exportRelease } from '../../src/sampling/generateExport.ts';
import { Generator } from '../../src/sampling/generator.ts';
import { readAutoencoder } from '../../src/sampling/readAutoencoder.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { withDecoder } from '../../src/sampling/withDecoder.ts';
import { trainDecoder } from '../../src/training/decoder.ts';
import { type TinyGenerator, trainTinyGenerator } from './tinyGenerator.ts';

let tiny: TinyGenerator;
let tuned: AutoencoderWeights & { hash: string };
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  await trainDecoder({
    dataset: openDataset(tiny.path('data')),
    autoencoder: tiny.path('ae'),
    out: tiny.path('decoder'),
    config: decoderSchema.parse({ steps: 4, batch: 2, learningRate: 0.05, warmup: 0, ema: 0 }),
    quiet: true,
    threads: 1,
  });
  tuned = readAutoencoder(tiny.path('decoder'));
}, 60_000);
afterAll(() => tiny.remove());

test('its own decoder changes nothing; the fine-tuned one changes the bones, not the latents', async () => {
  const { generator } = tiny;
  const own = withDecoder(generator, readAutoencoder(tiny.path('ae')));
  expect([own.hash, own.meta]).toEqual([generator.hash, generator.meta]);

  const mixed = withDecoder(generator, tuned);
  expect(mixed.hash).not.toBe(generator.hash);
  expect(mixed.weights).toBe(generator.weights);
  const [a, b] = await Promise.all([generator, mixed].map((g) => Generator.create(g, { threads: 1 })));
  const settings = { seed: 3, index: 0, steps: 2, solver: 'euler', guidance: 1, quality: 6 } as const;
  const latent = await a.sampleLatent({ ...settings, quality: generator.meta.qualities[0] });
  expect(await b.sampleLatent({ ...settings, quality: generator.meta.qualities[0] })).toEqual(latent);
  expect((await b.decode(latent)).data).not.toEqual((await a.decode(latent)).data);
  await a.release();
  await b.release();
});

test('the pair can be exported and read again', () => {
  const mixed = withDecoder(tiny.generator, tuned);
  const released = exportRelease(mixed, tiny.path('release'));
  expect(readGenerator(tiny.path('release')).hash).toBe(released.hash);
  expect(released.autoencoder.meta.fineTuned?.steps).toBe(4);
});

test('another codebook, encoder or grid is refused with its reason', () => {
  const refused = (change: Partial<AutoencoderWeights>, reason: RegExp) => {
    const attempt = () => withDecoder(tiny.generator, { ...tuned, ...change }, 'runs/other');
    expect(attempt).toThrow(CheckpointError);
    expect(attempt).toThrow(reason);
    expect(attempt).toThrow(/^runs\/other belongs to another autoencoder/);
  };
  const codebook = tuned.codebook.slice();
  codebook[5] += 1e-6 + Math.abs(codebook[5]) * 1e-6;
  refused({ codebook }, /another codebook/);
  const first = [...tuned.weights.keys()].find((name) => name.startsWith('encoder.'))!;
  const weights = new Map(tuned.weights).set(first, new Float32Array(tuned.weights.get(first)!.length));
  refused({ weights }, /another encoder/);
  refused({ meta: { ...tuned.meta, size: [16, 16, 32] } }, /masks of 16x16x32/);
  const head = { ...tuned.meta.config.head, kind: 'up' as const };
  refused({ meta: { ...tuned.meta, config: { ...tuned.meta.config, head } } }, /other settings/);
});
