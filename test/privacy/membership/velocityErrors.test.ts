/** Errors of a generator against its network asked one state at a time, with the formulas written out. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '../../../src/dataset/dataset.ts';
import { Loader } from '../../../src/dataset/loader.ts';
import { diffusionSchedule, indexAt, timeOf } from '../../../src/diffusion/schedule.ts';
import { InterruptedError, NumericsError, UsageError } from '../../../src/errors.ts';
import { velocityErrors } from '../../../src/privacy/membership/velocityErrors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { Encoder } from '../../../src/sampling/autoencoder.ts';
import type { GeneratorWeights } from '../../../src/sampling/generator.ts';
import { VelocityNetwork } from '../../../src/sampling/network.ts';
import { lively, type TinyGenerator, trainTinyGenerator } from '../../sampling/tinyGenerator.ts';

let tiny: TinyGenerator;
let otfm: GeneratorWeights;
let loader: Loader;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  otfm = lively(tiny);
  const dataset = openDataset(tiny.path('data'));
  loader = new Loader(dataset, dataset.cases.slice(0, 3));
}, 60_000);
afterAll(() => tiny?.remove());

const one = { threads: 1 };
const diffusion = { steps: 40, schedule: 'cosine' as const, reach: 9 };

/** Normalised latent of a case. */
async function latentOf(source: GeneratorWeights, i: number): Promise<Float32Array> {
  const encoder = await Encoder.create(source.autoencoder, one);
  const z = await encoder.encode(loader.fillBatch([i], new Float32Array(loader.voxels)));
  await encoder.release();
  const { latentMean: mean, latentDeviation: deviation } = source.meta;
  const cells = z.length / mean.length;
  const centre = (k: number) => source.meanLatent?.[k] ?? mean[Math.floor(k / cells)];
  return z.map((v, k) => (v - centre(k)) / deviation[Math.floor(k / cells)]);
}

/** The error of case i at one time, from states and targets of its own. */
async function expected(
  source: GeneratorWeights,
  i: number,
  label: number,
  time: number,
  pairs: readonly number[],
  point: (x0: number, x1: number) => [state: number, target: number],
  asked = time,
): Promise<number> {
  const x1 = await latentOf(source, i);
  const network = new VelocityNetwork(source, one);
  let sum = 0;
  for (const pair of pairs) {
    const x0 = new RandomStream(4, 'privacy/membership', pair).fillNormal(new Float32Array(x1.length));
    const points = Array.from(x1, (v, k) => point(x0[k], v));
    const answer = await network.guided(label, { guidance: 1 })(
      Float32Array.from(points, ([state]) => state),
      asked,
    );
    for (const [k, [, target]] of points.entries())
      sum += (answer[k] - target) ** 2 / x1.length / pairs.length;
  }
  await network.release();
  return sum;
}

const near = (found: number, wanted: number) => expect(Math.abs(found / wanted - 1)).toBeLessThan(1e-4);

test('otfm: the squared error of the velocity, mean over noises that all cases share; batches filled up', async () => {
  // 3 x 3 = 9 pairs: two batches of 5, one pair of filling.
  const times = [0, 0.3, 0.9];
  const table = await velocityErrors(otfm, loader, { times, noises: 3, seed: 4 }, one);
  expect(table).toMatchObject({ rows: 3, columns: ['t 0', 't 0.3', 't 0.9'] });
  for (const i of [0, 2])
    for (const [k, t] of times.entries()) {
      const label = loader.cases[i].quality - 2;
      const pairs = [3 * k, 3 * k + 1, 3 * k + 2];
      const wanted = await expected(otfm, i, label, t, pairs, (x0, x1) => [(1 - t) * x0 + t * x1, x1 - x0]);
      near(table.values[3 * i + k], wanted);
    }
});

test('without a class, and for latents relative to a mean latent', async () => {
  const length = otfm.meta.latentShape.reduce((a, b) => a * b);
  const centred = { ...otfm, meanLatent: new RandomStream(1, 'test').fillNormal(new Float32Array(length)) };
  const table = await velocityErrors(
    centred,
    loader,
    { times: [0.5], noises: 1, condition: 'none', seed: 4 },
    one,
  );
  const { classes } = otfm.meta.config;
  near(table.values[1], await expected(centred, 1, classes, 0.5, [0], (x0, x1) => [(x0 + x1) / 2, x1 - x0]));
});

test.each(['epsilon', 'v'] as const)(
  'ddpm: the error of %s at the index of each time',
  async (prediction) => {
    const source = {
      ...otfm,
      meta: { ...otfm.meta, objective: 'ddpm' as const, diffusion: { ...diffusion, prediction } },
    };
    const table = await velocityErrors(source, loader, { times: [0.52], noises: 2, seed: 4 }, one);
    const k = indexAt(0.52, diffusion.steps);
    const left = diffusionSchedule('cosine', diffusion.steps).cumulative[k];
    const [a, b] = [Math.sqrt(left), Math.sqrt(1 - left)];
    const wanted = await expected(
      source,
      0,
      loader.cases[0].quality - 2,
      0.52,
      [0, 1],
      (x0, x1) => [a * x1 + b * x0, prediction === 'epsilon' ? x0 : a * x0 - b * x1],
      timeOf(k, diffusion.steps),
    );
    near(table.values[0], wanted);
  },
);

test('consistency: the velocity that leads straight to the data', async () => {
  const source = { ...otfm, meta: { ...otfm.meta, objective: 'consistency' as const } };
  const options = { times: [0.25], noises: 1, seed: 4 };
  const found = (await velocityErrors(source, loader, options, one)).values[0];
  const label = loader.cases[0].quality - 2;
  // |f - x1|^2 / (1 - t)^2 with f = x_t + (1 - t) v.
  const t = 0.25;
  const jump = await expected(source, 0, label, t, [0], (x0, x1) => {
    const x = (1 - t) * x0 + t * x1;
    return [x, (x1 - x) / (1 - t)];
  });
  near(found, jump);
});

test('the same every time, told case by case, and stopped when asked', async () => {
  const options = { times: [0.5], noises: 2 };
  let cases = 0;
  const first = await velocityErrors(otfm, loader, options, { ...one, onCase: () => cases++ });
  expect(cases).toBe(3);
  expect(await velocityErrors(otfm, loader, options, one)).toEqual(first);
  expect((await velocityErrors(otfm, loader, { ...options, seed: 1 }, one)).values).not.toEqual(first.values);
  const signal = AbortSignal.abort();
  await expect(velocityErrors(otfm, loader, options, { ...one, signal })).rejects.toThrow(InterruptedError);
});

test('times out of range and networks that diverged are refused', async () => {
  for (const bad of [
    { times: [1] },
    { times: [] },
    { times: [-0.1] },
    { noises: 0 },
    { times: [Number.NaN] },
  ])
    await expect(velocityErrors(otfm, loader, bad, one)).rejects.toThrow(UsageError);
  const weights = new Map(otfm.weights);
  weights.set(
    'unet.out.bias',
    weights.get('unet.out.bias')!.map(() => Number.NaN),
  );
  await expect(
    velocityErrors({ ...otfm, weights }, loader, { times: [0.5], noises: 1 }, one),
  ).rejects.toThrow(NumericsError);
});
