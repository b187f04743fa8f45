/**
 * Many alignments in a few figures. Poses of one subject are not independent, so intervals come from
 * a bootstrap of subjects: subjects are drawn with replacement, each with all its poses, and the figure is taken anew.
 *
 * An alignment has failed where its rotation is off by more than a limit, or the method gave none. Those without an answer
 * have no error: means and quantiles are over the answers, whose number is told; the shares below 1, 2, 5 degrees and the
 * share that failed are over all that was asked.
 */

import { z } from 'zod';
import { wilsonInterval } from '../../evaluation/bootstrap.ts';
import { bySubject } from '../../evaluation/paired.ts';
import { mean, quantile, quantileOfSorted } from '../../evaluation/statistics.ts';
import { RandomStream } from '../../random/stream.ts';

const number = z.number();

/** A figure with its 95 % interval by subject; no interval below three subjects. */
export const estimateSchema = z.strictObject({
  value: number,
  low: number.nullable(),
  high: number.nullable(),
});
export type Estimate = z.infer<typeof estimateSchema>;

export const spreadSchema = z.strictObject({
  mean: estimateSchema,
  /** Of single alignments, n - 1; 0 for one. */
  deviation: number,
  median: estimateSchema,
  q95: number,
  most: number,
});
export type Spread = z.infer<typeof spreadSchema>;

export const summarySchema = z.strictObject({
  /** Alignments asked for, those answered, and the subjects they are of. */
  asked: z.int(),
  answered: z.int(),
  subjects: z.int(),
  /** Null where nothing was answered. */
  rotationDeg: spreadSchema.nullable(),
  translationMm: spreadSchema.nullable(),
  treMm: spreadSchema.nullable(),
  /** Share of those asked for whose rotation is off by less than so many degrees. */
  below1: estimateSchema,
  below2: estimateSchema,
  below5: estimateSchema,
  failed: estimateSchema,
  /** Median of those answered. */
  seconds: number.nullable(),
  /** Share of answers within the uncertainty that the method gave with them: 0.68 where it is calibrated. */
  within: z.strictObject({ rotation: number, translation: number }).nullable(),
});
export type Summary = z.infer<typeof summarySchema>;

/** One alignment, as far as a summary looks at it. */
export interface Outcome {
  subject: string;
  /** Null: the method gave no answer. */
  error: { rotationDeg: number; translationMm: number; treMm: number } | null;
  seconds: number;
  uncertainty: { rotationDeg: number; translationMm: number } | null;
}

const LEAST_SUBJECTS = 3;
const RESAMPLES = 1000;

/**
 * 95 % percentile interval of a statistic of values grouped by subject: subjects are drawn with replacement, each with all
 * its values. Undefined below three subjects.
 */
export function subjectInterval(
  groups: readonly (readonly number[])[],
  statistic: (values: number[]) => number,
  seed = 0,
): [number, number] | undefined {
  const filled = groups.filter((g) => g.length > 0);
  if (filled.length < LEAST_SUBJECTS) return undefined;
  const random = new RandomStream(seed, 'align/subjects');
  const draws = Float64Array.from({ length: RESAMPLES }, () => {
    const values: number[] = [];
    for (let s = 0; s < filled.length; s++) values.push(...filled[random.integer(filled.length)]);
    return statistic(values);
  }).sort();
  return [quantileOfSorted(draws, 0.025), quantileOfSorted(draws, 0.975)];
}

function estimate(groups: number[][], statistic: (values: number[]) => number, seed: number): Estimate {
  const [low, high] = subjectInterval(groups, statistic, seed) ?? [null, null];
  return { value: statistic(groups.flat()), low, high };
}

function spread(
  outcomes: readonly Outcome[],
  key: 'rotationDeg' | 'translationMm' | 'treMm',
  seed: number,
): Spread | null {
  const groups = [...bySubject(outcomes, (o) => o.error?.[key]).values()];
  const values = groups.flat();
  if (values.length === 0) return null;
  const centre = mean(values);
  const squares = values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  return {
    mean: estimate(groups, mean, seed),
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    median: estimate(groups, (v) => quantile(v, 0.5), seed),
    q95: quantile(values, 0.95),
    most: Math.max(...values),
  };
}

/** A share with its interval by subject; where all agree, which a bootstrap cannot see past, Wilson's over subjects. */
function share(outcomes: readonly Outcome[], holds: (o: Outcome) => boolean, seed: number): Estimate {
  const groups = [...bySubject(outcomes, (o) => (holds(o) ? 1 : 0)).values()];
  const found = estimate(groups, mean, seed);
  if (found.low === null || found.low < (found.high ?? 0)) return found;
  const [low, high] = wilsonInterval(found.value, groups.length);
  return { value: found.value, low, high };
}

/** The figures of one method under one condition. Throws `NumericsError` for no outcomes. */
export function summarise(outcomes: readonly Outcome[], failureDeg: number, seed = 0): Summary {
  const below = (limit: number) =>
    share(outcomes, ({ error }) => error !== null && error.rotationDeg < limit, seed);
  const answered = outcomes.filter((o) => o.error !== null);
  const sure = answered.filter((o) => o.uncertainty !== null);
  const within = (key: 'rotationDeg' | 'translationMm') =>
    mean(sure.map((o) => ((o.error?.[key] ?? Infinity) <= (o.uncertainty?.[key] ?? 0) ? 1 : 0)));
  return {
    asked: outcomes.length,
    answered: answered.length,
    subjects: new Set(outcomes.map((o) => o.subject)).size,
    rotationDeg: spread(outcomes, 'rotationDeg', seed),
    translationMm: spread(outcomes, 'translationMm', seed),
    treMm: spread(outcomes, 'treMm', seed),
    below1: below(1),
    below2: below(2),
    below5: below(5),
    failed: share(outcomes, ({ error }) => error === null || error.rotationDeg > failureDeg, seed),
    seconds:
      answered.length === 0
        ? null
        : quantile(
            answered.map((o) => o.seconds),
            0.5,
          ),
    within:
      sure.length === 0 ? null : { rotation: within('rotationDeg'), translation: within('translationMm') },
  };
}
