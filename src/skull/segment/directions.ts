/**
 * Directions spread evenly over the sphere: the Fibonacci lattice, z in equal steps, each turned by the golden angle.
 */

/** `n` unit vectors: x, y, z, x, y, z ..; each stands for 4 pi / n of the sphere. */
export function sphereDirections(n: number): Float64Array {
  const out = new Float64Array(3 * n);
  const golden = Math.PI * (3 - Math.sqrt(5));
  for (let i = 0; i < n; i++) {
    const z = 1 - (2 * i + 1) / n;
    const flat = Math.sqrt(1 - z * z);
    out[3 * i] = flat * Math.cos(golden * i);
    out[3 * i + 1] = flat * Math.sin(golden * i);
    out[3 * i + 2] = z;
  }
  return out;
}
