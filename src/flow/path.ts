/**
 * The conditional-OT path of flow matching (Lipman et al. 2023, "Flow Matching for Generative Modeling", with
 * sigma_min = 0): straight lines from noise x_0 to data x_1,
 *
 *   x_t = (1 - t) x_0 + t x_1        velocity u = d x_t / d t = x_1 - x_0        t = 0 noise, t = 1 data.
 *
 * A batch is one flat array of n samples of equal length, sample after sample; `t` holds one time a sample.
 */
import { ShapeError } from '../errors.ts';

function checkBatch(x0: Float32Array, x1: Float32Array, t: Float32Array, out: Float32Array): number {
  const length = x0.length / t.length;
  if (x1.length !== x0.length || out.length !== x0.length || !Number.isInteger(length))
    throw new ShapeError({
      found: `noise of ${x0.length} numbers, data of ${x1.length}, output of ${out.length}, ${t.length} times`,
      expected: 'arrays of equal length, a whole number of values for each time',
      todo: 'give one time a sample and samples of equal shape',
    });
  return length;
}

/** `out = (1 - t) x0 + t x1`, one t a sample; exact at t = 0 and t = 1. Returns `out`, which may be `x0` or `x1`. */
export function pathPoint(
  x0: Float32Array,
  x1: Float32Array,
  t: Float32Array,
  out: Float32Array,
): Float32Array {
  const length = checkBatch(x0, x1, t, out);
  for (let n = 0; n < t.length; n++) {
    const b = t[n];
    const a = 1 - b;
    for (let i = n * length, end = i + length; i < end; i++) out[i] = a * x0[i] + b * x1[i];
  }
  return out;
}

/** `out = x1 - x0`, the velocity along the whole line. Returns `out`, which may be `x0` or `x1`. */
export function pathVelocity(x0: Float32Array, x1: Float32Array, out: Float32Array): Float32Array {
  checkBatch(x0, x1, out, out);
  for (let i = 0; i < out.length; i++) out[i] = x1[i] - x0[i];
  return out;
}
