/** Flows of known solution, over a state of many starting points, and the error of a solver on them. */
import { RandomStream } from '../../../src/random/stream.ts';
import type { Solver, SolverOptions, Velocity } from '../../../src/sampling/solvers/solver.ts';

export interface Flow {
  velocity: Velocity;
  /** The state at t = 1 that starts at `x0`. */
  end: (x0: Float32Array) => Float64Array;
}

const each =
  (f: (x: number, t: number) => number): Velocity =>
  async (x, t) =>
    x.map((v) => f(v, t));
const ends = (f: (x: number) => number) => (x0: Float32Array) => Float64Array.from(x0, f);

/** dx/dt = a x + cos(w t): x = (x0 + a/(a^2 + w^2)) e^(a t) + (w sin(w t) - a cos(w t)) / (a^2 + w^2). */
function forced(a: number, w: number): Flow {
  const q = a * a + w * w;
  return {
    velocity: each((x, t) => a * x + Math.cos(w * t)),
    end: ends((x) => (x + a / q) * Math.exp(a) + (w * Math.sin(w) - a * Math.cos(w)) / q),
  };
}

/** Pairs (x, y) turning by `w` radians. */
export function rotation(w: number): Flow {
  const c = Math.cos(w);
  const s = Math.sin(w);
  return {
    velocity: async (x) => x.map((_, i) => (i % 2 === 0 ? -w * x[i + 1] : w * x[i - 1])),
    end: (x) =>
      Float64Array.from(x, (_, i) => (i % 2 === 0 ? c * x[i] - s * x[i + 1] : s * x[i - 1] + c * x[i])),
  };
}

/**
 * The marginal velocity of the conditional-OT path from N(0, 1) to N(mean, deviation^2): with s_t^2 = (1-t)^2 + t^2 deviation^2,
 * v = mean + s_t'/s_t (x - t mean), which maps x0 to mean + deviation x0.
 */
function gaussians(mean: number, deviation: number): Flow {
  return {
    velocity: each((x, t) => {
      const variance = (1 - t) ** 2 + (t * deviation) ** 2;
      return mean + ((t * deviation ** 2 - (1 - t)) / variance) * (x - t * mean);
    }),
    end: ends((x) => mean + deviation * x),
  };
}

/** dx/dt = a sin x: tan(x/2) = e^a tan(x0/2), |x0| < pi. Nonlinear, so that every order condition counts. */
export const sine = (a: number): Flow => ({
  velocity: each((x) => a * Math.sin(x)),
  end: ends((x) => 2 * Math.atan(Math.exp(a) * Math.tan(x / 2))),
});

export const FLOWS: Record<string, Flow> = {
  'dx/dt = a x + cos(w t)': forced(-2, 9),
  rotation: rotation(5),
  'dx/dt = a sin x': sine(3),
  'optimal-transport path between Gaussians': gaussians(1.5, 0.3),
};

/** dx/dt = n t^(n-1), whose end is x0 + 1: exact for a quadrature of order n. */
export const power = (n: number): Flow => ({
  velocity: each((_, t) => n * t ** (n - 1)),
  end: ends((x) => x + 1),
});

export const start = (length = 400): Float32Array =>
  new RandomStream(1, 'test/flows').fillNormal(new Float32Array(length));

/** Root mean square error at t = 1. */
export async function errorOf(
  solver: Solver,
  flow: Flow,
  options: SolverOptions,
  x0 = start(),
): Promise<number> {
  const got = await solver(flow.velocity, x0, options);
  const want = flow.end(x0);
  return Math.sqrt(got.reduce((sum, v, i) => sum + (v - want[i]) ** 2, 0) / got.length);
}
