/**
 * The one signature of every sampler: from noise x0 (t = 0) to data (t = 1) by evaluations of a network. For flow matching
 * the network is the velocity of dx/dt = v(x, t), for diffusion the prediction of noise or v at (x, t); a state is one
 * flat array, of one sample or of several one after the other. `onStep` sees every state: progress, trajectories and
 * pictures are all made from it.
 */
import { NumericsError, ShapeError, UsageError } from '../../errors.ts';

/** The network at state `x` and time `t`. `x` is a view (copy to keep); the result may be reused by the next call. */
export type Velocity = (x: Float32Array, t: number) => Promise<Float32Array>;

/** Largest error of one adaptive step: `absolute + relative |x|`, root mean square over the state. */
export interface Tolerance {
  absolute: number;
  relative: number;
}

export interface SolverOptions {
  /** Steps of equal length from t = 0 to t = 1; adaptive solvers try 1 / steps first and then choose for themselves. */
  steps: number;
  /** Told after each step: how many are done, the time reached, the state (a view: copy to keep). */
  onStep?: (done: number, t: number, x: Float32Array) => void | Promise<void>;
  /** Adaptive solvers only; 1e-4 each unless told. */
  tolerance?: Partial<Tolerance>;
  /** Adaptive solvers only: evaluations after which they give up; 1000 unless told. */
  maxEvaluations?: number;
}

/** Leaves `x0` as it is and returns a new state. */
export type Solver = (velocity: Velocity, x0: Float32Array, options: SolverOptions) => Promise<Float32Array>;

/** `velocity`, with the number of its evaluations so far (NFE; a guided pair in one batch counts as one). */
export function counted(velocity: Velocity): { readonly velocity: Velocity; readonly evaluations: number } {
  const counter = {
    evaluations: 0,
    velocity: (x: Float32Array, t: number) => {
      counter.evaluations++;
      return velocity(x, t);
    },
  };
  return counter;
}

/** Refuses a number of steps that is no whole number from 1 to `most`. Throws `UsageError`. */
export function checkSteps(steps: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(steps) && steps >= 1 && steps <= most) return;
  throw new UsageError({
    found: `${steps} sampling steps`,
    expected:
      most === Number.MAX_SAFE_INTEGER ? 'a whole number from 1 on' : `a whole number from 1 to ${most}`,
    todo: 'choose another number of steps',
  });
}

/** Refuses a state or a network result that holds NaN or infinity. Throws `NumericsError` naming time `t`. */
export function checkFinite(values: Float32Array, t: number): void {
  let total = 0; // one NaN or infinity is enough to spoil it; single precision cannot overflow a double sum
  for (let i = 0; i < values.length; i++) total += values[i];
  if (!Number.isFinite(total))
    throw new NumericsError({
      found: `sampling left the finite numbers after t = ${Number(t.toPrecision(6))}`,
      expected: 'a finite state and a finite network result at every step',
      todo: 'use a checkpoint whose training did not diverge, a guidance scale nearer to 1, or more steps',
    });
}

/** Evaluates into `out`, a copy. Throws `ShapeError` for a result not of the state's length, `NumericsError` for NaN in it. */
export async function evaluate(
  velocity: Velocity,
  x: Float32Array,
  t: number,
  out: Float32Array,
): Promise<void> {
  const v = await velocity(x, t);
  if (v.length !== x.length)
    throw new ShapeError({
      found: `a network result of ${v.length} numbers for a state of ${x.length}`,
      expected: 'one number for each number of the state',
      todo: 'give the state in the shape that the network was made for',
    });
  out.set(v);
  checkFinite(out, t);
}
