/**
 * Do fakes lie nearer to the training set than unseen reals do? The distance of each fake to its nearest training shape
 * is set beside the same for held-out reals: a model that copies has fakes far below, one that generalises has about the
 * same. It is a test of distance alone and misses subtler leaks; nothing may be called anonymous on its account.
 */
import { RandomStream } from '../random/stream.ts';
import { wilsonInterval } from './bootstrap.ts';
import { type DistanceMatrix, rowMinima } from './distanceMatrix.ts';
import { mean, quantile, quantileOfSorted } from './statistics.ts';

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
  /** 95 % interval of the ratio: both sets resampled. */
  ratioInterval?: [number, number];
  /** Share of fakes nearer to training than 95 % of held-out reals are; about 0.05 is healthy. */
  shareBelowReal05: number;
  /** 95 % interval of the share: both sets resampled, and Wilson's for the fakes alone, whichever is wider. */
  shareInterval?: [number, number];
}

const RESAMPLES = 1000;

/** From distances to the training set, a row a case. Throws `NumericsError` where a set is empty. */
export function nearestTraining(
  fakeTrain: DistanceMatrix,
  realTrain: DistanceMatrix,
  seed = 0,
): NearestTraining {
  const fakeNearest = rowMinima(fakeTrain);
  const realNearest = rowMinima(realTrain);
  const fake = quantiles(fakeNearest);
  const real = quantiles(realNearest);
  const realMean = mean(realNearest);
  const below = (values: Float64Array, limit: number) => values.reduce((n, d) => n + (d < limit ? 1 : 0), 0);
  const share = below(fakeNearest, real.q05) / fakeNearest.length;

  const random = new RandomStream(seed, 'evaluation/nearest-training');
  const resample = (values: Float64Array) => values.map(() => values[random.integer(values.length)]);
  const ratios: number[] = [];
  const shares = Float64Array.from({ length: RESAMPLES }, () => {
    const [y, x] = [resample(fakeNearest), resample(realNearest)];
    const centre = mean(x);
    if (centre > 0) ratios.push(mean(y) / centre);
    return below(y, quantile(x, 0.05)) / y.length;
  }).sort();
  const wilson = wilsonInterval(share, fakeNearest.length);
  return {
    fake,
    real,
    ratio: realMean > 0 ? mean(fakeNearest) / realMean : null,
    ...(realMean > 0 && {
      ratioInterval: [quantile(ratios, 0.025), quantile(ratios, 0.975)] as [number, number],
    }),
    shareBelowReal05: share,
    shareInterval: [
      Math.min(wilson[0], quantileOfSorted(shares, 0.025)),
      Math.max(wilson[1], quantileOfSorted(shares, 0.975)),
    ],
  };
}
