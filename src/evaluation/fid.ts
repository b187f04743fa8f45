/**
 * Frechet distance of two Gaussians (Dowson and Landau 1982), and FID, the same between the Gaussians fitted to two sets
 * of features (Heusel et al. 2017), covariances with n - 1:
 *
 *   |m_X - m_Y|^2 + Tr(S_X + S_Y - 2 (S_X^1/2 S_Y S_X^1/2)^1/2)
 *
 * The last trace is the sum of the singular values of A B^T for any factors S_X = A^T A, S_Y = B^T B. The centred features
 * over sqrt(n - 1) are such a factor, so with fewer members than features no covariance is built: with A the smaller set,
 * n x n numbers A S_Y A^T = (A B^T)(A B^T)^T are enough, and rank-deficient covariances are exact, not regularised.
 * FID is biased upwards by small sets: compare sets of equal size, state n, and lead with KID.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { NumericsError, ShapeError } from '../errors.ts';
import { type Features, featureMean, innerProducts, requireFeatures, totalVariance } from './featureSet.ts';

/** Sum of the square roots of the eigenvalues of a symmetric matrix, rounding below 0 taken as 0. */
function traceOfRoot(symmetric: Matrix): number {
  const { realEigenvalues } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  let sum = 0;
  for (const value of realEigenvalues) if (value > 0) sum += Math.sqrt(value);
  return sum;
}

/** Refuses what is no covariance of `dim` features; returns it as an exactly symmetric matrix. */
function symmetricMatrix(values: ArrayLike<number>, dim: number, name: string): Matrix {
  if (values.length !== dim * dim)
    throw new ShapeError({
      found: `the ${name} covariance has ${values.length} numbers, its mean ${dim}`,
      expected: `${dim * dim} numbers, row after row`,
      todo: 'give mean and covariance of the same features',
    });
  const out = new Matrix(dim, dim);
  for (let i = 0; i < dim; i++)
    for (let j = 0; j < dim; j++) {
      const value = (values[i * dim + j] + values[j * dim + i]) / 2;
      const off = Math.abs(values[i * dim + j] - values[j * dim + i]);
      if (!(off <= 1e-6 * Math.sqrt(Math.abs(values[i * dim + i] * values[j * dim + j])) + 1e-12))
        throw new NumericsError({
          found: `the ${name} covariance holds ${values[i * dim + j]} at (${i}, ${j}), ${values[j * dim + i]} at (${j}, ${i})`,
          expected: 'a symmetric matrix of finite numbers',
          todo: 'compute it as the covariance of features',
        });
      out.set(i, j, value);
    }
  return out;
}

/** A factor A with A^T A = S, by eigenvalues; throws where one is clearly negative. */
function factor(covariance: Matrix, name: string): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const most = Math.max(...realEigenvalues.map(Math.abs));
  const least = Math.min(...realEigenvalues);
  if (least < -1e-6 * most)
    throw new NumericsError({
      found: `the ${name} covariance has the eigenvalue ${least}`,
      expected: 'no eigenvalue below 0',
      todo: 'compute it as the covariance of features',
    });
  const out = eigenvectorMatrix.transpose();
  for (let i = 0; i < out.rows; i++) out.mulRow(i, Math.sqrt(Math.max(0, realEigenvalues[i])));
  return out;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

/**
 * Squared Frechet distance of two Gaussians; means of d numbers, covariances of d x d row by row, both may be singular.
 * Throws `ShapeError` where sizes differ, `NumericsError` where a covariance is not symmetric, finite and positive.
 */
export function frechetOfGaussians(
  meanA: ArrayLike<number>,
  covarianceA: ArrayLike<number>,
  meanB: ArrayLike<number>,
  covarianceB: ArrayLike<number>,
): number {
  if (meanA.length !== meanB.length || meanA.length === 0)
    throw new ShapeError({
      found: `means of ${meanA.length} and ${meanB.length} numbers`,
      expected: 'two Gaussians of one dimension',
      todo: 'describe both sets by the same features',
    });
  const a = symmetricMatrix(covarianceA, meanA.length, 'first');
  const b = symmetricMatrix(covarianceB, meanB.length, 'second');
  factor(b, 'second'); // checked, not needed
  const root = factor(a, 'first');
  const shift = squaredDistance(meanA, meanB);
  if (!Number.isFinite(shift))
    throw new NumericsError({
      found: 'a mean that is not finite',
      expected: 'finite means',
      todo: 'look for NaN in what the features come from',
    });
  const trace = traceOfRoot(root.mmul(b).mmul(root.transpose()));
  return Math.max(0, shift + a.trace() + b.trace() - 2 * trace);
}

/** Covariance (n - 1) of a set, d x d row by row. */
export function covariance(set: Features): Float64Array {
  const { values, count, dim } = set;
  const mean = featureMean(set);
  const out = new Float64Array(dim * dim);
  const row = new Float64Array(dim);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < dim; k++) row[k] = values[i * dim + k] - mean[k];
    for (let k = 0; k < dim; k++) {
      const v = row[k] / (count - 1);
      for (let l = k; l < dim; l++) out[k * dim + l] += v * row[l];
    }
  }
  for (let k = 0; k < dim; k++) for (let l = 0; l < k; l++) out[k * dim + l] = out[l * dim + k];
  return out;
}

/** The features less their mean, over sqrt(n - 1). */
function centred(set: Features): Features {
  const mean = featureMean(set);
  const scale = 1 / Math.sqrt(set.count - 1);
  return { ...set, values: set.values.map((v, i) => (v - mean[i % set.dim]) * scale) };
}

/**
 * FID of two sets, symmetric. Throws `ShapeError` where feature sizes differ, `NumericsError` for sets below 2 members or
 * features that are not finite. Time grows as min(n, m, dim)^3.
 */
export function frechetDistance(real: Features, fake: Features): number {
  requireFeatures(real, fake, 2, 'for a covariance');
  const meanR = featureMean(real);
  const meanF = featureMean(fake);
  const few = Math.min(real.count, fake.count);
  if (few > real.dim) return frechetOfGaussians(meanR, covariance(real), meanF, covariance(fake));
  const [a, b] = real.count <= fake.count ? [real, fake] : [fake, real];
  const across = innerProducts(centred(a), centred(b)); // A B^T, few x many
  const rows: Features = { values: Float32Array.from(across.values), count: few, dim: across.columns };
  const squared = innerProducts(rows, rows);
  const trace = traceOfRoot(Matrix.from1DArray(few, few, squared.values));
  return Math.max(0, squaredDistance(meanR, meanF) + totalVariance(real) + totalVariance(fake) - 2 * trace);
}
