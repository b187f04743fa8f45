/** Errors of an autoencoder against its own reconstruction, and the cross-entropy by its definition. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { autoencoderSchema } from '../../../src/config/schemas.ts';
import { Loader } from '../../../src/dataset/loader.ts';
import { makePhantomDataset } from '../../../src/dataset/phantoms.ts';
import { elements } from '../../../src/graph/graph.ts';
import type { AutoencoderMeta } from '../../../src/models/metadata.ts';
import { crossEntropy, reconstructionErrors } from '../../../src/privacy/membership/reconstructionErrors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import {
  type AutoencoderWeights,
  autoencoderParameters,
  Decoder,
  Encoder,
} from '../../../src/sampling/autoencoder.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-reconstruction-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** An autoencoder that learnt nothing: random weights, random codes. */
function untrained(size: [number, number, number]): AutoencoderWeights {
  const config = autoencoderSchema.parse({
    model: {
      patch: 2,
      widths: [8, 8],
      encoderBlocks: [1],
      decoderBlocks: [0, 1],
      latentChannels: 2,
      codes: 32,
      groups: 4,
    },
  }).model;
  const meta = { kind: 'autoencoder', config, size, spacing: 1 } as AutoencoderMeta;
  const random = new RandomStream(2, 'test/autoencoder');
  const numbers = (n: number) => random.fillNormal(new Float32Array(n));
  const weights = new Map(
    autoencoderParameters(meta).map(({ name, shape }) => [
      name,
      numbers(elements(shape)).map((v) => 0.3 * v),
    ]),
  );
  return { meta, weights, codebook: numbers(config.codes * config.latentChannels) };
}

test('cross-entropy: -log of the probability of each voxel, without overflow', () => {
  const mask = Float32Array.of(1, -1, 1);
  const logits = Float32Array.of(0.4, 1.2, -2);
  const p = Array.from(logits, (l) => 1 / (1 + Math.exp(-l)));
  const wanted = -(Math.log(p[0]) + Math.log(1 - p[1]) + Math.log(p[2])) / 3;
  expect(crossEntropy(mask, logits)).toBeCloseTo(wanted, 6);
  expect(crossEntropy(Float32Array.of(1, -1), Float32Array.of(-800, -800))).toBeCloseTo(400, 6);
});

test('1 - Dice and cross-entropy of every case, encoded, decoded, cut at 0.5', async () => {
  const dataset = await makePhantomDataset({ out: join(root, 'data'), count: 2, grid: 16, seed: 5 });
  const autoencoder = untrained([16, 16, 16]);
  const loader = new Loader(dataset, dataset.cases);
  const table = await reconstructionErrors(autoencoder, loader, { threads: 1 });
  expect(table).toMatchObject({ rows: 2, columns: ['1 - Dice', 'cross-entropy'] });
  const encoder = await Encoder.create(autoencoder, { threads: 1 });
  const channels = autoencoder.meta.config.latentChannels;
  const decoder = await Decoder.create(autoencoder, Array(channels).fill(0), Array(channels).fill(1), {
    threads: 1,
  });
  for (const i of [0, 1]) {
    const mask = loader.fillBatch([i], new Float32Array(loader.voxels));
    const logits = await decoder.decode(await encoder.encode(mask));
    let [both, a, b, entropy] = [0, 0, 0, 0];
    for (let v = 0; v < mask.length; v++) {
      const [bone, guess] = [mask[v] > 0, logits[v] > 0];
      a += Number(bone);
      b += Number(guess);
      both += Number(bone && guess);
      entropy += Math.log(1 + Math.exp(bone ? -logits[v] : logits[v])) / mask.length;
    }
    expect(table.values[2 * i]).toBeCloseTo(1 - (2 * both) / (a + b), 12);
    expect(table.values[2 * i + 1]).toBeCloseTo(entropy, 6);
  }
  await encoder.release();
  await decoder.release();
});
