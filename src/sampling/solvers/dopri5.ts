/**
 * The pair of Dormand & Prince (1980), "A family of embedded Runge-Kutta formulae": order 5, with an embedded order 4 whose
 * distance from it is the error of the step,
 *
 *   error = RMS_i( h sum_s e_s k_s,i / (absolute + relative max(|x_i|, |x'_i|)) )        accepted where error <= 1.
 *
 * The last of the seven evaluations is the first of the next step (FSAL): 1 + 6 n evaluations for n tries, rejected ones
 * included. Step lengths follow the PI controller of Gustafsson as DOPRI5 sets it (Hairer, Norsett & Wanner 1993, II.4 and
 * IV.2 of volume II): h' = 0.9 h error^-0.17 previous^0.04, between h / 5 and 10 h, and not longer just after a rejection.
 */
import { NumericsError, UsageError } from '../../errors.ts';
import { advance, type Tableau } from './rungeKutta.ts';
import { checkSteps, evaluate, type Solver, type Tolerance } from './solver.ts';

const TABLEAU: Tableau = {
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
};
/** Weights of order 5 less those of order 4. */
const E = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

const SAFETY = 0.9;
const BETA = 0.04;
const ALPHA = 0.2 - 0.75 * BETA;
const SHORTEST = 0.2;
const LONGEST = 10;
/** No step is shorter: a velocity that asks for one is no continuous function. */
const TINY = 1e-10;
/** Below this a tolerance asks for more than the states, in single precision, can hold. */
const FINEST = 1e-7;

export const DOPRI5_DEFAULTS = {
  tolerance: { absolute: 1e-4, relative: 1e-4 },
  maxEvaluations: 1000,
} as const;

function checkTolerance(tolerance: Tolerance): void {
  for (const name of ['absolute', 'relative'] as const)
    if (!(tolerance[name] >= FINEST && tolerance[name] <= 1))
      throw new UsageError({
        found: `an ${name} tolerance of ${tolerance[name]}`.replace('an r', 'a r'),
        expected: `a number from ${FINEST} to 1`,
        todo: 'choose another tolerance; 1e-4 is the usual one',
      });
}

/** The error of the step x -> next of length h, in units of the tolerance. */
function stepError(
  x: Float32Array,
  next: Float32Array,
  h: number,
  k: readonly Float32Array[],
  { absolute, relative }: Tolerance,
): number {
  const [k1, , k3, k4, k5, k6, k7] = k;
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    const e = E[0] * k1[i] + E[2] * k3[i] + E[3] * k4[i] + E[4] * k5[i] + E[5] * k6[i] + E[6] * k7[i];
    squares += ((h * e) / (absolute + relative * Math.max(Math.abs(x[i]), Math.abs(next[i])))) ** 2;
  }
  return Math.sqrt(squares / Math.max(x.length, 1));
}

/**
 * Dormand-Prince 5(4) with adaptive steps; `onStep` is told of accepted steps. Throws `UsageError`, `ShapeError`, and
 * `NumericsError` where the numbers leave the finite ones or `maxEvaluations` would be passed before t = 1.
 */
export const dopri5: Solver = async (velocity, x0, options) => {
  const { steps, onStep, maxEvaluations = DOPRI5_DEFAULTS.maxEvaluations } = options;
  const tolerance = { ...DOPRI5_DEFAULTS.tolerance, ...options.tolerance };
  checkSteps(steps);
  checkTolerance(tolerance);
  const { c, a } = TABLEAU;
  let x = x0.slice();
  let next = new Float32Array(x.length);
  const stage = new Float32Array(x.length);
  const k = c.map(() => new Float32Array(x.length));
  let t = 0;
  let h = 1 / steps;
  let previous = 1e-4;
  let rejected = false;
  let evaluations = 1;
  await evaluate(velocity, x, 0, k[0]);
  for (let done = 0; t < 1; ) {
    const last = t + 1.01 * h >= 1; // a step a little longer spares a tiny last one
    if (last) h = 1 - t;
    const end = last ? 1 : t + h;
    evaluations += k.length - 1;
    // The negation also holds for a bound that is NaN; the shortest step also ends a search without a bound.
    if (!(evaluations <= maxEvaluations) || h < TINY)
      throw new NumericsError({
        found: `dopri5 came to t = ${t.toFixed(4)} with ${evaluations - k.length + 1} evaluations, its step now ${h.toExponential(1)}`,
        expected: `t = 1 within ${maxEvaluations} evaluations, in steps above ${TINY}`,
        todo: 'allow a coarser tolerance or more evaluations, or use a solver with fixed steps',
      });
    for (let s = 1; s < k.length; s++) {
      const out = advance(x, h, a[s], k, s === k.length - 1 ? next : stage, t);
      await evaluate(velocity, out, c[s] === 1 ? end : t + c[s] * h, k[s]);
    }
    const error = stepError(x, next, h, k, tolerance);
    const wanted = error ** ALPHA / SAFETY;
    if (error > 1) {
      h *= Math.max(SHORTEST, 1 / wanted);
      rejected = true;
      continue;
    }
    const factor = Math.min(LONGEST, Math.max(SHORTEST, previous ** BETA / wanted));
    h *= rejected ? Math.min(1, factor) : factor;
    previous = Math.max(error, 1e-4);
    rejected = false;
    t = end;
    [x, next] = [next, x];
    [k[0], k[k.length - 1]] = [k[k.length - 1], k[0]];
    await onStep?.(++done, t, x);
  }
  return x;
};
