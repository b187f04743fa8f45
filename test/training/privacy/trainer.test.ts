/** What the guarantee rests on: influence bounded person by person, noise of the stated size, and nothing else changed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generatorSchema } from '../../../src/config/schemas.ts';
import type { Checkpoint } from '../../../src/files/checkpoint.ts';
import { elements } from '../../../src/graph/graph.ts';
import { mse } from '../../../src/nn/losses.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { value } from '../../../src/runtime/session.ts';
import { velocityGraph } from '../../../src/sampling/network.ts';
import type { LatentSet } from '../../../src/training/latents.ts';
import type { TrainingBatch } from '../../../src/training/objective.ts';
import { addClipped } from '../../../src/training/privacy/clip.ts';
import { freshKey, keyOfSeed, SecretStream } from '../../../src/training/privacy/secretStream.ts';
import {
  casesBySubject,
  noisyClasses,
  pointMaker,
  poissonSample,
} from '../../../src/training/privacy/subjects.ts';
import { type PrivateSteps, PrivateTrainer } from '../../../src/training/privacy/trainer.ts';
import { Trainer } from '../../../src/training/trainer.ts';

const length = (v: ArrayLike<number>) => Math.sqrt(Array.from(v).reduce((sum, x) => sum + x * x, 0));

describe('clipping', () => {
  const normal = (seed: number, scale: number) =>
    new RandomStream(seed, 'test/gradient').fillNormal(new Float32Array(1000)).map((x) => scale * x);

  test('what is added has the direction of the gradient and a norm of at most the limit', () => {
    for (const [seed, scale] of [0.01, 1, 1e3, 1e15, 1e-20].entries()) {
      const g = normal(seed, scale);
      const sum = new Float64Array(g.length);
      const cut = addClipped(sum, g, 3);
      expect(cut).toBe(length(g) > 3);
      expect(length(sum)).toBeLessThanOrEqual(3 * (1 + 1e-14));
      expect(length(sum)).toBeCloseTo(Math.min(3, length(g)), 12);
      const cosine = sum.reduce((s, x, i) => s + x * g[i], 0) / (length(sum) * length(g));
      expect(cosine).toBeCloseTo(1, 12);
    }
  });

  test('a gradient with a number that is none adds nothing', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const sum = new Float64Array([1, 2]);
      addClipped(sum, new Float32Array([bad, 1]), 3);
      expect([...sum]).toEqual([1, 2]);
    }
  });
});

describe('secret numbers', () => {
  test('are normal: moments, and independent of the neighbour', () => {
    const n = 200_000;
    const x = new Float64Array(n);
    new SecretStream(keyOfSeed(1), 'test', 3).addNormals(x, 2);
    const moment = (p: number) => x.reduce((s, v) => s + (v / 2) ** p, 0) / n;
    // Standard errors: 1/sqrt n, sqrt(2/n), sqrt(15/n), sqrt(96/n).
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    const beside = x.reduce((s, v, i) => s + (v * x[(i + 1) % n]) / 4, 0) / n;
    expect(Math.abs(beside)).toBeLessThan(4 / Math.sqrt(n));
  });

  test('are a function of key, purpose and index, and of nothing less', () => {
    const first = (...keys: ConstructorParameters<typeof SecretStream>) =>
      new SecretStream(...keys).uniform();
    const key = keyOfSeed(7);
    const all = [
      first(key, 'a', 1),
      first(key, 'a', 2),
      first(key, 'b', 1),
      first(keyOfSeed(8), 'a', 1),
      first(freshKey(), 'a', 1),
      first(freshKey(), 'a', 1),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(first(key, 'a', 1)).toBe(all[0]);
    // Known answer: AES-256-CTR under HMAC-SHA256(SHA-256('cranioflow test key 7'), 'a'), from Python's hashlib and openssl.
    expect(all[0]).toBeCloseTo(0.9173424692956333, 15);
  });

  test('uniforms fill [0, 1) evenly across the blocks they are drawn in', () => {
    const stream = new SecretStream(keyOfSeed(2), 'test');
    const counts = new Float64Array(10);
    const n = 50_000;
    for (let i = 0; i < n; i++) counts[Math.floor(10 * stream.uniform())]++;
    const chi2 = counts.reduce((s, c) => s + (c - n / 10) ** 2 / (n / 10), 0);
    expect(chi2).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001
  });
});

describe('who takes part', () => {
  test('each subject with the same probability, in any number, independent of the others', () => {
    const key = keyOfSeed(3);
    const [count, rate, steps] = [40, 0.15, 4000];
    const times = new Float64Array(count);
    const sizes: number[] = [];
    let together = 0;
    for (let step = 1; step <= steps; step++) {
      const taken = poissonSample(key, step, count, rate);
      sizes.push(taken.length);
      for (const s of taken) times[s]++;
      if (taken.includes(0) && taken.includes(1)) together++;
    }
    const error = Math.sqrt((rate * (1 - rate)) / steps);
    for (const t of times) expect(Math.abs(t / steps - rate)).toBeLessThan(4.5 * error);
    const mean = sizes.reduce((a, b) => a + b, 0) / steps;
    const variance = sizes.reduce((a, b) => a + (b - mean) ** 2, 0) / steps;
    expect(mean).toBeCloseTo(count * rate, 0);
    // Binomial: a batch of fixed size would have no variance at all.
    expect(variance / (count * rate * (1 - rate))).toBeCloseTo(1, 0);
    expect(Math.abs(together / steps - rate * rate)).toBeLessThan(4.5 * Math.sqrt(rate ** 2 / steps));
    expect(sizes.some((n) => n === 0)).toBe(true);
  });

  test('the cases of a subject are one entry', () => {
    const cases = ['a', 'b', 'a', 'c', 'b'].map((subject) => ({ subject }));
    expect(casesBySubject(cases)).toEqual([[0, 2], [1, 4], [3]]);
  });

  test('class counts: one subject more changes one number by one before the noise, which is of the stated size', () => {
    const members = [[0, 1], [2], [3], [4]];
    const labels = Int32Array.from([4, 2, 4, 1, 4]);
    const counts = (key: Uint8Array, noise: number, who = members) =>
      Object.fromEntries(noisyClasses(key, labels, who, 5, noise).map(({ label, count }) => [label, count]));
    expect(counts(keyOfSeed(1), 0)).toEqual({ 1: 1, 4: 3 });
    expect(counts(keyOfSeed(1), 0, members.slice(0, 3))).toEqual({ 1: 1, 4: 2 });
    const found = Array.from({ length: 1000 }, (_, i) => counts(keyOfSeed(i), 10)[4] ?? 0);
    // Rounded and cut at 0: E max(0, X) for X normal of mean 3, deviation 10 is 5.66.
    expect(found.reduce((a, b) => a + b, 0) / found.length).toBeCloseTo(5.66, -0.5);
    expect(noisyClasses(keyOfSeed(1), labels, [], 5, 0)).toHaveLength(5);
  });
});

const config = generatorSchema.parse({
  model: { width: 8, multipliers: [1, 2], blocks: 1, attention: [1], groups: 4, headChannels: 8 },
  classDropout: 0.2,
});
const latentShape = [4, 4, 4, 4];
const cases = 6;
const set: LatentSet = {
  shape: latentShape,
  copies: 1,
  cases,
  latents: Array.from({ length: 2 * cases }, (_, i) => new Float32Array(elements(latentShape)).fill(i)),
};
const labels = Int32Array.from([0, 1, 2, 3, 4, 0]);

const namesOf = (members: readonly unknown[]): string[] => members.map((_, i) => `subject ${i}`);

test("a subject's points come from its own latents alone, each time others", () => {
  const members = [[0, 3], [1], [2, 4, 5]];
  const point = pointMaker(
    set,
    labels,
    members,
    namesOf(members),
    generatorSchema.parse({ classDropout: 0.2 }),
    64,
  );
  for (const [subject, own] of members.entries()) {
    const { x, t, target, label } = point(5, subject);
    const n = elements(latentShape);
    const seen = new Set<number>();
    for (let k = 0; k < 64; k++) {
      // x_1 = x_t + (1 - t) target on the straight path: the latent that was drawn.
      const z = x[k * n + 7] + (1 - t[k]) * target[k * n + 7];
      seen.add(Math.round(z));
      const of = Math.round(z) % cases;
      expect(own).toContain(of);
      expect([labels[of], config.model.classes]).toContain(label[k]);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(own.flatMap((i) => [i, i + cases]).sort((a, b) => a - b));
    expect(point(6, subject).x).not.toEqual(x);
    expect(point(5, subject).x).toEqual(x);
  }
});

describe('a private step', () => {
  const adam = {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: Number.POSITIVE_INFINITY,
    ema: 0.9,
  };
  const normals: LatentSet = {
    ...set,
    latents: set.latents.map((z, i) => new RandomStream(4, 'test/latents', i).fillNormal(z.slice())),
  };
  const members = [...Array(cases).keys()].map((i) => [i]);
  const all = [...members.keys()];

  function network(batch: number) {
    const { graph, velocity } = velocityGraph({ config: config.model, latentShape }, batch);
    const shape = [batch, ...latentShape];
    const loss = mse(velocity, graph.input('target', shape));
    const feeds = ({ x, t, label, target }: TrainingBatch) => ({
      x: value(x, shape),
      t: value(t, [batch]),
      label: value(label, [batch]),
      target: value(target, shape),
    });
    return { definition: { graph, loss, seed: 0, adam }, feeds };
  }

  const point = pointMaker(normals, labels, members, namesOf(members), config, 1);
  let trainer: PrivateTrainer;
  let weights: Map<string, Float32Array>;
  let fresh: Checkpoint;
  /** What the trainer below was given; tests change it between steps. */
  const steps: { -readonly [K in keyof PrivateSteps]: PrivateSteps[K] } = {
    key: keyOfSeed(1),
    clip: Number.MAX_VALUE,
    noise: 0,
    expected: cases,
    multiplicity: 1,
    subjects: () => all,
    feeds: () => ({}),
  };

  /** One step from the same start; the gradient as the first moment shows it, / (1 - beta1). */
  async function gradientOf(changed: Partial<PrivateSteps>, t = 1) {
    Object.assign(steps, { clip: Number.MAX_VALUE, noise: 0, expected: cases, subjects: () => all }, changed);
    trainer.restore(fresh);
    const told = await trainer.step(t, 1e-3);
    return { gradientNorm: told.gradientNorm, gradient: moment(trainer).map((m) => m / 0.1) };
  }

  const moment = (of: Pick<Trainer, 'optimiserTensors'>) =>
    of.optimiserTensors().get('moment1')!.data as Float32Array;

  beforeAll(async () => {
    const { definition, feeds } = network(1);
    steps.feeds = (step, subject) => feeds(point(step, subject));
    trainer = await PrivateTrainer.create(definition, steps, { threads: 1 });
    // The output layer starts at zero, where most gradients are zero too: begin elsewhere.
    weights = trainer.weights();
    for (const [i, [name, data]] of [...weights].entries())
      weights.set(
        name,
        data.map((w, j) => w + 0.1 * new RandomStream(i, 'test/start', j).normal()),
      );
    trainer.start(weights);
    fresh = { files: { optimizer: trainer.optimiserTensors() } } as unknown as Checkpoint;
  }, 60_000);
  afterAll(() => trainer?.release());

  test('without noise and without a limit is the ordinary one over the same batch', async () => {
    const { gradient } = await gradientOf({});
    const mine = trainer.weights();
    const { definition, feeds } = network(cases);
    const batch = { x: [], t: [], label: [], target: [] } as Record<keyof TrainingBatch, number[]>;
    for (const s of all)
      for (const [key, data] of Object.entries(point(1, s))) batch[key as 'x'].push(...data);
    const { x, t, target, label } = batch;
    const ordinary = await Trainer.create(definition, { threads: 1 });
    ordinary.start(weights);
    await ordinary.step(
      1,
      1e-3,
      feeds({
        x: Float32Array.from(x),
        t: Float32Array.from(t),
        target: Float32Array.from(target),
        label: Int32Array.from(label),
      }),
    );
    const expected = moment(ordinary).map((m) => m / 0.1);
    expect(length(expected)).toBeGreaterThan(0.1);
    expect(length(gradient.map((g, i) => g - expected[i]))).toBeLessThan(1e-5 * length(expected));
    for (const [name, w] of ordinary.weights())
      for (let i = 0; i < w.length; i++)
        // Adam's first step is rate . sign(g), averaged: where g is near 0, rounding decides.
        expect(Math.abs(w[i] - mine.get(name)![i])).toBeLessThan(2.1e-3);
    await ordinary.release();
  });

  test('taking one person away changes the sum by at most the limit, and by just that where it cuts', async () => {
    const clip = 0.05;
    trainer.restore(fresh);
    Object.assign(steps, { clip });
    const whole = await trainer.clippedSum(1, all);
    for (const left of all) {
      const rest = await trainer.clippedSum(
        1,
        all.filter((s) => s !== left),
      );
      const change = length(whole.map((g, i) => g - rest[i]));
      expect(change).toBeLessThanOrEqual(clip * (1 + 1e-9));
      expect(change).toBeCloseTo(clip, 8);
    }
    expect(length(await trainer.clippedSum(1, []))).toBe(0);
  });

  test('has noise of deviation noise . clip / expected, in every number, whoever takes part', async () => {
    const [noise, clip, expected] = [1.7, 0.05, 4];
    const { gradient, gradientNorm } = await gradientOf({ noise, clip, expected, subjects: () => [] });
    const n = gradient.length;
    const deviation = (noise * clip) / expected;
    expect(Math.abs(length(gradient) / (deviation * Math.sqrt(n)) - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
    expect(gradientNorm / length(gradient)).toBeCloseTo(1, 4);
    expect(gradient.filter((x) => x === 0)).toHaveLength(0);
  });

  test('with noise differs from the one without by that noise, another at each step', async () => {
    const clip = 0.05;
    for (const t of [3, 4]) {
      const { gradient: x } = await gradientOf({ clip }, t);
      const { gradient: y } = await gradientOf({ clip, noise: 1 }, t);
      const added = new Float64Array(x.length);
      new SecretStream(keyOfSeed(1), 'dp/noise', t).addNormals(added, clip);
      const off = length(y.map((v, i) => v - x[i] - added[i] / cases));
      expect(off).toBeLessThan(1e-5 * length(y));
    }
  });

  test('weights that are no longer finite are told', async () => {
    trainer.restore(fresh);
    const [name, data] = [...weights][0];
    trainer.start(new Map([...weights, [name, data.map(() => Number.NaN)]]));
    expect((await trainer.step(1, 1e-3)).gradientNorm).toBeNaN();
  });
});
