/**
 * A small symmetric positive definite system by Cholesky, `A = L L^T`. A thousandth of
 * a millionth of the diagonal is added first, so that a system that rounding has made singular is solved all the same.
 */
const RIDGE = 1e-9;

/**
 * Solves `A x = b` for the first `n` of `stride` unknowns, from the upper triangle of A (row-major, rows of `stride`).
 * Where A has nothing to say at all (a zero on the diagonal) x is 0.
 */
export function solveSymmetric(a: Float64Array, b: Float64Array, n: number, stride: number): Float64Array {
  const l = new Float64Array(n * n);
  const x = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    let pivot = a[stride * j + j] * (1 + RIDGE);
    const least = a[stride * j + j] * RIDGE;
    for (let k = 0; k < j; k++) pivot -= l[n * j + k] ** 2;
    // Rounding may leave a hair below zero where the system is singular.
    const d = Math.sqrt(Math.max(pivot, least));
    l[n * j + j] = d;
    for (let i = j + 1; i < n; i++) {
      let sum = a[stride * j + i];
      for (let k = 0; k < j; k++) sum -= l[n * i + k] * l[n * j + k];
      l[n * i + j] = d > 0 ? sum / d : 0;
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= l[n * i + k] * x[k];
    x[i] = l[n * i + i] > 0 ? sum / l[n * i + i] : 0;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < n; k++) sum -= l[n * k + i] * x[k];
    x[i] = l[n * i + i] > 0 ? sum / l[n * i + i] : 0;
  }
  return x;
}
