/**
 * How much of the real variation a generated set has. In any space with a distance,
 *
 *   share = (mean squared distance of a pair of fakes) / (the same of reals)
 *
 * 1 is as varied as the real set, near 0 a generator that draws one shape over and over, above 1 one that exaggerates or
 * is noisy. In a Euclidean space this is the ratio of total variances. A sum can hide that some kinds of variation are lost
 * and others exaggerated, so the second figure looks at each principal axis c of real shapes alone, variances r_c and f_c:
 *
 *   kept = sum_c min(f_c, r_c) / sum_c r_c
 *
 * and counts the axes with f_c >= r_c / 2. The axes should come from shapes in neither set (the training set), since a
 * set has more variance along axes of its own than others have.
 */
import { NumericsError, ShapeError } from '../errors.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';
import { type Features, featureMean, requireFeatures, totalVariance } from './featureSet.ts';
import { type Pca, project } from './pca.ts';

function ratio(fake: number, real: number): number {
  if (!(real > 0))
    throw new NumericsError({
      found: 'real cases without any variation',
      expected: 'real cases that differ, to compare with',
      todo: 'hold out more cases',
    });
  return fake / real;
}

/** Mean squared distance over pairs of different members. Throws `ShapeError` if not square, `NumericsError` below 2. */
export function meanSquaredPair({ rows, columns, values }: DistanceMatrix): number {
  if (rows !== columns)
    throw new ShapeError({
      found: `distances ${rows}x${columns}`,
      expected: 'distances of a set to itself',
      todo: 'compute them with selfDistances',
    });
  if (rows < 2)
    throw new NumericsError({
      found: `${rows} cases`,
      expected: 'at least 2, for a pair',
      todo: 'generate or hold out more cases',
    });
  let sum = 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j < rows; j++) if (i !== j) sum += values[i * rows + j] ** 2;
  return sum / (rows * (rows - 1));
}

/** Share of the real variation by distances inside both sets, e.g. 1 - Dice. Throws as `meanSquaredPair`. */
export function variationByDistance(fakeFake: DistanceMatrix, realReal: DistanceMatrix): number {
  return ratio(meanSquaredPair(fakeFake), meanSquaredPair(realReal));
}

/** Share of the real variation by features. Throws as `requireFeatures` for sets below 2; real sets must vary. */
export function variationByFeatures(fake: Features, real: Features): number {
  requireFeatures(real, fake, 2, 'for a pair');
  return ratio(totalVariance(fake), totalVariance(real));
}

export interface ModeVariation {
  /** Fake over real variance along each axis. */
  ratios: Float64Array;
  /** Share of the real variance along these axes that the fakes have too, no axis making up for another. */
  kept: number;
  /** Axes along which the fakes have at least half of the real variance. */
  axesKept: number;
}

/** Variance (n - 1) of each feature. */
export function featureVariances(set: Features): Float64Array {
  const { values, count, dim } = set;
  const mean = featureMean(set);
  const out = new Float64Array(dim);
  for (let i = 0, at = 0; i < count; i++)
    for (let k = 0; k < dim; k++, at++) out[k] += (values[at] - mean[k]) ** 2;
  return out.map((sum) => sum / (count - 1));
}

/** Variation along each feature, for sets already in principal axes. Throws as `variationByFeatures`. */
export function variationByMode(fake: Features, real: Features): ModeVariation {
  requireFeatures(real, fake, 2, 'for a variance');
  const [f, r] = [featureVariances(fake), featureVariances(real)];
  let [both, all, axesKept] = [0, 0, 0];
  for (let c = 0; c < r.length; c++) {
    both += Math.min(f[c], r[c]);
    all += r[c];
    if (f[c] >= r[c] / 2) axesKept++;
  }
  return { ratios: f.map((v, c) => v / r[c]), kept: ratio(both, all), axesKept };
}

/** Variation of two sets along the axes of a third. Throws `ShapeError` where features differ. */
export function variationAlong(pca: Pca, fake: Features, real: Features): ModeVariation {
  return variationByMode(project(pca, fake), project(pca, real));
}
