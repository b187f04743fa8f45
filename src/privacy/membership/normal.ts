/**
 * The upper tail of the standard normal distribution, to about 14 digits and without losing the small ones:
 *
 *   |z| < 3    Q(z) = 1/2 - phi(z) (z + z^3/3 + z^5/(3 5) + ...)        Abramowitz & Stegun 26.2.11
 *   z >= 3     Q(z) = phi(z) / (z + 1/(z + 2/(z + 3/(z + ...))))        26.2.14
 */

/** P(Z > z) for a standard normal Z. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; term > 1e-17 * sum; k += 2) sum += term *= (z * z) / k;
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}
