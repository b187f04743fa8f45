/**
 * The floor: what real shapes score where generated ones are asked for. The held-out shapes stay; in the place of the n
 * generated ones come n training shapes, drawn again and again from a pool of N of them (never looked at for fitting
 * axes). A perfect generator is one more such draw, so its figure should lie among theirs.
 *
 * The draws share a finite pool, so they differ too little: for a statistic whose variance falls as 1/n the draws vary
 * about their mean by s^2 (1/n - 1/N), a new set about that mean by s^2 (1/n + 1/N). Deviations are therefore widened by
 *
 *   sqrt((N + n) / (N - n))        1.29 at N = 4 n, 1.13 at N = 8 n
 *
 * (too much for FID and coverage, too little for skewed means such as P-precision: .03 to .085 in place of .05). Below N = 2 n
 * there is no floor. Holding the held-out set fixed takes its own luck out of the comparison.
 */
import { NumericsError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { type PermutationOptions, rankP, type Tail } from './permutation.ts';
import { mean, quantileOfSorted } from './statistics.ts';

/** A statistic of real shapes in the place of generated ones. */
export interface RealDraws {
  /** Real shapes to draw from. */
  pool: number;
  /** How many take the place of the generated ones. */
  size: number;
  /** The same number with these members of the pool as the generated set. */
  statistic: (members: Uint32Array) => number;
  /** Least and largest possible value. */
  range?: readonly [number, number];
}

export interface RealFloor {
  /** Real sets keep between these in 95 of 100 draws, on the side (or sides) where the figure is bad. */
  low: number;
  median: number;
  high: number;
  draws: number;
  /** Share of real sets that score as badly or worse. */
  p: number;
}

/** Least pool, in sizes of the set drawn from it. */
export const LEAST_POOL = 2;
export const FLOOR_DRAWS = 199;

/** Shapes of a pool that a set of `size` is drawn from, of `available`; 0 where there are too few. */
export function poolSize(available: number, size: number): number {
  if (available < LEAST_POOL * size) return 0;
  return Math.min(available, Math.max(4 * size, Math.min(8 * size, 200)));
}

/**
 * Where `value` lies among draws of real sets. Throws `NumericsError` for a pool below twice the size, no draws, or a
 * statistic that is not finite.
 */
export function realFloor(
  value: number,
  { pool, size, statistic, range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] }: RealDraws,
  { seed, tail, draws = FLOOR_DRAWS }: Pick<PermutationOptions, 'seed'> & { tail: Tail; draws?: number },
): RealFloor {
  if (size < 1 || pool < LEAST_POOL * size)
    throw new NumericsError({
      found: `${pool} real shapes to draw ${size} from`,
      expected: `at least ${LEAST_POOL} times as many`,
      todo: 'take in more training cases, or compare fewer',
    });
  const random = new RandomStream(seed, 'evaluation/floor');
  const scores = Float64Array.from({ length: draws }, () =>
    statistic(random.permutation(pool).slice(0, size)),
  );
  const centre = mean(scores);
  const widen = Math.sqrt((pool + size) / (pool - size));
  for (let r = 0; r < draws; r++)
    scores[r] = Math.min(range[1], Math.max(range[0], centre + widen * (scores[r] - centre)));
  scores.sort();
  const p = rankP(value, scores, tail);
  const ends = tail === 'both' ? [0.025, 0.975] : [0.05, 0.95];
  const [low, high] = ends.map((q) => quantileOfSorted(scores, q));
  return { low, median: quantileOfSorted(scores, 0.5), high, draws, p };
}
