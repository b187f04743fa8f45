import { expect, test } from 'vitest';
import { dataAndNoise, diffusionPoint, diffusionTarget, PREDICTIONS } from '../../src/diffusion/process.ts';
import { diffusionSchedule } from '../../src/diffusion/schedule.ts';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { RandomStream } from '../../src/random/stream.ts';

const schedule = diffusionSchedule('cosine', 300);
const K = [0, 100, 240, 298];
const SIZE = 50;
const numbers = (purpose: string) =>
  new RandomStream(1, purpose).fillNormal(new Float32Array(K.length * SIZE));
const x0 = numbers('test/noise');
const x1 = numbers('test/data');
const empty = () => new Float32Array(x0.length);
const x = diffusionPoint(schedule, x0, x1, K, empty());

test('closed form: one index a sample', () => {
  const v = diffusionTarget(schedule, 'v', x0, x1, K, empty());
  for (let i = 0; i < x.length; i++) {
    const ab = schedule.cumulative[K[Math.floor(i / SIZE)]];
    expect(x[i]).toBeCloseTo(Math.sqrt(ab) * x1[i] + Math.sqrt(1 - ab) * x0[i], 6);
    expect(v[i]).toBeCloseTo(Math.sqrt(ab) * x0[i] - Math.sqrt(1 - ab) * x1[i], 6);
  }
  expect(diffusionTarget(schedule, 'epsilon', x0, x1, K, empty())).toEqual(x0);
});

test('as the data fades one index after the other: the Markov chain has the same mean and variance', () => {
  let mean = 1;
  let variance = 0;
  schedule.betas.forEach((beta, k) => {
    mean *= Math.sqrt(1 - beta);
    variance = (1 - beta) * variance + beta;
    const at = (noise: number, data: number) =>
      diffusionPoint(schedule, Float32Array.of(noise), Float32Array.of(data), [k], new Float32Array(1))[0];
    expect(at(0, 1)).toBeCloseTo(mean, 6);
    expect(at(1, 0) ** 2).toBeCloseTo(variance, 6);
  });
});

test.each(PREDICTIONS)('%s: the target gives the data and the noise back', (prediction) => {
  const target = diffusionTarget(schedule, prediction, x0, x1, K, empty());
  const data = empty();
  const noise = empty();
  dataAndNoise(schedule, prediction, x, target, K, data, noise);
  for (let i = 0; i < x.length; i++) {
    const a = Math.sqrt(schedule.cumulative[K[Math.floor(i / SIZE)]]);
    // epsilon divides the rounding of x, 2^-24 |x|, by sqrt(ab)
    const rounding = prediction === 'epsilon' ? 4e-7 / a : 1e-6;
    expect(Math.abs(data[i] - x1[i])).toBeLessThan(rounding);
    expect(Math.abs(noise[i] - x0[i])).toBeLessThan(1e-6);
  }
});

test.each(PREDICTIONS)(
  '%s: clipped to the reach, data and noise still make x; the others stay',
  (prediction) => {
    const wrong = numbers('test/wrong');
    const [free, clipped] = [undefined, 0.7].map((reach) => {
      const data = empty();
      const noise = empty();
      dataAndNoise(schedule, prediction, x, wrong, K, data, noise, reach);
      return { data, noise };
    });
    let touched = 0;
    const reach = Math.fround(0.7);
    for (let i = 0; i < x.length; i++) {
      if (Math.abs(free.data[i]) > reach) {
        touched++;
        expect(clipped.data[i]).toBe(Math.sign(free.data[i]) * reach);
        const ab = schedule.cumulative[K[Math.floor(i / SIZE)]];
        expect(Math.sqrt(ab) * clipped.data[i] + Math.sqrt(1 - ab) * clipped.noise[i]).toBeCloseTo(x[i], 6);
      } else expect([clipped.data[i], clipped.noise[i]]).toEqual([free.data[i], free.noise[i]]);
    }
    expect(touched).toBeGreaterThan(20);
    expect(touched).toBeLessThan(x.length - 20);
  },
);

test('outputs may lie over inputs', () => {
  const v = diffusionTarget(schedule, 'v', x0, x1, K, empty());
  for (const [make, want] of [
    [diffusionPoint.bind(null, schedule), x],
    [diffusionTarget.bind(null, schedule, 'v'), v],
  ] as const) {
    const a = x0.slice();
    expect(make(a, x1, K, a)).toEqual(want);
    const b = x1.slice();
    expect(make(x0, b, K, b)).toEqual(want);
  }
  const b = x1.slice();
  expect(diffusionTarget(schedule, 'epsilon', x0, b, K, b)).toEqual(x0);
  const [data, noise] = [empty(), empty()];
  dataAndNoise(schedule, 'v', x, v, K, data, noise);
  const [at, predicted] = [x.slice(), v.slice()];
  dataAndNoise(schedule, 'v', at, predicted, K, predicted, at);
  expect([predicted, at]).toEqual([data, noise]);
});

test('lengths and indices that do not fit', () => {
  for (const call of [
    (k: number[], a: Float32Array) => diffusionPoint(schedule, a, x1, k, empty()),
    (k: number[], a: Float32Array) => diffusionTarget(schedule, 'epsilon', a, x1, k, empty()),
    (k: number[], a: Float32Array) => dataAndNoise(schedule, 'v', a, x1, k, empty(), empty()),
  ]) {
    expect(() => call(K, x0.subarray(1))).toThrow(ShapeError);
    expect(() => call([1, 2, 3], x0)).toThrow(ShapeError);
    expect(() => call([], x0)).toThrow(ShapeError);
    for (const bad of [-1, 300, 0.5, Number.NaN]) expect(() => call([0, bad], x0)).toThrow(NumericsError);
  }
});
