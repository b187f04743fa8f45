/**
 * Tails of the normal distribution to full double precision. P-values of tests need them, and privacy accounting far out: a
 * guarantee that may fail in one of 10^10 cases is decided where `1 - erf` has no digit left.
 *
 *   |x| < 2    erf by its Maclaurin series with positive terms:  2/sqrt(pi) x exp(-x^2) sum_k (2 x^2)^k / (1 3 5 .. (2k+1))
 *   x >= 2     erfc by Laplace's continued fraction:  exp(-x^2)/sqrt(pi) . 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ..))))
 *
 * Abramowitz & Stegun 7.1.6 and 7.1.14.
 */

const SQRT_PI = Math.sqrt(Math.PI);

/** `erfc(x) exp(x^2)` for x >= 2, by the continued fraction from its far end; 120 levels give 1e-15 at 2, where it is worst. */
function scaledErfc(x: number): number {
  let below = x;
  const levels = Math.max(8, Math.ceil(500 / (x * x)));
  for (let k = levels; k >= 1; k--) below = x + k / 2 / below;
  return 1 / (SQRT_PI * below);
}

/** erf by its series; for |x| < 2. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}

/** The complementary error function, `2/sqrt(pi) int_x^inf exp(-t^2) dt`, to about 1e-14 relative. */
export function erfc(x: number): number {
  if (x >= 2) return scaledErfc(x) * Math.exp(-x * x);
  return x <= -2 ? 2 - erfc(-x) : 1 - erfSeries(x);
}

/** P(Z > z) of a standard normal Z. */
export const normalTail = (z: number): number => erfc(z * Math.SQRT1_2) / 2;

/** `P(a < X <= b)` of a normal number of this mean and deviation; from the tail that loses no digits. */
export function normalMass(a: number, b: number, mean: number, deviation: number): number {
  const scale = Math.SQRT1_2 / deviation;
  const [u, v] = [(a - mean) * scale, (b - mean) * scale];
  return u > 0 ? (erfc(u) - erfc(v)) / 2 : (erfc(-v) - erfc(-u)) / 2;
}
