/**
 * Do fakes lie nearer to the training set than unseen reals do? The distance of each fake to its nearest training shape
 * is set beside the same for held-out reals: a model that copies has fakes far below, one that generalises has about the
 * same. It is a test of distance alone and misses subtler leaks; nothing may be called anonymous on its account.
 */
import { type DistanceMatrix, rowMinima } from './distanceMatrix.ts';
import { mean, quantileOfSorted } from './statistics.ts';

const LEVELS = { min: 0, q05: 0.05, q25: 0.25, median: 0.5, q75: 0.75, q95: 0.95, max: 1 } as const;

export type Quantiles = Record<keyof typeof LEVELS, number>;

/** Minimum, 5, 25, 50, 75, 95 % and maximum. */
export function quantiles(values: ArrayLike<number>): Quantiles {
  const sorted = Float64Array.from(values).sort();
  return Object.fromEntries(
    Object.entries(LEVELS).map(([name, q]) => [name, quantileOfSorted(sorted, q)]),
  ) as Quantiles;
}

export interface NearestTraining {
  /** Each fake's distance to its nearest training shape. */
  fake: Quantiles;
  /** The same for held-out reals. */
  real: Quantiles;
  /**
   * mean(fake) / mean(real): about 1 is healthy, far below 1 is copying, far above is poor quality; null where every
   * held-out real lies in the training set too, so that there is nothing to compare with.
   */
  ratio: number | null;
  /** Share of fakes nearer to training than 95 % of held-out reals are; about 0.05 is healthy. */
  shareBelowReal05: number;
}

/** From distances to the training set, a row a case. Throws `NumericsError` where a set is empty. */
export function nearestTraining(fakeTrain: DistanceMatrix, realTrain: DistanceMatrix): NearestTraining {
  const fakeNearest = rowMinima(fakeTrain);
  const realNearest = rowMinima(realTrain);
  const fake = quantiles(fakeNearest);
  const real = quantiles(realNearest);
  const realMean = mean(realNearest);
  return {
    fake,
    real,
    ratio: realMean > 0 ? mean(fakeNearest) / realMean : null,
    shareBelowReal05: mean(Array.from(fakeNearest, (d) => (d < real.q05 ? 1 : 0))),
  };
}
