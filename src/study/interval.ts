/**
 * Figures of an arm over training seeds, and the difference of two arms, with 95 % intervals.
 *
 * Two things vary. Over **cases**: half-samples (headline.ts), averaged over seeds draw by draw; their deviations from their
 * own mean are those of the whole set. Over **training seeds**: the values of S seeds scatter with deviation s, and their mean
 * with s / sqrt S, to be multiplied by Student's t of S - 1 degrees of freedom: with the 3 seeds one can afford, resampling
 * seeds would give intervals that are far too narrow. Both are independent, so their squares add:
 *
 *   low = value - sqrt(d_low^2 + (t s / sqrt S)^2)       d_low, d_high: 2.5 and 97.5 % of the deviations over cases
 *
 * A share that is the same in every half-sample (1-NNA of 1) still varies: it gets Wilson's half-width in place of 0.
 * The noise of generated bones is in both parts, so the interval errs on the wide side. With one seed there is no second part,
 * and the interval says nothing of other seeds; `seeds` tells how many there were.
 */

import { wilsonInterval } from '../evaluation/bootstrap.ts';
import type { SetMetric } from '../evaluation/setReport.ts';
import { mean, quantileOfSorted, student } from '../evaluation/statistics.ts';
import type { Sampled } from './headline.ts';

export interface Estimate {
  value: number;
  /** 95 % interval. */
  low: number;
  high: number;
  /** Training seeds behind it. */
  seeds: number;
}

/** Half of the 95 % interval of the mean of `values` over seeds; 0 for one seed. */
export function seedHalfWidth(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  const centre = mean(values);
  const variance = values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (n - 1);
  return student(n - 1) * Math.sqrt(variance / n);
}

/** Which way is good; `near reference` is near the value of real bones. */
export type Better = SetMetric['better'];

/** How bad a value is, less being better for every figure: its distance from the ideal, the value itself, or less of it. */
export function badness(value: number, better: Better, reference = 0): number {
  if (better === 'near 0.5') return Math.abs(value - 0.5);
  if (better === 'near 1') return Math.abs(value - 1);
  if (better === 'near reference') return Math.abs(value - reference);
  return better === 'lower' ? value : -value;
}

/** Mean of rows, place by place. */
const meanRow = (rows: readonly (readonly number[])[]): number[] =>
  rows[0].map((_, r) => rows.reduce((sum, row) => sum + row[r], 0) / rows.length);

/** An interval from values (one a seed) and half-sampled values (one row a seed). */
function estimate(
  values: readonly number[],
  halves: readonly (readonly number[])[],
  cases: number,
  least: number,
): Estimate {
  const value = mean(values);
  const seeds = seedHalfWidth(values);
  const draws = meanRow(halves);
  const centre = mean(draws);
  const deviations = Float64Array.from(draws, (v) => v - centre).sort();
  // Of an odd number a little less than half is drawn, which varies a little more.
  const share = Math.floor(cases / 2) / cases;
  const scale = Math.sqrt(share / (1 - share));
  const [down, up] = [0.025, 0.975].map((q) =>
    Math.max(least, Math.abs(scale * quantileOfSorted(deviations, q))),
  );
  return {
    value,
    low: value - Math.hypot(down, seeds),
    high: value + Math.hypot(up, seeds),
    seeds: values.length,
  };
}

/** Wilson's half-width of shares that no half-sample moved, which are then no less uncertain; 0 for all else. */
function leastHalfWidth(figures: readonly Sampled[]): number {
  const stuck = figures.every(
    ({ trials, halves }) => trials !== undefined && halves.every((v) => Math.abs(v - halves[0]) < 1e-12),
  );
  if (!stuck) return 0;
  const value = mean(figures.map((f) => f.value));
  const [low, high] = wilsonInterval(value, figures[0].trials!);
  return Math.max(high - value, value - low);
}

/** A figure of one arm, over its seeds; the interval of a share stays within 0 and 1. */
export function armEstimate(figures: readonly Sampled[]): Estimate {
  const found = estimate(
    figures.map((f) => f.value),
    figures.map((f) => f.halves),
    figures[0].cases,
    leastHalfWidth(figures),
  );
  if (figures[0].trials === undefined) return found;
  return { ...found, low: Math.max(0, found.low), high: Math.min(1, found.high) };
}

/** How far two values of a share can be apart in badness; other figures know no bound. */
const reachOf = (figures: readonly Sampled[], better: Better): number => {
  if (!figures.every((f) => f.trials !== undefined)) return Number.POSITIVE_INFINITY;
  return better === 'near 0.5' ? 0.5 : 1;
};

/** The interval kept within +-reach. */
const within = (e: Estimate, reach: number): Estimate => ({
  ...e,
  low: Math.max(-reach, e.low),
  high: Math.min(reach, e.high),
});

/** Differences of the arms, seed by seed and draw by draw. */
function paired(otfm: readonly Sampled[], ddpm: readonly Sampled[], better: Better) {
  const bad = (v: number) => badness(v, better);
  const n = Math.min(otfm.length, ddpm.length);
  const pairs = Array.from({ length: n }, (_, s) => [otfm[s], ddpm[s]] as const);
  return {
    values: pairs.map(([o, d]) => bad(d.value) - bad(o.value)),
    halves: pairs.map(([o, d]) => o.halves.map((v, r) => bad(d.halves[r]) - bad(v))),
    cases: Math.min(otfm[0].cases, ddpm[0].cases),
    least: Math.hypot(leastHalfWidth(otfm), leastHalfWidth(ddpm)),
  };
}

