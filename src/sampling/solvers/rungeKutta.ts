/**
 * Explicit Runge-Kutta methods with fixed steps h = 1 / steps, all one function over Butcher tableaus:
 *
 *   k_s = v(x + h sum_j a_sj k_j, t + c_s h)        x <- x + h sum_s b_s k_s
 *
 *   euler     1 evaluation a step, order 1          midpoint, heun   2 evaluations, order 2
 *   rk4       4 evaluations, order 4
 *
 * States are single precision, sums double. Hairer, Norsett & Wanner, "Solving Ordinary Differential Equations I" (1993), II.1.
 */
import { checkFinite, checkSteps, evaluate, type Solver } from './solver.ts';

/** One row of `a` and one `c` for each evaluation; the first row is empty. */
export interface Tableau {
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/** `out = x + h sum_j w_j k_j`; `out` may be `x`. Throws `NumericsError` (naming time `t`) where that is not finite. */
export function advance(
  x: Float32Array,
  h: number,
  weights: readonly number[],
  k: readonly Float32Array[],
  out: Float32Array,
  t: number,
): Float32Array {
  const terms = weights.flatMap((w, j) => (w === 0 ? [] : [{ w, k: k[j] }]));
  for (let i = 0; i < x.length; i++) {
    let sum = 0;
    for (let j = 0; j < terms.length; j++) sum += terms[j].w * terms[j].k[i];
    out[i] = x[i] + h * sum;
  }
  checkFinite(out, t);
  return out;
}

/** The fixed-step solver of a tableau. Throws `UsageError`, `ShapeError`, `NumericsError`. */
function fixedStep({ c, a, b }: Tableau): Solver {
  return async (velocity, x0, { steps, onStep }) => {
    checkSteps(steps);
    const x = x0.slice();
    const stage = new Float32Array(x.length);
    const k = b.map(() => new Float32Array(x.length));
    const h = 1 / steps;
    for (let i = 0; i < steps; i++) {
      const t = i / steps;
      for (let s = 0; s < k.length; s++)
        await evaluate(velocity, s === 0 ? x : advance(x, h, a[s], k, stage, t), t + c[s] * h, k[s]);
      advance(x, h, b, k, x, t);
      await onStep?.(i + 1, (i + 1) / steps, x);
    }
    return x;
  };
}

export const TABLEAUS = {
  euler: { c: [0], a: [[]], b: [1] },
  midpoint: { c: [0, 1 / 2], a: [[], [1 / 2]], b: [0, 1] },
  heun: { c: [0, 1], a: [[], [1]], b: [1 / 2, 1 / 2] },
  rk4: { c: [0, 1 / 2, 1 / 2, 1], a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]], b: [1 / 6, 1 / 3, 1 / 3, 1 / 6] },
} satisfies Record<string, Tableau>;

/** Euler's method. */
export const euler = fixedStep(TABLEAUS.euler);

/** The explicit midpoint rule. */
export const midpoint = fixedStep(TABLEAUS.midpoint);

/** Heun's method: the trapezoidal rule with an Euler predictor. */
export const heun = fixedStep(TABLEAUS.heun);

/** The classical method of order four (Kutta 1901). */
export const rk4 = fixedStep(TABLEAUS.rk4);
