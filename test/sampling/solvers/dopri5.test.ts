import { expect, test } from 'vitest';
import { NumericsError, ShapeError, UsageError } from '../../../src/errors.ts';
import { dopri5 } from '../../../src/sampling/solvers/dopri5.ts';
import { counted, type SolverOptions, type Velocity } from '../../../src/sampling/solvers/solver.ts';
import { errorOf, FLOWS, type Flow, power, rotation, sine, start } from './flows.ts';

/** Error, evaluations and accepted steps at one tolerance, absolute and relative. */
async function solve(flow: Flow, tolerance: number, options: Partial<SolverOptions> = {}) {
  const { velocity } = flow;
  const counter = counted(velocity);
  const times: number[] = [];
  const error = await errorOf(
    dopri5,
    { ...flow, velocity: counter.velocity },
    {
      steps: 4,
      ...options,
      tolerance: { absolute: tolerance, relative: tolerance },
      onStep: (done, t) => {
        expect(done).toBe(times.push(t));
      },
    },
  );
  return { error, evaluations: counter.evaluations, times };
}

test.each(Object.entries(FLOWS))(
  '%s: the error follows the tolerance, and a finer one costs more',
  async (_, flow) => {
    let cost = 0;
    for (const tolerance of [1e-2, 1e-4, 1e-6]) {
      const { error, evaluations, times } = await solve(flow, tolerance);
      expect(error).toBeLessThan(5 * tolerance);
      expect(evaluations).toBeGreaterThan(cost);
      cost = evaluations;
      expect(times.at(-1)).toBe(1);
      expect(times.every((t, i) => t > (times[i - 1] ?? 0))).toBe(true);
    }
  },
);

test.each([
  ['rotation', rotation, 0.2],
  ['nonlinear', sine, Number.POSITIVE_INFINITY], // its error falls faster still: by order 7 here
] as const)(
  '%s: the error of a single step falls by order 6, so that of a whole way by 5',
  async (_, flow, above) => {
    const one = { steps: 1, tolerance: { absolute: 1, relative: 1 } };
    const ratio = (await errorOf(dopri5, flow(0.6), one)) / (await errorOf(dopri5, flow(0.4), one));
    const order = Math.log(ratio) / Math.log(0.6 / 0.4);
    expect(order).toBeGreaterThan(5.9);
    expect(order).toBeLessThan(6 + above);
  },
);

test('one step is the stability polynomial of order 5, with z^6 / 600', async () => {
  const z = -0.9;
  let told = 0;
  const [x] = await dopri5(async (x) => x.map((v) => z * v), Float32Array.of(1), {
    steps: 1,
    tolerance: { absolute: 1, relative: 1 },
    onStep: (done) => {
      told = done;
    },
  });
  expect(told).toBe(1);
  expect(x).toBeCloseTo(1 + z + z ** 2 / 2 + z ** 3 / 6 + z ** 4 / 24 + z ** 5 / 120 + z ** 6 / 600, 6);
});

test('in time alone a quadrature, exact to order 5', async () => {
  const coarse = { steps: 1, tolerance: { absolute: 1, relative: 1 } };
  for (let n = 1; n <= 5; n++) expect(await errorOf(dopri5, power(n), coarse)).toBeLessThan(2e-7);
  expect(await errorOf(dopri5, power(6), coarse)).toBeGreaterThan(1e-4);
});

test('the error of a step is a distance from order 4: none where both quadratures are exact', async () => {
  for (let n = 1; n <= 4; n++) {
    const { evaluations, times } = await solve(power(n), 1e-6, { steps: 1 });
    expect([evaluations, times]).toEqual([7, [1]]);
  }
  expect((await solve(power(5), 1e-6, { steps: 1 })).evaluations).toBeGreaterThan(7);
});

test('one evaluation, then six a try: the last of a step is the first of the next', async () => {
  const easy = await solve(power(1), 1e-4, { steps: 10 });
  expect(easy.times).toEqual([0.1, 1]); // grows tenfold, and is not left with a tiny last step
  expect(easy.evaluations).toBe(1 + 6 * 2);
  const hard = await solve(FLOWS.rotation, 1e-6, { steps: 1 });
  const tries = (hard.evaluations - 1) / 6;
  expect(Number.isInteger(tries)).toBe(true);
  expect(tries).toBeGreaterThan(hard.times.length); // a whole turn in one step was tried and rejected
});

test('a sharp turn in the middle: short steps there, long ones elsewhere, and the right end', async () => {
  const width = 0.05;
  const flow: Flow = {
    velocity: async (x, t) => x.map(() => 1 / (width * Math.cosh((t - 0.5) / width) ** 2)),
    end: (x) => Float64Array.from(x, (v) => v + 2 * Math.tanh(0.5 / width)),
  };
  const { error, times } = await solve(flow, 1e-4, { steps: 8 });
  expect(error).toBeLessThan(1e-3);
  const lengths = times.map((t, i) => t - (times[i - 1] ?? 0));
  const shortest = lengths.indexOf(Math.min(...lengths));
  expect(Math.abs(times[shortest] - 0.5)).toBeLessThan(2 * width);
  expect(Math.max(...lengths) / lengths[shortest]).toBeGreaterThan(3);
});

test('gives up within the evaluations allowed, saying where it stood', async () => {
  const noise: Velocity = async (x, t) => x.map((v, i) => Math.sin(1e9 * (t + 1) * (i + 1) + 1e7 * v));
  const counter = counted(noise);
  const run = dopri5(counter.velocity, start(), { steps: 4, maxEvaluations: 100 });
  await expect(run).rejects.toThrow(/dopri5 came to t = 0\.\d{4} with 97 evaluations.*\n.*within 100/);
  await expect(run).rejects.toThrow(NumericsError);
  expect(counter.evaluations).toBe(97);
  const jump: Velocity = async (x, t) => x.map(() => (t < 1 / 3 ? 0 : 1e20));
  await expect(
    dopri5(jump, start(4), { steps: 4, maxEvaluations: Number.POSITIVE_INFINITY }),
  ).rejects.toThrow(/t = 0\.3333 .* its step now \d\.\de-11/);
});

test('refuses what it cannot go on with', async () => {
  const { velocity } = FLOWS.rotation;
  await expect(dopri5(velocity, start(), { steps: 0 })).rejects.toThrow(UsageError);
  for (const bad of [0, -1, 1e-9, 2, Number.NaN]) {
    await expect(dopri5(velocity, start(), { steps: 4, tolerance: { absolute: bad } })).rejects.toThrow(
      'an absolute tolerance',
    );
    await expect(dopri5(velocity, start(), { steps: 4, tolerance: { relative: bad } })).rejects.toThrow(
      'a relative tolerance',
    );
  }
  await expect(dopri5(velocity, start(), { steps: 4, maxEvaluations: Number.NaN })).rejects.toThrow(
    NumericsError,
  );
  const late: Velocity = async (x, t) => x.map((v, i) => (i === 3 && t >= 0.5 ? Number.NaN : v));
  await expect(dopri5(late, start(), { steps: 4 })).rejects.toThrow(NumericsError);
  await expect(dopri5(async () => new Float32Array(3), start(), { steps: 4 })).rejects.toThrow(ShapeError);
});
