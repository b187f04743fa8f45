/**
 * Probabilistic precision and recall (Park and Kim 2023): instead of a ball of its own about each real, which one outlier
 * makes huge, all share one radius R = a . mean_i r_k(x_i), and being inside fades with distance:
 *
 *   p_ij = max(0, 1 - |x_i - y_j| / R)
 *   P-precision = mean_j [1 - prod_i (1 - p_ij)]        R of the reals
 *   P-recall    = mean_i [1 - prod_j (1 - p_ij)]        R of the fakes
 *
 * Memory: one row of distances a block, and one product a fake. Time grows with (n + m)^2 dim; large sets: distributionNumbers.ts.
 */
import { NumericsError } from '../errors.ts';
import {
  type EachRow,
  type Features,
  neighbourRadii,
  requireFeatures,
  type SquaredDistances,
  squaredDistancesOf,
} from './featureSet.ts';

export interface ProbabilisticPr {
  precision: number;
  recall: number;
}

/** k of the radii and the factor a. */
export const PROBABILISTIC_PR_DEFAULTS = { neighbours: 4, scale: 1.2 };

/** R of a set: `scale` times the mean distance to the k-th nearest other member. */
function sharedRadius(rows: EachRow, count: number, k: number, scale: number): number {
  const [squared] = neighbourRadii(rows, count, [k]);
  let sum = 0;
  for (let i = 0; i < squared.length; i++) sum += Math.sqrt(squared[i]);
  return (scale * sum) / squared.length;
}

/** 1 - p; a set of copies has R = 0, where only equal features are inside. */
function outside(squared: number, radius: number): number {
  if (squared === 0) return 0;
  return radius === 0 ? 1 : Math.min(1, Math.sqrt(squared) / radius);
}

/**
 * The two numbers, in [0, 1]. Throws `ShapeError` where feature sizes differ, `NumericsError` where a set has no more
 * than k members, a feature is not finite, or the scale is not above 0.
 */
export function probabilisticPr(
  real: Features,
  fake: Features,
  options: Partial<typeof PROBABILISTIC_PR_DEFAULTS> = {},
): ProbabilisticPr {
  const { neighbours, scale } = { ...PROBABILISTIC_PR_DEFAULTS, ...options };
  requireFeatures(real, fake, neighbours + 1, `for the distance to the ${neighbours}-th neighbour`);
  if (!(scale > 0 && Number.isFinite(scale) && Number.isInteger(neighbours) && neighbours > 0))
    throw new NumericsError({
      found: `the ${neighbours}-th neighbour and a scale of ${scale}`,
      expected: 'a whole number of at least 1 and a scale above 0',
      todo: 'leave both to their defaults, 4 and 1.2',
    });
  return probabilisticPrOfDistances(squaredDistancesOf(real, fake), options);
}

/** The two numbers from squared distances of sets with more than k members each. */
export function probabilisticPrOfDistances(
  { n, m, realReal, realFake, fakeFake }: SquaredDistances,
  options: Partial<typeof PROBABILISTIC_PR_DEFAULTS> = {},
): ProbabilisticPr {
  const { neighbours, scale } = { ...PROBABILISTIC_PR_DEFAULTS, ...options };
  const realRadius = sharedRadius(realReal, n, neighbours, scale);
  const fakeRadius = sharedRadius(fakeFake, m, neighbours, scale);
  const missed = new Float64Array(m).fill(1); // prod_i (1 - p_ij) of each fake
  let recall = 0;
  realFake((_, squared) => {
    let product = 1;
    for (let j = 0; j < m; j++) {
      missed[j] *= outside(squared[j], realRadius);
      product *= outside(squared[j], fakeRadius);
    }
    recall += 1 - product;
  });
  let precision = 0;
  for (let j = 0; j < m; j++) precision += 1 - missed[j];
  return { precision: precision / m, recall: recall / n };
}
