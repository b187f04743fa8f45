/** The one place where a person's influence on a step is bounded. */

/** Euclidean norm, in double precision; NaN where a number is none. */
export function norm(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  return Math.sqrt(sum);
}

/**
 * `sum += g min(1, clip / |g|)`: adds a gradient whose norm is cut to `clip`. One that holds a number that is none, or is
 * too long to measure, is left out: an error that told of it would tell of the person. Returns whether it was cut.
 */
export function addClipped(sum: Float64Array, gradient: Float32Array, clip: number): boolean {
  const length = norm(gradient);
  if (!Number.isFinite(length)) return true;
  const scale = length > clip ? clip / length : 1;
  for (let i = 0; i < sum.length; i++) sum[i] += scale * gradient[i];
  return scale < 1;
}
