import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { diffusionSchedule, indexAt, SCHEDULES, timeOf } from '../../src/diffusion/schedule.ts';
import { ConfigError } from '../../src/errors.ts';

interface Golden {
  name: (typeof SCHEDULES)[number];
  steps: number;
  k: number[];
  beta: number[];
  cumulative: number[];
}
const golden: Golden[] = JSON.parse(
  readFileSync(new URL('fixtures/schedule.fixture.json', import.meta.url), 'utf8'),
);

test.each(golden)('numpy agrees on $name, T = $steps', ({ name, steps, k, beta, cumulative }) => {
  const schedule = diffusionSchedule(name, steps);
  k.forEach((index, i) => {
    // 1 - f(k+1)/f(k) loses 4 of 16 digits to cancellation where beta is 4e-5
    expect(Math.abs(schedule.betas[index] / beta[i] - 1)).toBeLessThan(1e-11);
    expect(Math.abs(schedule.cumulative[index] / cumulative[i] - 1)).toBeLessThan(1e-11);
  });
});

test.each(SCHEDULES.flatMap((name) => [21, 300, 1000, 10_000].map((steps) => [name, steps] as const)))(
  '%s, T = %i: betas rise inside (0, 1), the data fades',
  (name, steps) => {
    const { betas, alphas, cumulative } = diffusionSchedule(name, steps);
    expect([betas.length, alphas.length, cumulative.length]).toEqual([steps, steps, steps]);
    let product = 1;
    for (let k = 0; k < steps; k++) {
      product *= alphas[k];
      const rises = betas[k] > (betas[k - 1] ?? 0) && betas[k] < 1;
      if (!rises || alphas[k] !== 1 - betas[k] || cumulative[k] !== product) expect.unreachable(`index ${k}`);
    }
    expect(cumulative[steps - 1]).toBeLessThan(5e-5);
    expect(cumulative[steps - 1]).toBeGreaterThan(0);
  },
);

test('only the last beta of a cosine schedule is clipped', () => {
  const { betas } = diffusionSchedule('cosine', 1000);
  expect(betas.filter((b) => b === 0.9999).length).toBe(1);
  expect(betas[999]).toBe(0.9999);
});

test.each(SCHEDULES)('%s: a number of steps it does not have', (name) => {
  for (const steps of [0, -1, 1.5, 10_001, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => diffusionSchedule(name, steps)).toThrow(ConfigError);
  expect(() => diffusionSchedule('linear', 20)).toThrow('from 21 to 10000'); // its last beta would be 1
});

test('times: the noisiest index is at 0, one step beyond index 0 lies the data at 1', () => {
  expect([timeOf(999, 1000), timeOf(499, 1000), timeOf(-1, 1000)]).toEqual([0, 0.5, 1]);
});

test('every index finds itself at its time, in double and in single precision', () => {
  for (const steps of [1, 7, 21, 300, 1000, 10_000])
    for (let k = 0; k < steps; k++) {
      const t = timeOf(k, steps);
      if (indexAt(t, steps) !== k || indexAt(Math.fround(t), steps) !== k)
        expect.unreachable(`T ${steps}, index ${k}`);
      if (indexAt(t + 0.9 / steps, steps) !== k) expect.unreachable(`T ${steps}, late in the span of ${k}`);
    }
  expect([indexAt(0, 300), indexAt(1, 300), indexAt(Math.fround(1 - 1e-9), 300)]).toEqual([299, 0, 0]);
});
