/**
 * Against truth: for data N(mean, deviation^2) the best possible network is known in closed form, and so is where it leads.
 */
import { expect, test } from 'vitest';
import { PREDICTIONS, type Prediction } from '../../../src/diffusion/process.ts';
import { diffusionSchedule, indexAt, SCHEDULES, type Schedule } from '../../../src/diffusion/schedule.ts';
import { NumericsError, ShapeError, UsageError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import {
  ancestral,
  ddim,
  ddimIndices,
  SPACINGS,
  type Spacing,
  stepNoise,
} from '../../../src/sampling/solvers/ddim.ts';
import { counted, type Velocity } from '../../../src/sampling/solvers/solver.ts';

const MEAN = 0.8;
const DEVIATION = 0.5;

/** Mean and variance of x_k for data N(MEAN, DEVIATION^2). */
function marginal({ cumulative }: Schedule, k: number) {
  const ab = k < 0 ? 1 : cumulative[k];
  return { ab, mean: Math.sqrt(ab) * MEAN, variance: ab * DEVIATION ** 2 + 1 - ab };
}

/** E[epsilon | x_k] and E[v | x_k]: both linear in x, by the formula of conditional Gaussians. */
function optimal(schedule: Schedule, prediction: Prediction): Velocity {
  return async (x, t) => {
    const { ab, mean, variance } = marginal(schedule, indexAt(t, schedule.steps));
    return x.map((value) => {
      const noise = (Math.sqrt(1 - ab) * (value - mean)) / variance;
      const data = MEAN + (Math.sqrt(ab) * DEVIATION ** 2 * (value - mean)) / variance;
      return prediction === 'epsilon' ? noise : Math.sqrt(ab) * noise - Math.sqrt(1 - ab) * data;
    });
  };
}

const CASES = SCHEDULES.flatMap((name) =>
  [300, 1000].flatMap((total) => PREDICTIONS.map((prediction) => ({ name, total, prediction }))),
);
const noise = (length: number, index = 0) =>
  new RandomStream(3, 'test/ddim', index).fillNormal(new Float32Array(length));
const rms = (a: ArrayLike<number>, b: (i: number) => number) =>
  Math.sqrt(Array.from(a).reduce((sum, v, i) => sum + (v - b(i)) ** 2, 0) / a.length);

test.each(CASES)(
  '$name, T = $total, $prediction: DDIM is the exact map, ever nearer with more steps',
  async (c) => {
    const schedule = diffusionSchedule(c.name, c.total);
    const solver = ddim({ schedule, prediction: c.prediction });
    const x0 = noise(400);
    const first = marginal(schedule, c.total - 1);
    let before = Number.POSITIVE_INFINITY;
    for (const steps of [10, 30, 100, c.total]) {
      const x = await solver(optimal(schedule, c.prediction), x0, { steps });
      // One step turns the pair of data and noise by the angle between two levels: here, of the spread alone.
      let factor = 1;
      const indices = ddimIndices(c.total, steps);
      for (let i = 0; i < steps; i++) {
        const [p, q] = [marginal(schedule, indices[i]), marginal(schedule, indices[i + 1])];
        factor *= (Math.sqrt(p.ab * q.ab) * DEVIATION ** 2 + Math.sqrt((1 - p.ab) * (1 - q.ab))) / p.variance;
      }
      // epsilon of single precision: the first guess of the data is off by its rounding over sqrt(ab), 6e4 times
      const second = marginal(schedule, indices[1]);
      const rounding = c.prediction === 'epsilon' ? 4e-8 * Math.sqrt(second.ab / first.ab) : 0;
      expect(rms(x, (i) => MEAN + factor * (x0[i] - first.mean))).toBeLessThan(2e-5 + rounding);
      // The probability flow of a Gaussian keeps every point at its number of standard deviations.
      const error = rms(x, (i) => MEAN + (DEVIATION * (x0[i] - first.mean)) / Math.sqrt(first.variance));
      expect(error).toBeLessThan(before / 1.5);
      before = error;
    }
    expect(before).toBeLessThan(6 / c.total);
  },
);

test.each(SCHEDULES)('%s: epsilon and v give the same trajectory for the best network', async (name) => {
  const schedule = diffusionSchedule(name, 300);
  for (const eta of [0, 0.5, 1]) {
    const ways = PREDICTIONS.map(() => [] as Float32Array[]);
    for (const [n, prediction] of PREDICTIONS.entries())
      await ddim({ schedule, prediction, eta, noise: stepNoise(7, 0) })(
        optimal(schedule, prediction),
        noise(100),
        {
          steps: 50,
          onStep: (_, __, x) => {
            ways[n].push(x.slice());
          },
        },
      );
    expect(ways[0].length).toBe(50);
    ways[0].forEach((x, i) => {
      expect(rms(x, (j) => ways[1][i][j])).toBeLessThan(2e-5);
    });
  }
});

test.each(CASES)(
  '$name, T = $total, $prediction: ancestral samples have the mean and the variance',
  async (c) => {
    const schedule = diffusionSchedule(c.name, c.total);
    const count = 3000;
    const solver = ancestral({ schedule, prediction: c.prediction, noise: stepNoise(11, 0) });
    const x = await solver(optimal(schedule, c.prediction), noise(count), { steps: c.total });
    // The discrete chain is Gaussian too: its spread by recursion, with Ho's coefficients of x_k and of the data.
    let variance = 1;
    let mean = 0;
    for (let k = c.total - 1; k >= 0; k--) {
      const [p, q] = [marginal(schedule, k), marginal(schedule, k - 1)];
      const beta = schedule.betas[k];
      const ofData = (Math.sqrt(q.ab) * beta) / (1 - p.ab);
      const ofX = (Math.sqrt(1 - beta) * (1 - q.ab)) / (1 - p.ab);
      const slope = (Math.sqrt(p.ab) * DEVIATION ** 2) / p.variance;
      mean = (ofX + ofData * slope) * (mean - p.mean) + ofX * p.mean + ofData * MEAN;
      variance = (ofX + ofData * slope) ** 2 * variance + (beta * (1 - q.ab)) / (1 - p.ab);
    }
    const got = x.reduce((a, b) => a + b, 0) / count;
    const spread = x.reduce((a, b) => a + (b - got) ** 2, 0) / (count - 1);
    expect(Math.abs(got - mean)).toBeLessThan(4 * Math.sqrt(variance / count));
    expect(Math.abs(spread / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    // and the chain's own distance from the truth is small, and smaller with more steps
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.01);
    expect(Math.abs(Math.sqrt(variance) / DEVIATION - 1)).toBeLessThan(12 / c.total);
  },
);

test.each(CASES)(
  '$name, T = $total, $prediction: eta 1 with all steps is DDPM as Ho et al. wrote it',
  async (c) => {
    const schedule = diffusionSchedule(c.name, c.total);
    const reach = 1.5;
    const z = stepNoise(5, 2);
    const network: Velocity = async (x, t) => x.map((v, i) => Math.sin(2 * v + i + 3 * t)); // no truth in it
    const x0 = noise(60);
    // x_{k-1} = posterior mean + sqrt(posterior variance) z, equations 6 and 7, all in double precision
    let x = Float64Array.from(x0);
    const drawn = new Float32Array(x.length);
    for (let k = c.total - 1; k >= 0; k--) {
      const [beta, ab] = [schedule.betas[k], schedule.cumulative[k]];
      const before = k > 0 ? schedule.cumulative[k - 1] : 1;
      const predicted = await network(Float32Array.from(x), 1 - (k + 1) / c.total);
      z(k, drawn);
      x = x.map((v, i) => {
        const data =
          c.prediction === 'epsilon'
            ? v / Math.sqrt(ab) - Math.sqrt(1 / ab - 1) * predicted[i]
            : Math.sqrt(ab) * v - Math.sqrt(1 - ab) * predicted[i];
        const clipped = Math.min(reach, Math.max(-reach, data));
        const mean =
          ((Math.sqrt(before) * beta) / (1 - ab)) * clipped +
          ((Math.sqrt(1 - beta) * (1 - before)) / (1 - ab)) * v;
        return mean + (k > 0 ? Math.sqrt(((1 - before) / (1 - ab)) * beta) * drawn[i] : 0);
      });
    }
    const got = await ancestral({ schedule, prediction: c.prediction, reach, noise: z })(network, x0, {
      steps: c.total,
    });
    expect(rms(got, (i) => x[i])).toBeLessThan(1e-4);
  },
);

test('fewer steps: evenly spaced, the first always T - 1, and then the data', () => {
  expect(ddimIndices(1000, 1)).toEqual([999, -1]);
  expect(ddimIndices(1000, 4)).toEqual([999, 749, 499, 249, -1]);
  expect(ddimIndices(10, 4)).toEqual([9, 7, 4, 2, -1]);
  expect(ddimIndices(5, 5)).toEqual([4, 3, 2, 1, 0, -1]);
  expect(ddimIndices(1000, 4, 'leading')).toEqual([750, 500, 250, 0, -1]);
  expect(ddimIndices(10, 4, 'leading')).toEqual([7, 5, 2, 0, -1]);
  expect(ddimIndices(300, 1, 'leading')).toEqual([299, -1]);
  expect(ddimIndices(300, 300, 'leading')).toEqual(ddimIndices(300, 300));
  for (const spacing of SPACINGS)
    for (const total of [1, 21, 300, 1000])
      for (let steps = 1; steps <= total; steps++) {
        const indices = ddimIndices(total, steps, spacing).slice(0, -1);
        const gaps = indices.slice(1).map((k, i) => indices[i] - k);
        const even = gaps.every((g) => g === Math.floor(total / steps) || g === Math.ceil(total / steps));
        const fixed =
          spacing === 'trailing' || steps === 1 ? indices[0] === total - 1 : indices[steps - 1] === 0;
        if (!even || !fixed || indices.length !== steps)
          expect.unreachable(`${spacing}, T ${total}, ${steps} steps`);
      }
});

test('an imperfect epsilon on the cosine schedule: noise from T - 1 spoils few trailing steps, not leading ones, nor v', async () => {
  const schedule = diffusionSchedule('cosine', 1000);
  const error = async (prediction: Prediction, spacing: Spacing) => {
    const best = optimal(schedule, prediction);
    const network: Velocity = async (x, t) => {
      const wrong = noise(x.length, indexAt(t, 1000));
      return (await best(x, t)).map((v, i) => v + 0.03 * wrong[i]);
    };
    const solver = ddim({ schedule, prediction, spacing, reach: 4 });
    const x0 = noise(2000, 5000);
    const perfect = await solver(best, x0, { steps: 4 });
    return rms(await solver(network, x0, { steps: 4 }), (i) => perfect[i]);
  };
  expect(await error('epsilon', 'trailing')).toBeGreaterThan(DEVIATION / 2);
  expect(await error('epsilon', 'leading')).toBeLessThan(DEVIATION / 10);
  expect(await error('v', 'trailing')).toBeLessThan(DEVIATION / 10);
});

test('tells the times, evaluates once a step at the times of the schedule, and leaves x0 as it is', async () => {
  const schedule = diffusionSchedule('cosine', 300);
  const asked: number[] = [];
  const counter = counted(async (x, t) => {
    asked.push(t);
    return x;
  });
  const told: number[] = [];
  const x0 = noise(20);
  const x = await ddim({ schedule, prediction: 'v' })(counter.velocity, x0, {
    steps: 4,
    onStep: (done, t, state) => {
      expect(done).toBe(told.push(t));
      expect(state.length).toBe(20);
    },
  });
  expect([asked, told, counter.evaluations]).toEqual([[0, 0.25, 0.5, 0.75], [0.25, 0.5, 0.75, 1], 4]);
  expect(x0).toEqual(noise(20));
  expect(x).not.toEqual(x0);
});

test('the same skull of the same seed at every call; another one gets other noise', async () => {
  const schedule = diffusionSchedule('linear', 300);
  const network = optimal(schedule, 'v');
  const draw = (seed: number, index: number) =>
    ancestral({ schedule, prediction: 'v', noise: stepNoise(seed, index) })(network, noise(30), {
      steps: 20,
    });
  const first = await draw(1, 0);
  expect(await draw(1, 0)).toEqual(first);
  expect(await draw(1, 1)).not.toEqual(first);
  expect(await draw(2, 0)).not.toEqual(first);
  const seen = new Set<number>();
  for (const index of [0, 1, 2, 1000])
    for (let k = 0; k < 300; k++) {
      const out = new Float32Array(2);
      stepNoise(1, index)(k, out);
      seen.add(out[0]);
    }
  expect(seen.size).toBeGreaterThan(1190); // 1,200 but for chance in 24 bits
});

test('with a reach the sample stays within it, whatever the network says', async () => {
  const schedule = diffusionSchedule('cosine', 300);
  const wild: Velocity = async (x) => x.map((v) => 50 * v);
  for (const prediction of PREDICTIONS) {
    const largest = async (reach?: number) =>
      Math.max(
        ...(await ddim({ schedule, prediction, reach })(wild, noise(50), { steps: 30 })).map(Math.abs),
      );
    expect(await largest()).toBeGreaterThan(2);
    expect(await largest(1.25)).toBeLessThanOrEqual(1.25);
  }
});

test('refuses what it cannot go on with', async () => {
  const schedule = diffusionSchedule('cosine', 300);
  for (const eta of [-0.1, 1.1, Number.NaN])
    expect(() => ddim({ schedule, prediction: 'v', eta, noise: stepNoise(1, 0) })).toThrow(UsageError);
  expect(() => ddim({ schedule, prediction: 'v', eta: 0.5 })).toThrow('without a source of noise');
  for (const reach of [0, -1, Number.NaN])
    expect(() => ddim({ schedule, prediction: 'v', reach })).toThrow(UsageError);
  const solver = ddim({ schedule, prediction: 'epsilon', reach: 2 });
  const same: Velocity = async (x) => x;
  for (const steps of [0, 1.5, 301, Number.NaN])
    await expect(solver(same, noise(8), { steps })).rejects.toThrow('from 1 to 300');
  // An infinite prediction would be clipped to an ordinary sample.
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    await expect(solver(async (x) => x.map(() => value), noise(8), { steps: 3 })).rejects.toThrow(
      NumericsError,
    );
  await expect(solver(async () => new Float32Array(3), noise(8), { steps: 3 })).rejects.toThrow(ShapeError);
});
