/**
 * Principal components of a set of features: the linear shape model (Cootes et al. 1995). With X the centred rows, n of
 * them, the axes are the eigenvectors of X^T X / (n - 1); with fewer members than features they come from the n x n
 * matrix X X^T / (n - 1) = V diag(l) V^T instead, as X^T v / sqrt((n - 1) l).
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { NumericsError, ShapeError } from '../errors.ts';
import { type Features, featureMean, innerProducts, requireFeatures } from './featureSet.ts';
import { covariance } from './fid.ts';

export interface Pca {
  mean: Float64Array;
  /** Unit axes, one a row, the most variance first. */
  axes: Features;
  /** Variance (n - 1) of the fitted set along each axis. */
  variances: Float64Array;
  /** Variance along all axes together, those left out included. */
  total: number;
  /** Members it was fitted on. */
  fitted: number;
}

/** Axes with less of the total variance are rounding. */
const NEGLIGIBLE = 1e-9;

function shifted({ values, count, dim }: Features, mean: Float64Array): Features {
  const out = new Float32Array(values.length);
  for (let i = 0, at = 0; i < count; i++) for (let k = 0; k < dim; k++, at++) out[at] = values[at] - mean[k];
  return { values: out, count, dim };
}

/**
 * The axes of a set, at most `components` and at most n - 1 or as many as have variance. Time grows as min(n, dim)^3:
 * 0.1 s for 200 members, some seconds for 1000. Throws `NumericsError` for fewer than 2 members, features that are not
 * finite, or a set of copies.
 */
export function fitPca(set: Features, components = Number.POSITIVE_INFINITY): Pca {
  requireFeatures(set, set, 2, 'for a variance');
  const { count: n, dim } = set;
  const mean = featureMean(set);
  const centred = shifted(set, mean);
  const isWide = n < dim;
  const matrix = isWide
    ? Matrix.from1DArray(n, n, innerProducts(centred, centred).values).div(n - 1)
    : Matrix.from1DArray(dim, dim, covariance(set));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const total = matrix.trace();
  const order = Array.from(realEigenvalues, (_, i) => i)
    .filter((i) => realEigenvalues[i] > NEGLIGIBLE * total)
    .sort((a, b) => realEigenvalues[b] - realEigenvalues[a])
    .slice(0, Math.min(components, n - 1));
  if (order.length === 0)
    throw new NumericsError({
      found: `${n} cases that are all alike`,
      expected: 'cases that differ, for axes of variation',
      todo: 'take in more cases',
    });
  const axes = new Float32Array(order.length * dim);
  order.forEach((e, c) => {
    const axis = new Float64Array(dim);
    if (isWide)
      for (let i = 0; i < n; i++) {
        const weight = eigenvectorMatrix.get(i, e) / Math.sqrt((n - 1) * realEigenvalues[e]);
        for (let k = 0; k < dim; k++) axis[k] += weight * centred.values[i * dim + k];
      }
    else for (let k = 0; k < dim; k++) axis[k] = eigenvectorMatrix.get(k, e);
    axes.set(axis, c * dim);
  });
  return {
    mean,
    axes: { values: axes, count: order.length, dim },
    variances: Float64Array.from(order, (e) => realEigenvalues[e]),
    total,
    fitted: n,
  };
}

/** The first `count` axes alone; `total` stays that of all. */
export function firstAxes({ mean, axes, variances, total, fitted }: Pca, count: number): Pca {
  const kept = Math.min(count, axes.count);
  return {
    mean,
    axes: { values: axes.values.slice(0, kept * axes.dim), count: kept, dim: axes.dim },
    variances: variances.slice(0, kept),
    total,
    fitted,
  };
}

function requireDim(pca: Pca, set: Features): void {
  if (set.dim !== pca.axes.dim)
    throw new ShapeError({
      found: `features of ${set.dim} numbers for axes of ${pca.axes.dim}`,
      expected: 'features of one kind',
      todo: 'describe both sets by the same function',
    });
}

/** Coordinates of a set along the axes: `count` rows of as many numbers as there are axes. Throws `ShapeError`. */
export function project(pca: Pca, set: Features): Features {
  requireDim(pca, set);
  const { rows, columns, values } = innerProducts(shifted(set, pca.mean), pca.axes);
  return { values: Float32Array.from(values), count: rows, dim: columns };
}

/** Distance of each member to the space of the axes: what the linear model cannot say of it. Throws `ShapeError`. */
export function residuals(pca: Pca, set: Features): Float64Array {
  const { values, dim } = project(pca, set);
  const centred = shifted(set, pca.mean);
  return Float64Array.from({ length: set.count }, (_, i) => {
    let squared = 0;
    for (let k = 0; k < set.dim; k++) squared += centred.values[i * set.dim + k] ** 2;
    for (let c = 0; c < dim; c++) squared -= values[i * dim + c] ** 2;
    return Math.sqrt(Math.max(0, squared));
  });
}

/** Compactness: share of the total variance on the first 1, 2, 3 ... axes. */
export function compactness({ variances, total }: Pca): Float64Array {
  let sum = 0;
  return variances.map((v) => {
    sum += v;
    return sum / total;
  });
}

/** How many axes carry `share` of the total variance; all there are, where that is not reached. */
export function axesFor(pca: Pca, share: number): number {
  const at = compactness(pca).findIndex((c) => c >= share * (1 - 1e-9));
  return at < 0 ? pca.variances.length : at + 1;
}
