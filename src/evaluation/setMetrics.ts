/**
 * How a set of fakes relates to a set of reals, from distances alone (Yang et al. 2019, "PointFlow", for 1-NNA;
 * Achlioptas et al. 2018 for coverage and MMD):
 *
 *   1-NNA   leave-one-out accuracy of the nearest neighbour on the union of both: 0.5 where the sets cannot be told
 *           apart, 1 where each keeps to itself, below 0.5 where fakes copy reals. Scattered rubbish fools it: every real is
 *           nearest to a real (accuracy 1), every piece of rubbish too (accuracy 0), and the mean is 0.5. So:
 *   1-NNA, two-sided   0.5 + (|accuracy on reals - 0.5| + |accuracy on fakes - 0.5|) / 2, which is 1 for rubbish
 *   COV     share of reals that are the nearest real of some fake: higher is better, low where modes are missing
 *   MMD     mean over reals of the least distance to a fake: lower is better
 */
import { NumericsError, ShapeError } from '../errors.ts';
import { type DistanceMatrix, rowMinima } from './distanceMatrix.ts';
import { mean } from './statistics.ts';

function requireCases(count: number, least: number, what: string): void {
  if (count < least)
    throw new NumericsError({
      found: `${count} ${what}`,
      expected: `at least ${least}`,
      todo: 'generate or hold out more cases',
    });
}

/**
 * Of each set, the share of members whose nearest other member of the union is of their own set, ties counted by share (so
 * that the order of the sets does not matter). `realReal` and `fakeFake` are square with an ignored diagonal, `realFake` has
 * a row a real. The value 0.5 means "alike" only for sets of equal size: draw them so. Throws `NumericsError` for sets below 2.
 */
export function nearestNeighbourShares(
  realReal: DistanceMatrix,
  realFake: DistanceMatrix,
  fakeFake: DistanceMatrix,
): { real: number; fake: number } {
  const n = realFake.rows;
  const m = realFake.columns;
  if (realReal.rows !== n || realReal.columns !== n || fakeFake.rows !== m || fakeFake.columns !== m)
    throw new ShapeError({
      found: `distances ${realReal.rows}x${realReal.columns}, ${n}x${m}, ${fakeFake.rows}x${fakeFake.columns}`,
      expected: 'n x n, n x m and m x m',
      todo: 'compute all three from the same two sets',
    });
  requireCases(n, 2, 'real cases for 1-NNA');
  requireCases(m, 2, 'generated cases for 1-NNA');
  /** Share of own members among the nearest of member i. */
  const ownShare = (
    own: DistanceMatrix,
    i: number,
    count: number,
    toOther: (j: number) => number,
    others: number,
  ) => {
    let least = Number.POSITIVE_INFINITY;
    let ownTies = 0;
    let otherTies = 0;
    const see = (d: number, isOwn: boolean): void => {
      if (d > least) return;
      if (d < least) {
        least = d;
        ownTies = otherTies = 0;
      }
      if (isOwn) ownTies++;
      else otherTies++;
    };
    for (let j = 0; j < count; j++) if (j !== i) see(own.values[i * count + j], true);
    for (let j = 0; j < others; j++) see(toOther(j), false);
    return ownTies / (ownTies + otherTies);
  };
  let [reals, fakes] = [0, 0];
  for (let i = 0; i < n; i++) reals += ownShare(realReal, i, n, (j) => realFake.values[i * m + j], m);
  for (let j = 0; j < m; j++) fakes += ownShare(fakeFake, j, m, (i) => realFake.values[i * m + j], n);
  return { real: reals / n, fake: fakes / m };
}

/** 1-NNA over the union of both sets. Throws as `nearestNeighbourShares`. */
export function nearestNeighbourAccuracy(
  realReal: DistanceMatrix,
  realFake: DistanceMatrix,
  fakeFake: DistanceMatrix,
): number {
  const { real, fake } = nearestNeighbourShares(realReal, realFake, fakeFake);
  const [n, m] = [realFake.rows, realFake.columns];
  return (n * real + m * fake) / (n + m);
}

/** Two-sided 1-NNA, in [0.5, 1]; equal sets come out a little above 0.5, the more the smaller they are. Throws likewise. */
export function twoSidedAccuracy(
  realReal: DistanceMatrix,
  realFake: DistanceMatrix,
  fakeFake: DistanceMatrix,
): number {
  const { real, fake } = nearestNeighbourShares(realReal, realFake, fakeFake);
  return 0.5 + (Math.abs(real - 0.5) + Math.abs(fake - 0.5)) / 2;
}

/** COV: share of the reals (rows) that are the nearest real of some fake (column); of equals the first. */
export function coverageShare(realFake: DistanceMatrix): number {
  requireCases(realFake.rows, 1, 'real cases for coverage');
  requireCases(realFake.columns, 1, 'generated cases for coverage');
  const matched = new Set<number>();
  for (let j = 0; j < realFake.columns; j++) {
    let nearest = 0;
    for (let i = 1; i < realFake.rows; i++)
      if (realFake.values[i * realFake.columns + j] < realFake.values[nearest * realFake.columns + j])
        nearest = i;
    matched.add(nearest);
  }
  return matched.size / realFake.rows;
}

/** MMD: mean over the reals (rows) of the least distance to a fake (column). */
export function minimumMatchingDistance(realFake: DistanceMatrix): number {
  requireCases(realFake.rows, 1, 'real cases for MMD');
  requireCases(realFake.columns, 1, 'generated cases for MMD');
  return mean(rowMinima(realFake));
}
