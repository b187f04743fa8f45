/** Index arithmetic and the error function, for the reference interpreter. */

export type Rows = readonly Float64Array[];

export const product = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Row-major strides. */
export function strides(shape: readonly number[]): number[] {
  return shape.map((_, i) => product(shape.slice(i + 1)));
}

/** The index of flat position `i`. */
export function unravel(i: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let a = shape.length - 1, rest = i; a >= 0; a--) {
    index[a] = rest % shape[a];
    rest = Math.floor(rest / shape[a]);
  }
  return index;
}

/**
 * erf to double precision: the series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!! where |x| < 3, beyond it
 * 1 - erfc by its continued fraction (Abramowitz & Stegun 7.1.6, 7.1.14).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  const front = Math.exp(-a * a) / Math.sqrt(Math.PI);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 200 && term > sum * 1e-17; n++) sum += term *= (2 * a * a) / (2 * n + 1);
    return Math.sign(x) * 2 * front * sum;
  }
  let fraction = a;
  for (let k = 60; k > 0; k--) fraction = a + k / 2 / fraction;
  return Math.sign(x) * (1 - front / fraction);
}
