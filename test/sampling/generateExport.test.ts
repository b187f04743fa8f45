/** What is given away: ONNX models that compute what the package computes, and half-precision weights that it reads. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { halfValue, toHalf } from '../../src/files/half.ts';
import { readSafetensors } from '../../src/files/safetensorsFile.ts';
import type { GeneratorMeta } from '../../src/models/metadata.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { Session, value } from '../../src/runtime/session.ts';
import { exportOnnx, exportRelease, modelCard } from '../../src/sampling/generateExport.ts';
import { Generator } from '../../src/sampling/generator.ts';
import { velocityModel } from '../../src/sampling/network.ts';
import { readAutoencoder } from '../../src/sampling/readAutoencoder.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { type TinyGenerator, trainTinyGenerator } from './tinyGenerator.ts';

let tiny: TinyGenerator;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
}, 60_000);
afterAll(() => tiny?.remove());

const noise = (purpose: string, n: number) => new RandomStream(1, purpose).fillNormal(new Float32Array(n));

test('the ONNX models compute the velocity and the bone', async () => {
  const { generator } = tiny;
  const paths = exportOnnx(generator, tiny.path('onnx'));
  expect(paths.map((p) => p.split('/').pop())).toEqual([
    'velocity.onnx',
    'velocity-batch2.onnx',
    'decoder.onnx',
    'model.json',
    'README.md',
  ]);
  const { latentShape } = generator.meta;
  const n = latentShape.reduce((a, b) => a * b, 1);
  for (const [file, batch] of [
    ['velocity.onnx', 1],
    ['velocity-batch2.onnx', 2],
  ] as const) {
    const bytes = readFileSync(tiny.path('onnx', file));
    // Named once, where operator sets are declared; by no node.
    expect(bytes.toString('latin1').split('com.microsoft')).toHaveLength(2);
    const feeds = {
      x: value(noise('test/x', batch * n), [batch, ...latentShape]),
      t: value(new Float32Array(batch).fill(0.3), [batch]),
      label: value(
        Int32Array.from({ length: batch }, (_, b) => b),
        [batch],
      ),
    };
    const velocities = [];
    for (const model of [bytes, velocityModel(generator, batch)]) {
      const session = await Session.create(model, { threads: 1 });
      velocities.push((await session.run(feeds, { velocity: null })).velocity.data as Float32Array);
      await session.release();
    }
    const [portable, native] = velocities;
    expect(portable.some((v) => Math.abs(v) > 1e-6)).toBe(true);
    for (let i = 0; i < native.length; i++) expect(portable[i]).toBeCloseTo(native[i], 4);
  }
  const latent = noise('test/latent', n);
  const decoder = await Session.create(readFileSync(tiny.path('onnx', 'decoder.onnx')), { threads: 1 });
  const { logits } = await decoder.run({ latent: value(latent, [1, ...latentShape]) }, { logits: null });
  await decoder.release();
  expect(logits.dims).toEqual([1, 1, 16, 16, 16]);
  const sampler = await Generator.create(generator, { threads: 1 });
  const mask = await sampler.decode(latent);
  await sampler.release();
  const differing = mask.data.filter((v, i) => (Number(logits.data[i]) > 0 ? 1 : 0) !== v).length;
  expect(differing).toBeLessThanOrEqual(2);
  const model = JSON.parse(readFileSync(tiny.path('onnx', 'model.json'), 'utf8'));
  expect(model).toMatchObject({ kind: 'generator', phantom: true, latentShape, hash: generator.hash });
  expect(readFileSync(tiny.path('onnx', 'README.md'), 'utf8')).toContain(`[1, ${latentShape.join(', ')}]`);
});

test('released weights are the weights rounded to half precision, in one consistent pair', () => {
  const { generator } = tiny;
  const out = tiny.path('release');
  const released = exportRelease(generator, out);
  expect(readdirSync(out).sort()).toEqual(['README.md', 'autoencoder.safetensors', 'model.safetensors']);
  const read = readGenerator(out);
  expect(read.hash).toBe(released.hash);
  expect(read.hash).not.toBe(generator.hash);
  for (const [name, data] of generator.weights)
    expect(read.weights.get(name)).toEqual(Float32Array.from(toHalf(data), halfValue));
  expect(read.autoencoder.codebook).toEqual(
    Float32Array.from(toHalf(generator.autoencoder.codebook), halfValue),
  );
  const { autoencoderHash: _a, weightsHash, ...meta } = read.meta;
  expect(weightsHash).toBe(released.hash);
  const { autoencoderHash: _b, ...original } = generator.meta;
  expect(meta).toEqual(original);
});

test('the files hold F16 tensors of the shapes of the network', () => {
  const [stored] = ['model.safetensors'].map((name) => readSafetensors(tiny.path('release', name)).tensors);
  const trained = readSafetensors(
    tiny.path('gen', 'checkpoints', 'step-000004', 'model.safetensors'),
  ).tensors;
  expect([...stored.keys()].sort()).toEqual([...trained.keys()].sort());
  for (const [name, { dtype, shape }] of stored) {
    expect(dtype).toBe('F16');
    expect(shape).toEqual(trained.get(name)!.shape);
  }
});

test('releasing a release changes nothing', () => {
  const again = exportRelease(readGenerator(tiny.path('release')), tiny.path('again'));
  expect(again.hash).toBe(readGenerator(tiny.path('release')).hash);
  for (const name of readdirSync(tiny.path('release')))
    expect(
      readFileSync(tiny.path('again', name)).equals(readFileSync(tiny.path('release', name))),
      name,
    ).toBe(true);
});

test('the model card says what the weights are and are not', () => {
  const card = readFileSync(tiny.path('release', 'README.md'), 'utf8');
  for (const words of [
    'Trained on phantoms',
    'Not a medical device',
    'No privacy audit',
    tiny.generator.meta.dataHash,
  ])
    expect(card).toContain(words);
  expect(card).toContain(readGenerator(tiny.path('release')).hash);
  expect(card).toContain('"latentChannels": 4');
});

test.each([
  ['otfm', {}, 'conditional-OT flow matching', 'integrate dx/dt', 'Guidance of scale w'],
  [
    'ddpm',
    { diffusion: { steps: 300, schedule: 'cosine', prediction: 'v', reach: 4.5 } },
    'predicts v (cosine schedule, T = 300)',
    'clipped to +-4.5',
    'Guidance of scale w',
  ],
  [
    'consistency',
    { distilled: { source: 'abc', guidance: 1.5 } },
    'distilled with a guidance scale of 1.5',
    'x + velocity(x, 0, label)',
    'guidance cannot be added',
  ],
])('the cards say what was learnt and how it is sampled: %s', (objective, more, kind, sampling, guided) => {
  const meta = { ...tiny.generator.meta, objective, ...more } as GeneratorMeta;
  const generator = { ...tiny.generator, meta };
  expect(modelCard(generator)).toContain(kind);
  const readme = exportOnnx(generator, tiny.path(`onnx-${objective}`)).find((path) => path.endsWith('.md'))!;
  const card = readFileSync(readme, 'utf8');
  for (const words of [kind, sampling, guided]) expect(card).toContain(words);
});

test('a weight beyond half precision is refused', () => {
  const weights = new Map(tiny.generator.weights);
  const [name, data] = [...weights][0];
  weights.set(
    name,
    data.map(() => 1e5),
  );
  expect(() => exportRelease({ ...tiny.generator, weights }, tiny.path('large'))).toThrow(NumericsError);
  expect(existsSync(tiny.path('large', 'autoencoder.safetensors'))).toBe(false);
});

test('a folder of exported weights serves as an autoencoder too, the run of a generator does not', () => {
  expect(readAutoencoder(tiny.path('release')).hash).toBe(
    readGenerator(tiny.path('release')).meta.autoencoderHash,
  );
  expect(() => readAutoencoder(tiny.path('gen'))).toThrow(/its kind is "generator"/);
});

test('a released weight that was altered is noticed', () => {
  const folder = tiny.path('altered');
  exportRelease(tiny.generator, folder);
  const file = tiny.path('altered', 'model.safetensors');
  const bytes = readFileSync(file);
  const altered = Buffer.from(bytes);
  altered[altered.length - 1001] ^= 1;
  writeFileSync(file, altered);
  expect(() => readGenerator(folder)).toThrow(/other weights than it says/);
  writeFileSync(file, bytes);
  expect(readGenerator(folder).meta.weightsHash).toBe(readGenerator(folder).hash);
});
