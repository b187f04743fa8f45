/**
 * How large the errors of a training set's networks are, and how those of two compare. Errors of poses and implants spread
 * over decades and a failed case is far off, so all is done in logarithms:
 *
 *   typical error   exp( mean over subjects of the mean of ln e over a subject's tests )
 *   ratio           typical error of A over that of B, each test of A beside the same test of B: 0.9 is a tenth less error
 *
 * Two things vary. Over **subjects**: a bootstrap of their mean differences. Over **training seeds** (what was learnt from,
 * in which order): the logarithm of a typical error scatters over seeds with a variance s^2, taken as one for all training sets
 * of a task, so that M of them with S seeds give it M (S - 1) degrees of freedom; of two seeds alone Student's t would be 12.7,
 * and nothing could ever be told. A ratio then has the half-width t sqrt(2 s^2 / S). Both parts are independent, so their squares
 * add, in logarithms; with one seed there is no second part, and the interval says nothing of other trainings.
 */
import { NumericsError } from '../../errors.ts';
import { bySubject, pairedEffect } from '../../evaluation/paired.ts';
import { mean, student } from '../../evaluation/statistics.ts';

/** One test of one network: the error of one draw of one held-out case. */
export interface TestError {
  subject: string;
  /** Which test it is: the same of all networks. */
  test: string;
  error: number;
  /** There was no answer: the error is that of the worst one. */
  failed?: boolean;
}

/** Subjects below which nothing is said. */
export const LEAST_SUBJECTS = 4;

export interface Ratio {
  /** Typical error of the first over that of the second. */
  ratio: number;
  /** 95 % interval. */
  low: number;
  high: number;
  /** Two-sided, by flips of the signs of the subjects' differences; of the trainings at hand. */
  p: number;
  seeds: number;
  subjects: number;
}

/** Mean of ln error of each subject, in the order of their names. */
function logBySubject(errors: readonly TestError[], floor: number): Map<string, number> {
  const found = [...bySubject(errors, ({ error }) => Math.log(Math.max(error, floor)))];
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([s, logs]) => [s, mean(logs)]));
}

/** The typical error of one network, or of several trained with other seeds. `floor` is the least error that counts. */
export function typicalError(seeds: readonly (readonly TestError[])[], floor: number): number {
  return Math.exp(mean(seeds.map((errors) => mean([...logBySubject(errors, floor).values()]))));
}

/** Over training seeds, of the logarithm of a typical error: one variance for all training sets of a task. */
export interface SeedScatter {
  variance: number;
  /** Degrees of freedom of the variance; 0 with one seed each. */
  freedom: number;
}

/** The scatter over seeds within each of `mixes`, put together. */
export function seedScatter(
  mixes: readonly (readonly (readonly TestError[])[])[],
  floor: number,
): SeedScatter {
  let [squares, freedom] = [0, 0];
  for (const seeds of mixes) {
    const logs = seeds.map((errors) => Math.log(typicalError([errors], floor)));
    const centre = mean(logs);
    squares += logs.reduce((sum, v) => sum + (v - centre) ** 2, 0);
    freedom += logs.length - 1;
  }
  return { variance: freedom > 0 ? squares / freedom : 0, freedom };
}

/** Throws `NumericsError` unless both were given the same tests. */
function requirePaired(a: readonly TestError[], b: readonly TestError[]): void {
  const key = (errors: readonly TestError[]) =>
    errors.map(({ test, subject }) => `${subject} ${test}`).join('\n');
  if (a.length !== b.length || key(a) !== key(b))
    throw new NumericsError({
      found: `${a.length} tests of one network and ${b.length} of another, which are not the same tests`,
      expected: 'the same tests of both, in one order',
      todo: 'test both networks again with the same settings',
    });
}

/**
 * Typical error of the networks `a` over that of the networks `b`, seed by seed and test by test. `scatter`: over seeds, of all training
 * sets of the task; of these two, unless told. Throws `NumericsError` for
 * tests that are not the same, and for fewer than `LEAST_SUBJECTS` subjects.
 */
export function errorRatio(
  a: readonly (readonly TestError[])[],
  b: readonly (readonly TestError[])[],
  floor: number,
  scatter = seedScatter([a, b], floor),
): Ratio {
  const seeds = Math.min(a.length, b.length);
  const differences: number[][] = [];
  for (let s = 0; s < seeds; s++) {
    requirePaired(a[s], b[s]);
    const [first, second] = [logBySubject(a[s], floor), logBySubject(b[s], floor)];
    differences.push([...first].map(([subject, log]) => log - second.get(subject)!));
  }
  const subjects = differences[0]?.length ?? 0;
  if (subjects < LEAST_SUBJECTS)
    throw new NumericsError({
      found: `tests of ${subjects} held-out subjects`,
      expected: `at least ${LEAST_SUBJECTS}: an interval over fewer means nothing`,
      todo: 'hold out more cases (--test-share)',
    });
  const means = differences[0].map((_, i) => mean(differences.map((row) => row[i])));
  const over = pairedEffect(means);
  const { variance, freedom } = scatter;
  const width = freedom > 0 ? student(freedom) * Math.sqrt((2 * variance) / seeds) : 0;
  return {
    ratio: Math.exp(over.value),
    low: Math.exp(over.value - Math.hypot(over.value - over.low, width)),
    high: Math.exp(over.value + Math.hypot(over.high - over.value, width)),
    p: over.p,
    seeds,
    subjects,
  };
}