/**
 * By how much OTFM is better than DDPM in a figure: `badness(ddpm) - badness(otfm)`, above 0 where OTFM is better. Paired by
 * seed, and by half-sample where both sets are of one size. Differences of shares stay within what shares can differ by.
 */
export function advantage(otfm: readonly Sampled[], ddpm: readonly Sampled[], better: Better): Estimate {
  const { values, halves, cases, least } = paired(otfm, ddpm, better);
  return within(estimate(values, halves, cases, least), reachOf([...otfm, ...ddpm], better));
}

/** The figures of both arms at one place. */
export interface Both {
  otfm: readonly Sampled[];
  ddpm: readonly Sampled[];
}

/**
 * By how much less OTFM loses than DDPM from the place `base` to the place `here`:
 *
 *   (badness(ddpm here) - badness(ddpm base)) - (badness(otfm here) - badness(otfm base)),
 *
 * which is the advantage here less that at the base. Paired by seed, and by half-sample where sets are of one size.
 */
export function holding(here: Both, base: Both, better: Better): Estimate {
  const [a, b] = [here, base].map(({ otfm, ddpm }) => paired(otfm, ddpm, better));
  const n = Math.min(a.values.length, b.values.length);
  return within(
    estimate(
      a.values.slice(0, n).map((v, s) => v - b.values[s]),
      a.halves.slice(0, n).map((row, s) => row.map((v, r) => v - b.halves[s][r])),
      Math.min(a.cases, b.cases),
      Math.hypot(a.least, b.least),
    ),
    2 * reachOf([...here.otfm, ...here.ddpm, ...base.otfm, ...base.ddpm], better),
  );
}

/**
 * Which arm's values scatter less over training seeds, at 95 %: Pitman and Morgan's test for the variances of pairs. The
 * variances differ where sum and difference of the pairs correlate, r sqrt((n - 2) / (1 - r^2)) being Student's t of n - 2.
 */
export function steadier(otfm: readonly number[], ddpm: readonly number[]): 'otfm' | 'ddpm' | 'undecided' {
  const n = otfm.length;
  if (n < 3 || ddpm.length !== n) return 'undecided';
  const centred = (values: number[]): number[] => values.map((v) => v - mean(values));
  const sum = centred(otfm.map((o, i) => o + ddpm[i]));
  const difference = centred(otfm.map((o, i) => o - ddpm[i]));
  const product = (a: number[], b: number[]): number => a.reduce((total, v, i) => total + v * b[i], 0);
  const norm = Math.sqrt(product(sum, sum) * product(difference, difference));
  if (norm === 0) return 'undecided';
  const r = Math.max(-1, Math.min(1, product(sum, difference) / norm));
  const t = Math.abs(r) * Math.sqrt((n - 2) / Math.max(1 - r * r, Number.EPSILON));
  if (t <= student(n - 2)) return 'undecided';
  // Sum and difference rise together where OTFM varies more.
  return r > 0 ? 'ddpm' : 'otfm';
}

/**
 * The same for a figure that is not half-sampled, from its own intervals over cases where it has them: mean half-widths over
 * seeds, of both arms, squares added as if the arms were not paired. Undefined where neither seeds nor cases give a width.
 */
export function metricAdvantage(
  otfm: readonly SetMetric[],
  ddpm: readonly SetMetric[],
): Estimate | undefined {
  const n = Math.min(otfm.length, ddpm.length);
  const bad = (m: SetMetric) => badness(m.value, m.better, m.reference);
  const values = Array.from({ length: n }, (_, s) => bad(ddpm[s]) - bad(otfm[s]));
  const cases = Math.hypot(caseHalfWidth(otfm), caseHalfWidth(ddpm));
  const width = Math.hypot(cases, seedHalfWidth(values));
  if (n < 2 && cases === 0) return undefined;
  const value = mean(values);
  const shares = [...otfm, ...ddpm].every(isShare);
  const reach = shares ? (otfm[0].better === 'near 0.5' ? 0.5 : 1) : Number.POSITIVE_INFINITY;
  return within({ value, low: value - width, high: value + width, seeds: n }, reach);
}

/** A figure without unit whose interval lies within 0 and 1 is taken for a share. */
const isShare = (m: SetMetric): boolean =>
  m.unit === '' && (m.low ?? m.value) >= 0 && (m.high ?? m.value) <= 1;

/** Mean half-width of the intervals over cases; 0 where there are none. */
function caseHalfWidth(metrics: readonly SetMetric[]): number {
  const widths = metrics.flatMap(({ low, high }) =>
    low === undefined || high === undefined ? [] : [(high - low) / 2],
  );
  return widths.length < metrics.length ? 0 : mean(widths);
}

/** A figure that is not half-sampled, over seeds; it stays within 0 and 1 where its intervals over cases all do. */
export function metricEstimate(metrics: readonly SetMetric[]): Estimate {
  const values = metrics.map((m) => m.value);
  const value = mean(values);
  const down = mean(metrics.map((m) => m.value - (m.low ?? m.value)));
  const up = mean(metrics.map((m) => (m.high ?? m.value) - m.value));
  const seeds = seedHalfWidth(values);
  const positive = metrics.every((m) => (m.low ?? m.value) >= 0);
  const share = metrics.every(isShare);
  return {
    value,
    low: Math.max(positive ? 0 : Number.NEGATIVE_INFINITY, value - Math.hypot(down, seeds)),
    high: Math.min(share ? 1 : Number.POSITIVE_INFINITY, value + Math.hypot(up, seeds)),
    seeds: values.length,
  };
}
