/** Batches with times and labels of their own against the network run on one sample at a time. */
import { expect, test } from 'vitest';
import { generatorSchema } from '../../src/config/schemas.ts';
import type { GeneratorMeta } from '../../src/models/metadata.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { BatchVelocity, LiveVelocity } from '../../src/sampling/batchVelocity.ts';
import { VelocityNetwork, velocityGraph } from '../../src/sampling/network.ts';
import { initialParameters, namedParameters } from '../../src/training/trainer.ts';

const model = { width: 8, multipliers: [1, 2], blocks: 1, attention: [1], groups: 4, headChannels: 8 };
const meta = {
  config: generatorSchema.parse({ model }).model,
  latentShape: [2, 4, 4, 4],
} as GeneratorMeta;
const { parameters } = velocityGraph(meta, 1).graph;
const weightsOf = (seed: number) => {
  const flat = initialParameters(parameters, seed);
  // Layers that start at zero would hide what comes before them.
  const noise = new RandomStream(seed, 'test').fillNormal(new Float32Array(flat.length));
  return namedParameters(
    parameters,
    flat.map((v, i) => v + 0.1 * noise[i]),
  );
};
const t = new Float32Array([0, 0.3, 0.9]);
const labels = Int32Array.from([0, 3, 4]);
const LENGTH = 128;
const x = new RandomStream(1, 'test').fillNormal(new Float32Array(3 * LENGTH));

async function oneByOne(weights: ReadonlyMap<string, Float32Array>, guidance: number) {
  const network = new VelocityNetwork({ meta, weights }, { threads: 1 });
  const out = new Float32Array(x.length);
  for (let b = 0; b < t.length; b++) {
    const part = x.slice(b * LENGTH, (b + 1) * LENGTH);
    out.set(await network.guided(labels[b], { guidance })(part, t[b]), b * LENGTH);
  }
  await network.release();
  return out;
}

const worst = (a: Float32Array, b: Float32Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));

test.each([1, 1.5])('baked weights, guidance %d: every row is its sample alone', async (guidance) => {
  const weights = weightsOf(1);
  const network = await BatchVelocity.create({ meta, weights }, { batch: 3, guidance }, { threads: 1 });
  const wanted = await oneByOne(weights, guidance);
  expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.1);
  expect(worst(await network.field(labels)(x, t), wanted)).toBeLessThan(1e-4);
  await network.release();
});

test('one compiled network answers with the weights of each run', async () => {
  const network = await LiveVelocity.create(meta, 3, { threads: 1 });
  for (const seed of [1, 2]) {
    const weights = weightsOf(seed);
    expect(worst(await network.field(weights, labels)(x, t), await oneByOne(weights, 1))).toBeLessThan(1e-4);
  }
  await network.release();
});
