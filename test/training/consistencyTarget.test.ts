/**
 * Consistency targets against the closed form of one Gaussian: for data N(m, s^2) the marginal velocity and its flow map are
 * known, v(x, t) = m + (x - t m) (t s^2 - (1 - t)) / w(t) and f(x, t) = m + (x - t m) s / sqrt(w(t)), with the variance
 * w(t) = (1 - t)^2 + t^2 s^2.
 */
import { expect, test } from 'vitest';
import type { VelocityField } from '../../src/sampling/batchVelocity.ts';
import type { Solver } from '../../src/sampling/solvers/solver.ts';
import { SOLVERS } from '../../src/sampling/solvers.ts';
import { consistencyTarget, crossInterval, intervalsAt } from '../../src/training/consistencyTarget.ts';

const M = 0.7;
const S = 2;
const LENGTH = 3;
const variance = (t: number) => (1 - t) ** 2 + t ** 2 * S ** 2;
const arrival = (x: number, t: number) => M + ((x - t * M) * S) / Math.sqrt(variance(t));

const fieldOf =
  (velocity: (x: number, t: number) => number): VelocityField =>
  async (x, t) =>
    x.map((value, i) => velocity(value, t[Math.floor(i / LENGTH)]));
const exact = fieldOf((x, t) => M + ((x - t * M) * (t * S ** 2 - (1 - t))) / variance(t));
const jump = fieldOf((x, t) => (t === 1 ? Number.NaN : (arrival(x, t) - x) / (1 - t)));

const times = new Float32Array([0, 0.25, 0.5, 0.75]);
const states = Float32Array.from({ length: times.length * LENGTH }, (_, i) => Math.sin(3 * i));

async function worst(solver: Solver, dt: number, steps = 1): Promise<number> {
  const target = await consistencyTarget(exact, jump, states, times, dt, { solver, steps });
  const wanted = await jump(states, times);
  return Math.max(...target.map((v, i) => Math.abs(v - wanted[i])));
}

test.each([
  ['euler', 2],
  ['heun', 3],
] as const)(
  'with the exact flow and the exact jump, the %s target errs by order %i of the interval',
  async (name, order) => {
    const [coarse, fine] = [await worst(SOLVERS[name], 1 / 16), await worst(SOLVERS[name], 1 / 32)];
    expect(Math.log2(coarse / fine)).toBeGreaterThan(order - 0.3);
    expect(Math.log2(coarse / fine)).toBeLessThan(order + 0.3);
  },
);

test('crossed exactly, the target is the exact jump, up to the last interval where the network is not asked', async () => {
  // dt = 1/4: the last sample arrives at t = 1, where `jump` would be no number.
  expect(await worst(SOLVERS.rk4, 1 / 4, 16)).toBeLessThan(1e-5);
});

test('every sample crosses from its own time', async () => {
  const crossed = await crossInterval(exact, states, times, 0.25, { solver: SOLVERS.rk4, steps: 16 });
  for (const [i, x] of states.entries()) {
    const t = times[Math.floor(i / LENGTH)];
    const s = t + 0.25;
    expect(crossed[i]).toBeCloseTo(s * M + (x - t * M) * Math.sqrt(variance(s) / variance(t)), 5);
  }
});

test('intervals double, each number for an equal share of the steps', () => {
  const counts = Array.from({ length: 8 }, (_, i) => intervalsAt(i + 1, 8, { from: 2, to: 16 }));
  expect(counts).toEqual([2, 2, 4, 4, 8, 8, 16, 16]);
  expect(intervalsAt(9, 8, { from: 2, to: 16 })).toBe(16);
  expect(intervalsAt(5, 8, { from: 3, to: 3 })).toBe(3);
});
