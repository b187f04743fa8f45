import { expect, test } from 'vitest';
import { NumericsError, ShapeError, UsageError } from '../../../src/errors.ts';
import { euler, heun, midpoint, rk4 } from '../../../src/sampling/solvers/rungeKutta.ts';
import type { Solver, Velocity } from '../../../src/sampling/solvers/solver.ts';
import { errorOf, FLOWS, power, start } from './flows.ts';

const FIXED: Record<string, Solver> = { euler, midpoint, heun, rk4 };
const FORCED = 'dx/dt = a x + cos(w t)';
const SINE = 'dx/dt = a sin x';
const GAUSSIANS = 'optimal-transport path between Gaussians';

// The steps are where the error is past its first terms and far above the 1e-7 of single precision.
test.each([
  ['euler', FORCED, 256, 1],
  ['euler', 'rotation', 512, 1],
  ['euler', GAUSSIANS, 256, 1],
  ['euler', SINE, 256, 1],
  ['midpoint', FORCED, 64, 2],
  ['midpoint', 'rotation', 64, 2],
  ['midpoint', SINE, 64, 2],
  // The midpoint rule's leading error of dx/dt = (s'/s) x is (s^2)''' / 48 s^2: none, for s^2 is quadratic here.
  ['midpoint', GAUSSIANS, 16, 3],
  ['heun', FORCED, 64, 2],
  ['heun', 'rotation', 64, 2],
  ['heun', GAUSSIANS, 64, 2],
  ['heun', SINE, 64, 2],
  ['rk4', FORCED, 16, 4],
  ['rk4', 'rotation', 16, 4],
  ['rk4', SINE, 8, 4],
] as const)(
  '%s, %s: from %i to twice the steps the error falls by order %i',
  async (name, flow, steps, order) => {
    const coarse = await errorOf(FIXED[name], FLOWS[flow], { steps });
    const fine = await errorOf(FIXED[name], FLOWS[flow], { steps: 2 * steps });
    expect(Math.abs(Math.log2(coarse / fine) - order)).toBeLessThan(0.1);
  },
);

test.each([
  ['euler', 1],
  ['midpoint', 2],
  ['heun', 2],
  ['rk4', 4],
] as const)('%s: in time alone a quadrature, exact to order %i', async (name, order) => {
  for (let n = 1; n <= order; n++)
    expect(await errorOf(FIXED[name], power(n), { steps: 3 })).toBeLessThan(3e-7);
  expect(await errorOf(FIXED[name], power(order + 1), { steps: 3 })).toBeGreaterThan(1e-4);
});

test.each([
  ['euler', [1, 1]],
  ['midpoint', [1, 1, 1 / 2]],
  ['heun', [1, 1, 1 / 2]],
  ['rk4', [1, 1, 1 / 2, 1 / 6, 1 / 24]],
] as const)('%s: one step on dx/dt = -1.7 x is its stability polynomial', async (name, terms) => {
  const [x] = await FIXED[name](async (x) => x.map((v) => -1.7 * v), Float32Array.of(1), { steps: 1 });
  expect(x).toBeCloseTo(
    terms.reduce((sum, c, n) => sum + c * (-1.7) ** n, 0),
    6,
  );
});

test('midpoint and heun to the byte: the formulas of the textbook, rounded once a state', async () => {
  const velocity: Velocity = async (x, t) => x.map((v, i) => Math.sin(3 * v + i) - t);
  const x = start();
  const h = 1 / 7;
  const both = { midpoint: x.slice(), heun: x.slice() };
  for (let n = 0; n < 7; n++) {
    const t = n / 7;
    const m = both.midpoint;
    const v = await velocity(m, t);
    const w = await velocity(
      m.map((a, i) => a + (h / 2) * v[i]),
      t + h / 2,
    );
    both.midpoint = m.map((a, i) => a + h * w[i]);
    const e = both.heun;
    const v1 = await velocity(e, t);
    const v2 = await velocity(
      e.map((a, i) => a + h * v1[i]),
      t + h,
    );
    both.heun = e.map((a, i) => a + (h / 2) * (v1[i] + v2[i]));
  }
  expect(await midpoint(velocity, x, { steps: 7 })).toEqual(both.midpoint);
  expect(await heun(velocity, x, { steps: 7 })).toEqual(both.heun);
});

test.each(Object.entries(FIXED))(
  '%s tells every step, and its last state is the result',
  async (_, solver) => {
    const told: [number, number][] = [];
    let last = new Float32Array(0);
    const x = await solver(FLOWS.rotation.velocity, start(), {
      steps: 4,
      onStep: async (done, t, state) => {
        told.push([done, t]);
        last = state.slice();
      },
    });
    expect(told).toEqual([
      [1, 0.25],
      [2, 0.5],
      [3, 0.75],
      [4, 1],
    ]);
    expect(x).toEqual(last);
  },
);

test.each(Object.entries(FIXED))('%s refuses what it cannot go on with', async (_, solver) => {
  for (const steps of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(solver(FLOWS.rotation.velocity, start(), { steps })).rejects.toThrow(UsageError);
  const late: Velocity = async (x, t) => x.map((v, i) => (i === 3 && t >= 0.5 ? Number.NaN : v));
  await expect(solver(late, start(), { steps: 4 })).rejects.toThrow(NumericsError);
  const overflow: Velocity = async (x) => x.fill(3e38);
  await expect(solver(overflow, new Float32Array(2).fill(3e38), { steps: 1 })).rejects.toThrow(NumericsError);
  await expect(solver(async () => new Float32Array(3), start(), { steps: 4 })).rejects.toThrow(ShapeError);
});
