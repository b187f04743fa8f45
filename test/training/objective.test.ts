/** The batches of both objectives: equal draws, the right states and targets, and what varies the latents. */
import { expect, test } from 'vitest';
import { type GeneratorConfig, generatorSchema } from '../../src/config/schemas.ts';
import { diffusionSchedule } from '../../src/diffusion/schedule.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { LatentSet } from '../../src/training/latents.ts';
import { batchMaker } from '../../src/training/objective.ts';

const SHAPE = [2, 2, 2, 2];
const LENGTH = 16;

/** Two copies of six cases; latent i is i everywhere, so that a batch tells which ones it took. */
const set: LatentSet = {
  shape: SHAPE,
  copies: 1,
  cases: 6,
  latents: Array.from({ length: 12 }, (_, i) => new Float32Array(LENGTH).fill(i)),
};
const labels = Int32Array.from([0, 0, 0, 1, 1, 1]);
const config = (values: object): GeneratorConfig =>
  generatorSchema.parse({ batch: 4, classDropout: 0, ...values });
const make = (values: object) => batchMaker(set, labels, config(values));
const noiseOf = (step: number) =>
  new RandomStream(0, 'train/noise', step).fillNormal(new Float32Array(4 * LENGTH));

/** The data that a batch was made of, from its state and noise. */
const close = (a: number, b: number) => expect(a).toBeCloseTo(b, 4);

test('otfm: the state lies on the line, the target is its direction', () => {
  const { x, t, target, label } = make({})(7);
  const x0 = noiseOf(7);
  for (let i = 0; i < x.length; i++) {
    const x1 = target[i] + x0[i];
    close(x1, Math.round(x1));
    close(x[i], (1 - t[Math.floor(i / LENGTH)]) * x0[i] + t[Math.floor(i / LENGTH)] * x1);
    expect(label[Math.floor(i / LENGTH)]).toBe(Math.round(x1) % 6 < 3 ? 0 : 1);
  }
});

test.each(['epsilon', 'v'])(
  'ddpm, %s: the same cases and noise as otfm, noised by the schedule',
  (prediction) => {
    const otfm = make({})(7);
    const ddpm = make({ objective: 'ddpm', diffusion: { prediction, steps: 100 } })(7);
    const { cumulative } = diffusionSchedule('cosine', 100);
    const x0 = noiseOf(7);
    expect([...ddpm.label]).toEqual([...otfm.label]);
    for (let i = 0; i < x0.length; i++) {
      const b = Math.floor(i / LENGTH);
      const k = Math.round((1 - ddpm.t[b]) * 100) - 1;
      expect(Math.abs(ddpm.t[b] - otfm.t[b])).toBeLessThanOrEqual(0.0101);
      const x1 = otfm.target[i] + x0[i];
      const [signal, noise] = [Math.sqrt(cumulative[k]), Math.sqrt(1 - cumulative[k])];
      close(ddpm.x[i], signal * x1 + noise * x0[i]);
      close(ddpm.target[i], prediction === 'epsilon' ? x0[i] : signal * x0[i] - noise * x1);
    }
  },
);

test('a batch is a pure function of seed and step, and dropped labels are the null class', () => {
  const maker = make({ classDropout: 0.5 });
  const [a, , b] = [maker(3), maker(4), maker(3)];
  expect(b).toEqual(a);
  expect(maker(4)).not.toEqual(a);
  const seen = new Set(Array.from({ length: 20 }, (_, i) => [...maker(i + 1).label]).flat());
  expect([...seen].sort()).toEqual([0, 1, 5]);
});

test('minibatch-ot pairs within a class only', () => {
  const [plain, paired] = [make({})(9), make({ coupling: 'minibatch-ot' })(9)];
  const x0 = noiseOf(9);
  const dataOf = (target: Float32Array, noise: Float32Array, b: number, from: number) =>
    target[b * LENGTH] + noise[from * LENGTH];
  for (let b = 0; b < 4; b++) {
    // Which noise sample leads to the same data as before?
    const x1 = dataOf(plain.target, x0, b, b);
    const from = [0, 1, 2, 3].filter((j) => Math.abs(dataOf(paired.target, x0, b, j) - x1) < 1e-4);
    expect(from).toHaveLength(1);
    expect(plain.label[from[0]]).toBe(plain.label[b]);
  }
  expect(paired.label).toEqual(plain.label);
});

test('latents.mix mixes within a class, latents.noise adds what it says', () => {
  const many = Array.from({ length: 200 }, (_, i) => i + 1);
  const mixed = make({ latents: { mix: 1 } });
  for (const step of many.slice(0, 50)) {
    const { target, label } = mixed(step);
    const x0 = noiseOf(step);
    for (let b = 0; b < 4; b++) {
      const x1 = target[b * LENGTH] + x0[b * LENGTH];
      // Latents of class 0 are 0..2 and 6..8, of class 1 3..5 and 9..11.
      const [least, most] = label[b] === 0 ? [0, 8] : [3, 11];
      expect(x1).toBeGreaterThan(least - 1e-4);
      expect(x1).toBeLessThan(most + 1e-4);
    }
  }
  const noisy = make({ latents: { noise: 0.2 } });
  let squares = 0;
  for (const step of many) {
    const [a, b] = [make({})(step), noisy(step)];
    for (let i = 0; i < a.target.length; i++) squares += (b.target[i] - a.target[i]) ** 2;
  }
  expect(Math.sqrt(squares / (200 * 4 * LENGTH))).toBeCloseTo(0.2, 2);
});
