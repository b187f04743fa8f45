/**
 * The rule by which a figure is called as good as real, worse than real, or neither.
 *
 * A figure of generated against real shapes means nothing by itself: two sets of *real* shapes score something too, and at
 * these sizes not always the same. So its p-value is asked: how often would real shapes in the place of the generated ones
 * score as badly or worse? (From draws of training shapes, floor.ts, or from shuffled labels, permutation.ts.)
 *
 *   p <= 0.05   worse than real    only 1 real set in 20 is as bad
 *   p >= 0.5    as good as real    at least half of the real sets are as bad or worse
 *   between     cannot tell
 *
 * So a perfect generator is called worse in about 1 figure of 20 (by floors .03 to .085, measured; docs/evaluation.md), and
 * one exactly as bad as the line of "worse" is called as good in about 1 of 20. With fewer cases than the figure needs
 * (metricDocs.ts) the answer is always "cannot tell".
 */
import { metricDoc } from './metricDocs.ts';
import type { Tail } from './permutation.ts';
import { holm } from './permutation.ts';
import type { SetMetric } from './setReport.ts';

export type Verdict = 'as good as real' | 'worse than real' | 'cannot tell';

export const WORSE_P = 0.05;
export const AS_GOOD_P = 0.5;

/** The side on which a figure is bad: large ones where less is better, small ones where more is, both about an ideal. */
export function tailOf(better: SetMetric['better']): Tail {
  return better === 'lower' ? 'upper' : better === 'higher' ? 'lower' : 'both';
}

/** The rule above for a p-value over `n` cases, of which `least` are needed. */
export function verdictOf(p: number | undefined, n: number, least: number): Verdict {
  if (p === undefined || n < least) return 'cannot tell';
  return p <= WORSE_P ? 'worse than real' : p >= AS_GOOD_P ? 'as good as real' : 'cannot tell';
}

/** The whole set in one answer. */
export interface OverallVerdict {
  /** Are real and generated shapes told apart, by any test of the two sets, corrected for their number? */
  told: 'told apart from real' | 'not told apart' | 'cannot tell';
  /** Tests of the two sets as wholes; `adjusted` is Holm's. */
  tests: { name: string; p: number; adjusted: number }[];
  /** Figures by verdict. */
  counts: Record<Verdict, number>;
}

/** Metrics that test the two sets as wholes, each in its own way. */
const WHOLE = /^(kid[A-Z].*|oneNna[A-Z].*|energy[A-Z].*)$/;

/** Sums up a table of metrics: Holm's correction over the permutation tests of whole sets, and a count of verdicts. */
export function overallVerdict(metrics: Readonly<Record<string, SetMetric>>): OverallVerdict {
  const all = Object.entries(metrics);
  // Of fewer cases than a metric needs, a test that finds nothing says nothing.
  const tested = all.flatMap(([name, { permutation, verdict, n }]) =>
    permutation !== undefined &&
    verdict !== undefined &&
    WHOLE.test(name) &&
    n >= (metricDoc(name)?.least ?? 0)
      ? [{ name, p: permutation.p }]
      : [],
  );
  const adjusted = holm(tested.map((t) => t.p));
  const counts: OverallVerdict['counts'] = { 'as good as real': 0, 'worse than real': 0, 'cannot tell': 0 };
  for (const [, { verdict }] of all) if (verdict !== undefined) counts[verdict]++;
  return {
    told:
      tested.length === 0
        ? 'cannot tell'
        : adjusted.some((p) => p <= WORSE_P)
          ? 'told apart from real'
          : 'not told apart',
    tests: tested.map((t, i) => ({ ...t, adjusted: adjusted[i] })),
    counts,
  };
}
