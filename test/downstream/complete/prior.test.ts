import { afterAll, beforeAll, expect, test } from 'vitest';
import { LatentFit } from '../../../src/downstream/complete/latentFit.ts';
import { PriorCompletion } from '../../../src/downstream/complete/prior.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { GeneratorWeights } from '../../../src/sampling/generator.ts';
import { centredGrid, type Mask } from '../../../src/volume/volume.ts';
import { lively, type TinyGenerator, trainTinyGenerator } from '../../sampling/tinyGenerator.ts';

let tiny: TinyGenerator;
let generator: GeneratorWeights;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  generator = lively(tiny);
}, 120_000);
afterAll(() => tiny.remove());

const FAST = { steps: 3, moves: 1 };
const noise = (n: number, index: number) =>
  new RandomStream(3, 'test/latent', index).fillNormal(new Float32Array(n));

/** A ball of bone in the middle of the generator's grid. */
function ball(): Mask {
  const { size, spacing: s } = generator.meta;
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let p = 0; p < data.length; p++) {
    const [x, y, z] = [p % size[0], Math.floor(p / size[0]) % size[1], Math.floor(p / size[0] / size[1])];
    if (Math.hypot(x - 7.5, y - 7.5, z - 7.5) < 5) data[p] = 1;
  }
  return { ...centredGrid(size, [s, s, s]), data };
}

test('the misfit is the weighted cross-entropy of what is decoded', async () => {
  const fit = await LatentFit.create(generator, { threads: 1 });
  const n = generator.meta.latentShape.reduce((a, b) => a * b);
  const y = Float32Array.from(ball().data);
  const w = Float32Array.from(y, (_, i) => (i % 3 === 0 ? 0 : 1 + (i % 2)));
  const z = noise(n, 0);
  const first = await fit.at(z, y, w);
  let [sum, weight] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    const l = first.logits[i];
    sum += w[i] * (Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l))) - l * y[i]);
    weight += w[i];
  }
  expect(first.loss).toBeCloseTo(sum / weight, 4);
  await fit.release();
});

/** The generator with a codebook that holds the latent `z` itself, so that quantising it changes nothing. */
function knowing(z: Float32Array): GeneratorWeights {
  const { latentShape, latentMean, latentDeviation } = generator.meta;
  const [channels, ...sides] = latentShape;
  const cells = sides.reduce((a, b) => a * b);
  const codebook = generator.autoencoder.codebook.slice();
  for (let cell = 0; cell < cells; cell++)
    for (let c = 0; c < channels; c++)
      codebook[cell * channels + c] = latentMean[c] + latentDeviation[c] * z[c * cells + cell];
  return { ...generator, autoencoder: { ...generator.autoencoder, codebook } };
}

test('the gradient is that of finite differences, the codebook passed straight through', async () => {
  const n = generator.meta.latentShape.reduce((a, b) => a * b);
  const y = Float32Array.from(ball().data);
  const w = Float32Array.from(y, (_, i) => 1 + (i % 2));
  const z = noise(n, 1);
  const at = async (x: Float32Array) => {
    const fit = await LatentFit.create(knowing(x), { threads: 1 });
    const found = await fit.at(x, y, w);
    await fit.release();
    return found;
  };
  const { gradient } = await at(z);
  const length = Math.hypot(...gradient);
  // Straight up the slope, and any way.
  for (const way of [gradient.map((g) => (5 * g) / length), noise(n, 2)]) {
    const step = 0.01;
    const moved = (s: number) => z.map((v, i) => v + s * way[i]);
    const slope = ((await at(moved(step))).loss - (await at(moved(-step))).loss) / (2 * step);
    const along = gradient.reduce((sum, g, i) => sum + g * way[i], 0);
    expect(Math.abs(along - slope)).toBeLessThan(0.03 * length);
  }
});

test('the bone that is left stays, answers differ, the best fit leads, and a seed tells all of it', async () => {
  const method = await PriorCompletion.create(generator, FAST, { threads: 1 });
  const defective = ball();
  defective.data.fill(0, 0, defective.data.length / 2);
  const answers = await method.complete(defective, { seed: 1, index: 4, answers: 3 });
  expect(answers).toHaveLength(3);
  for (const { whole, probability } of answers) {
    expect(whole.data.every((v, i) => v >= defective.data[i])).toBe(true);
    expect(probability!.every((p, i) => p >= 0 && p <= 1 && p > 0.5 === (whole.data[i] === 1))).toBe(true);
  }
  const misfits = answers.map((a) => a.misfit);
  expect(misfits).toEqual([...misfits].sort((a, b) => a - b));
  expect(new Set(misfits).size).toBe(3);
  const again = await method.complete(defective, { seed: 1, index: 4, answers: 1 });
  // The first draw is the same, whatever the number of answers.
  expect(answers.some((a) => a.misfit === again[0].misfit)).toBe(true);
  const other = await method.complete(defective, { seed: 1, index: 5 });
  expect(other[0].misfit).not.toBe(again[0].misfit);
  await method.release();
});

test('what it cannot complete is refused', async () => {
  const method = await PriorCompletion.create(generator, FAST, { threads: 1 });
  const empty = { ...ball(), data: new Uint8Array(ball().data.length) };
  await expect(method.complete(empty, { seed: 1, index: 0 })).rejects.toThrow(/without a bone voxel/);
  const other = { ...ball(), spacing: [1, 1, 1] as const };
  await expect(method.complete(other, { seed: 1, index: 0 })).rejects.toThrow(/one grid/);
  await expect(
    method.complete(ball(), { seed: 1, index: 0, signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ exitCode: 130 });
  // In the middle of an answer, too.
  let asked = 0;
  const later = {
    get aborted() {
      return ++asked > 2;
    },
  } as AbortSignal;
  await expect(method.complete(ball(), { seed: 1, index: 0, signal: later })).rejects.toMatchObject({
    exitCode: 130,
  });
  expect(asked).toBe(3);
  await expect(method.complete(ball(), { seed: 1, index: 0, answers: 65 })).rejects.toThrow(/from 1 to 64/);
  expect(method.learnt).toMatchObject({ size: [16, 16, 16], bone: generator.meta.bone });
  await expect(
    PriorCompletion.create({ ...generator, meta: { ...generator.meta, objective: 'ddpm' } }),
  ).rejects.toThrow(/learnt ddpm/);
  await method.release();
});
