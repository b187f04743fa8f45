/**
 * Energy distance of two sets from their distances (Szekely and Rizzo 2004): 2 mean d(x, y) - mean d(x, x') - mean d(y, y'),
 * over pairs of different members, so that equal distributions give 0 on average at any size of sets. It compares what all
 * distances say together, where 1-NNA looks at the nearest alone.
 */
import { NumericsError } from '../errors.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';

/** Sum over pairs of different members, both ways. */
function inside({ rows, values }: DistanceMatrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j < rows; j++) if (i !== j) sum += values[i * rows + j];
  return sum;
}

/** The unbiased energy distance, in the unit of the distances. Throws `NumericsError` for sets below 2. */
export function energyDistance(
  realReal: DistanceMatrix,
  realFake: DistanceMatrix,
  fakeFake: DistanceMatrix,
): number {
  const [n, m] = [realReal.rows, fakeFake.rows];
  if (n < 2 || m < 2)
    throw new NumericsError({
      found: `sets of ${n} and ${m} cases`,
      expected: 'at least 2 each',
      todo: 'generate or hold out more cases',
    });
  let across = 0;
  for (const d of realFake.values) across += d;
  return (2 * across) / (n * m) - inside(realReal) / (n * (n - 1)) - inside(fakeFake) / (m * (m - 1));
}
