/** A generator trained for a few steps on 16^3 phantoms: its bones are noise, but everything around them is real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../../src/config/schemas.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { GeneratorWeights } from '../../src/sampling/generator.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { trainAutoencoder } from '../../src/training/autoencoder.ts';
import { trainGenerator } from '../../src/training/generator.ts';

export interface TinyGenerator {
  generator: GeneratorWeights;
  path: (...parts: string[]) => string;
  remove: () => void;
}

/** `set`: settings of the generator beside those of the preset `tiny`. */
export async function trainTinyGenerator(set: readonly string[] = []): Promise<TinyGenerator> {
  const root = mkdtempSync(join(tmpdir(), 'cranioflow-generate-'));
  const path = (...parts: string[]) => join(root, ...parts);
  const dataset = await makePhantomDataset({ out: path('data'), count: 6, grid: 16, seed: 5 });
  const common = { dataset, quiet: true, threads: 1 };
  const preset = (values: unknown) => ({ name: 'tiny', values });
  await trainAutoencoder({
    ...common,
    out: path('ae'),
    config: loadConfig(autoencoderSchema, {
      preset: preset(AUTOENCODER_PRESETS.tiny),
      set: [
        'steps=4',
        'batch=2',
        'model.widths=[8,8,8]',
        'model.encoderBlocks=[1,0]',
        'model.decoderBlocks=[0,1,0]',
        'model.groups=4',
        'model.codes=1024',
        'learningRate=0.01',
      ],
    }),
  });
  await trainGenerator({
    ...common,
    out: path('gen'),
    autoencoder: path('ae'),
    config: loadConfig(generatorSchema, {
      preset: preset(GENERATOR_PRESETS.tiny),
      set: [
        'steps=4',
        'batch=2',
        'copies=0',
        'learningRate=0.05',
        'ema=0',
        'warmup=0',
        'model.width=8',
        'model.groups=4',
        'model.headChannels=8',
        ...set,
      ],
    }),
  });
  return {
    generator: readGenerator(path('gen')),
    path,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/**
 * The generator with its little learning exaggerated: larger velocities, and codes all over the latent space instead of
 * at the few places where training began.
 */
export function lively({ generator }: TinyGenerator): GeneratorWeights {
  const weights = new Map(generator.weights);
  for (const name of ['unet.out.weight', 'unet.out.bias'])
    weights.set(
      name,
      weights.get(name)!.map((w) => 8 * w),
    );
  const { latentMean, latentDeviation } = generator.meta;
  const channels = latentMean.length;
  const codebook = new RandomStream(1, 'test/codebook').fillNormal(
    new Float32Array(generator.autoencoder.codebook.length),
  );
  for (let i = 0; i < codebook.length; i++)
    codebook[i] = latentMean[i % channels] + 2 * latentDeviation[i % channels] * codebook[i];
  return { ...generator, weights, autoencoder: { ...generator.autoencoder, codebook } };
}
