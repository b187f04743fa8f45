/**
 * What a consistency model learns on straight paths (Song et al. 2023, "Consistency Models", consistency distillation). The
 * network's output is read as the velocity that leads straight to the data,
 *
 *   f(x, t) = x + (1 - t) v(x, t),          f(x, 1) = x,
 *
 * and f shall be the same all along a path of the source. From x_t the source goes on to x_s, s > t; where the averaged
 * student arrives from there, the student shall arrive from x_t:
 *
 *   target velocity = (f_average(x_s, s) - x_t) / (1 - t).
 *
 * If f_average is the exact flow map, the target is it too, up to the error of the source's solver over one interval. The
 * squared error of velocities weights that of f by 1 / (1 - t)^2: the last interval counts as much as the first.
 */
import type { VelocityField } from '../sampling/batchVelocity.ts';
import type { Solver } from '../sampling/solvers/solver.ts';

/** How the source crosses an interval. */
export interface Crossing {
  solver: Solver;
  /** Steps of it, an interval. */
  steps: number;
}

/** The states after `dt`, each sample from its own time. */
export function crossInterval(
  source: VelocityField,
  x: Float32Array,
  t: Float32Array,
  dt: number,
  { solver, steps }: Crossing,
): Promise<Float32Array> {
  // Over tau from 0 to 1: dx / dtau = dt v(x, t + tau dt).
  const velocity = async (state: Float32Array, tau: number) => {
    const v = await source(
      state,
      t.map((time) => time + tau * dt),
    );
    return v.map((value) => dt * value);
  };
  return solver(velocity, x, { steps });
}

/** The target velocity at states `x` and times `t` < 1 (flat, sample after sample), over intervals of length `dt`. */
export async function consistencyTarget(
  source: VelocityField,
  average: VelocityField,
  x: Float32Array,
  t: Float32Array,
  dt: number,
  crossing: Crossing,
): Promise<Float32Array> {
  const reached = await crossInterval(source, x, t, dt, crossing);
  const s = t.map((time) => Math.min(1, time + dt));
  const v = s.every((time) => time === 1) ? undefined : await average(reached, s);
  const length = x.length / t.length;
  const target = new Float32Array(x.length);
  for (let b = 0; b < t.length; b++) {
    const left = 1 - s[b];
    for (let i = b * length; i < (b + 1) * length; i++) {
      // At s = 1 the state is the data, whatever the network says there.
      const end = left === 0 || v === undefined ? reached[i] : reached[i] + left * v[i];
      target[i] = (end - x[i]) / (1 - t[b]);
    }
  }
  return target;
}

/** Intervals of time at a step (1 the first): `from` doubled until `to`, each number for an equal share of the steps. */
export function intervalsAt(step: number, steps: number, { from, to }: { from: number; to: number }): number {
  const stages = Math.round(Math.log2(to / from)) + 1;
  return from * 2 ** Math.min(stages - 1, Math.floor(((step - 1) * stages) / steps));
}
