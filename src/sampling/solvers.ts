/**
 * Integrating dx/dt = v(x, t) from noise (t = 0) to data (t = 1): free functions of one signature over any velocity, with
 * fixed steps h = 1 / steps. `onStep` sees every state: progress, trajectories and pictures are all made from it.
 *
 *   euler     x + h v(x, t)                                      order 1, 1 evaluation a step
 *   midpoint  x + h v(x + h/2 v(x, t), t + h/2)                  order 2, 2 evaluations
 *   heun      x + h/2 (v(x, t) + v(x + h v(x, t), t + h))        order 2, 2 evaluations
 *
 * Hairer, Norsett & Wanner, "Solving Ordinary Differential Equations I" (1993), chapter II.
 */

/** The velocity at state `x` and time `t`; the result may be reused by the next call. */
export type Velocity = (x: Float32Array, t: number) => Promise<Float32Array>;

export interface SolverOptions {
  /** Steps of equal length from t = 0 to t = 1. */
  steps: number;
  /** Told after each step: how many are done, the time reached, the state (a view: copy to keep). */
  onStep?: (done: number, t: number, x: Float32Array) => void | Promise<void>;
}

export type Solver = (velocity: Velocity, x0: Float32Array, options: SolverOptions) => Promise<Float32Array>;

/** `out = x + h v`. */
function advance(x: Float32Array, h: number, v: Float32Array, out: Float32Array): Float32Array {
  for (let i = 0; i < x.length; i++) out[i] = x[i] + h * v[i];
  return out;
}

/** A solver from its step rule, which changes `x` in place. */
function fixedStep(step: (v: Velocity, x: Float32Array, t: number, h: number) => Promise<void>): Solver {
  return async (velocity, x0, { steps, onStep }) => {
    const x = x0.slice();
    for (let i = 0; i < steps; i++) {
      await step(velocity, x, i / steps, 1 / steps);
      await onStep?.(i + 1, (i + 1) / steps, x);
    }
    return x;
  };
}

/** Euler's method. */
export const euler = fixedStep(async (velocity, x, t, h) => {
  advance(x, h, await velocity(x, t), x);
});

/** The explicit midpoint rule. */
export const midpoint = fixedStep(async (velocity, x, t, h) => {
  const half = advance(x, h / 2, await velocity(x, t), new Float32Array(x.length));
  advance(x, h, await velocity(half, t + h / 2), x);
});

/** Heun's method: the trapezoidal rule with an Euler predictor. */
export const heun = fixedStep(async (velocity, x, t, h) => {
  const v1 = (await velocity(x, t)).slice();
  const end = advance(x, h, v1, new Float32Array(x.length));
  const v2 = await velocity(end, t + h);
  for (let i = 0; i < x.length; i++) x[i] += (h / 2) * (v1[i] + v2[i]);
});

export const SOLVERS = { euler, midpoint, heun } as const;

export type SolverName = keyof typeof SOLVERS;

/** Network evaluations (NFE) of one sample, without guidance's second branch. */
export function evaluations(solver: SolverName, steps: number): number {
  return solver === 'euler' ? steps : 2 * steps;
}
