/**
 * The diffusion process with data x1 and noise x0 = epsilon ~ N(0, 1), and what a network can be taught to predict from it:
 *
 *   x_k = sqrt(ab_k) x1 + sqrt(1 - ab_k) x0
 *   epsilon = x0                                        (Ho et al. 2020)
 *   v = sqrt(ab_k) x0 - sqrt(1 - ab_k) x1               (Salimans & Ho 2022, "Progressive Distillation")
 *
 * A batch is one flat array of n samples of equal length, sample after sample; `k` holds one index a sample.
 */
import { NumericsError, ShapeError } from '../errors.ts';
import type { Schedule } from './schedule.ts';

export const PREDICTIONS = ['epsilon', 'v'] as const;

export type Prediction = (typeof PREDICTIONS)[number];

/** Values a sample; every index must be one of the schedule's. */
function checkBatch(schedule: Schedule, k: ArrayLike<number>, ...arrays: Float32Array[]): number {
  const length = arrays[0].length / k.length;
  if (!Number.isInteger(length) || arrays.some((a) => a.length !== arrays[0].length))
    throw new ShapeError({
      found: `arrays of ${arrays.map((a) => a.length).join(', ')} numbers for ${k.length} diffusion indices`,
      expected: 'arrays of equal length, a whole number of values for each index',
      todo: 'give one index a sample and samples of equal shape',
    });
  for (let n = 0; n < k.length; n++)
    if (schedule.cumulative[k[n]] === undefined)
      throw new NumericsError({
        found: `the diffusion index ${k[n]}`,
        expected: `a whole number from 0 to ${schedule.steps - 1}`,
        todo: 'take indices from the same schedule',
      });
  return length;
}

/** `out = sqrt(ab_k) x1 + sqrt(1 - ab_k) x0`. Returns `out`, which may be `x0` or `x1`. Throws `ShapeError`, `NumericsError`. */
export function diffusionPoint(
  schedule: Schedule,
  x0: Float32Array,
  x1: Float32Array,
  k: ArrayLike<number>,
  out: Float32Array,
): Float32Array {
  const length = checkBatch(schedule, k, x0, x1, out);
  for (let n = 0; n < k.length; n++) {
    const a = Math.sqrt(schedule.cumulative[k[n]]);
    const b = Math.sqrt(1 - schedule.cumulative[k[n]]);
    for (let i = n * length, end = i + length; i < end; i++) out[i] = a * x1[i] + b * x0[i];
  }
  return out;
}

/** What the network should predict at x_k. Returns `out`, which may be `x0` or `x1`. Throws `ShapeError`, `NumericsError`. */
export function diffusionTarget(
  schedule: Schedule,
  prediction: Prediction,
  x0: Float32Array,
  x1: Float32Array,
  k: ArrayLike<number>,
  out: Float32Array,
): Float32Array {
  const length = checkBatch(schedule, k, x0, x1, out);
  if (prediction === 'epsilon') {
    out.set(x0);
    return out;
  }
  for (let n = 0; n < k.length; n++) {
    const a = Math.sqrt(schedule.cumulative[k[n]]);
    const b = Math.sqrt(1 - schedule.cumulative[k[n]]);
    for (let i = n * length, end = i + length; i < end; i++) out[i] = a * x0[i] - b * x1[i];
  }
  return out;
}

/**
 * The data and the noise that a prediction at x_k stands for, into `data` and `noise` (which may be `x` and `predicted`, in
 * either order):
 *
 *   epsilon   data = (x - sqrt(1 - ab) epsilon) / sqrt(ab)        noise = epsilon
 *   v         data = sqrt(ab) x - sqrt(1 - ab) v                  noise = sqrt(1 - ab) x + sqrt(ab) v
 *
 * With `reach`, data is clipped to +-reach and the noise of clipped values is the one that then leads to x:
 * (x - sqrt(ab) data) / sqrt(1 - ab). Throws `ShapeError`, `NumericsError`.
 */
export function dataAndNoise(
  schedule: Schedule,
  prediction: Prediction,
  x: Float32Array,
  predicted: Float32Array,
  k: ArrayLike<number>,
  data: Float32Array,
  noise: Float32Array,
  reach = Number.POSITIVE_INFINITY,
): void {
  const length = checkBatch(schedule, k, x, predicted, data, noise);
  for (let n = 0; n < k.length; n++) {
    const a = Math.sqrt(schedule.cumulative[k[n]]);
    const b = Math.sqrt(1 - schedule.cumulative[k[n]]);
    for (let i = n * length, end = i + length; i < end; i++) {
      const at = x[i];
      const p = predicted[i];
      let d = prediction === 'epsilon' ? (at - b * p) / a : a * at - b * p;
      let e = prediction === 'epsilon' ? p : b * at + a * p;
      if (Math.abs(d) > reach) {
        d = Math.sign(d) * reach;
        e = (at - a * d) / b;
      }
      data[i] = d;
      noise[i] = e;
    }
  }
}
