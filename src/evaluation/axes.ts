/**
 * How many principal axes a set needs for a share of its variance, for many subsets of it: the variances along the axes
 * are the eigenvalues of the centred inner products of its members, so the features are looked at once, and a subset of b
 * members costs an eigenvalue problem of b x b (its own mean taken out by centring rows and columns).
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { DistanceMatrix } from './distanceMatrix.ts';
import { type Features, featureMean, innerProducts } from './featureSet.ts';

/** Inner products of all members about the mean of the set. */
export function centredGram(set: Features): DistanceMatrix {
  const mean = featureMean(set);
  const values = set.values.map((v, i) => v - mean[i % set.dim]);
  const centred = { ...set, values };
  return innerProducts(centred, centred);
}

/** Axes that carry `share` of the variance of these members; 0 for members that are all alike. */
export function axesOfGram(gram: DistanceMatrix, members: ArrayLike<number>, share: number): number {
  const n = members.length;
  const own = new Float64Array(n * n);
  const rows = new Float64Array(n);
  let all = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const v = gram.values[members[i] * gram.columns + members[j]];
      own[i * n + j] = v;
      rows[i] += v / n;
      all += v / (n * n);
    }
  let trace = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) own[i * n + j] += all - rows[i] - rows[j];
    trace += own[i * n + i];
  }
  if (!(trace > 0)) return 0;
  const { realEigenvalues } = new EigenvalueDecomposition(Matrix.from1DArray(n, n, own), {
    assumeSymmetric: true,
  });
  const falling = Float64Array.from(realEigenvalues).sort().reverse();
  let sum = 0;
  for (let a = 0; a < n; a++) {
    sum += falling[a];
    if (sum >= share * trace * (1 - 1e-9)) return a + 1;
  }
  return n - 1;
}
