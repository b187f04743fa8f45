/**
 * Precision, recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020) of fakes Y, m of them, against
 * reals X, n of them, from features. With r_k(x) the distance to the k-th nearest other member of x's own set:
 *
 *   precision = mean_j [exists i: d(Y_j, X_i) < r_k(X_i)]              k = 3: are fakes where reals are?
 *   recall    = mean_i [exists j: d(X_i, Y_j) < r_k(Y_j)]              k = 3: are reals where fakes are?
 *   density   = 1/(k m) sum_j sum_i [d(Y_j, X_i) < r_k(X_i)]           k = 5: as precision, but outliers count little
 *   coverage  = 1/n sum_i [min_j d(X_i, Y_j) < r_k(X_i)]               k = 5: which reals have a fake near
 *
 * Distances are Euclidean, compared squared; they are taken a block of rows at a time, so memory stays small. Time grows with
 * (n + m)^2 dim, at about 1 ns each; for large sets, distributionNumbers.ts gives the same numbers many times as fast.
 */
import {
  type Features,
  neighbourRadii,
  requireFeatures,
  type SquaredDistances,
  squaredDistancesOf,
} from './featureSet.ts';

export interface Prdc {
  precision: number;
  recall: number;
  density: number;
  coverage: number;
}

export const PRDC_DEFAULTS = { precisionNeighbours: 3, densityNeighbours: 5 };

/**
 * The four numbers. Throws `ShapeError` where feature sizes differ and `NumericsError` where a set has no more than k
 * members or a feature is not finite.
 */
export function prdc(real: Features, fake: Features, options: Partial<typeof PRDC_DEFAULTS> = {}): Prdc {
  const { precisionNeighbours: kp, densityNeighbours: kd } = { ...PRDC_DEFAULTS, ...options };
  const most = Math.max(kp, kd);
  requireFeatures(real, fake, most + 1, `for the distance to the ${most}-th neighbour`);
  return prdcOfDistances(squaredDistancesOf(real, fake), options);
}

/** The four numbers from squared distances of sets with more than k members each. */
export function prdcOfDistances(
  { n, m, realReal, realFake, fakeFake }: SquaredDistances,
  options: Partial<typeof PRDC_DEFAULTS> = {},
): Prdc {
  const { precisionNeighbours: kp, densityNeighbours: kd } = { ...PRDC_DEFAULTS, ...options };
  const [realPrecision, realDensity] = neighbourRadii(realReal, n, [kp, kd]);
  const [fakeRecall] = neighbourRadii(fakeFake, m, [kp]);
  const precise = new Uint8Array(m);
  let inside = 0;
  let recalled = 0;
  let covered = 0;
  realFake((i, squared) => {
    let isRecalled = false;
    let isCovered = false;
    for (let j = 0; j < m; j++) {
      const d = squared[j];
      if (d < realPrecision[i]) precise[j] = 1;
      if (d < fakeRecall[j]) isRecalled = true;
      if (d < realDensity[i]) {
        inside++;
        isCovered = true;
      }
    }
    if (isRecalled) recalled++;
    if (isCovered) covered++;
  });
  return {
    precision: precise.reduce((a, b) => a + b, 0) / m,
    recall: recalled / n,
    density: inside / (kd * m),
    coverage: covered / n,
  };
}
