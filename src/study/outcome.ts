/**
 * Outcomes of comparisons, and tallies of them: the same for both arms, from intervals alone.
 *
 *   one figure at one place     better where the 95 % interval of the paired difference leaves 0 out, else not told apart;
 *                               where one arm alone makes too few bones to measure, the other is better
 *   several                     for an arm where it is better in at least half of them and the other in none;
 *                               "leans" where it is better in some, fewer than half; "mixed" where both are better in some
 */
import type { Estimate } from './interval.ts';

export type Outcome = 'otfm' | 'ddpm' | 'undecided';
export type Verdict = 'otfm' | 'ddpm' | 'leans otfm' | 'leans ddpm' | 'mixed' | 'undecided';

/** Both arms at the best, or at the worst value that a figure can take. */
export type Tie = 'best' | 'worst';

/** One arm made too few bones to measure, the other enough: a comparison the other wins without a number. */
export interface Walkover {
  failed: 'otfm' | 'ddpm';
}

/** Of OTFM over DDPM (above 0: OTFM better); null where there is nothing to judge by. */
export type Advantage = Estimate | Walkover | null;

/** By figure. */
export type Advantages = Readonly<Record<string, Advantage>>;

export const NAME = { otfm: 'OTFM', ddpm: 'DDPM' } as const;

/** Whether one arm lost because it made too few bones to measure. */
export const isWalkover = (advantage: Advantage): advantage is Walkover =>
  advantage !== null && 'failed' in advantage;

/** Who is better, when anyone is. An interval that only touches 0 does not leave it out. */
export function outcomeOf(advantage: Advantage): Outcome {
  if (advantage === null) return 'undecided';
  if (isWalkover(advantage)) return advantage.failed === 'otfm' ? 'ddpm' : 'otfm';
  if (!Number.isFinite(advantage.low) || !Number.isFinite(advantage.high)) return 'undecided';
  if (advantage.low > 0) return 'otfm';
  return advantage.high < 0 ? 'ddpm' : 'undecided';
}

/** Outcomes counted, and what they come to together. */
export interface Tally {
  otfm: number;
  ddpm: number;
  undecided: number;
  verdict: Verdict;
}

export function tallyOf(outcomes: readonly Outcome[]): Tally {
  const count = (wanted: Outcome): number => outcomes.filter((o) => o === wanted).length;
  const [otfm, ddpm, undecided] = [count('otfm'), count('ddpm'), count('undecided')];
  const half = outcomes.length / 2;
  let verdict: Verdict = 'undecided';
  if (otfm > 0 && ddpm > 0) verdict = 'mixed';
  else if (otfm > 0) verdict = otfm >= half ? 'otfm' : 'leans otfm';
  else if (ddpm > 0) verdict = ddpm >= half ? 'ddpm' : 'leans ddpm';
  return { otfm, ddpm, undecided, verdict };
}

/** Figures of one pair of sets, which several axes may share. */
export interface Place {
  /** Names the sets. */
  pair: string;
  advantages: Advantages;
}

/** What could be judged, each figure of each pair once. */
export const distinct = (places: readonly Place[]): Advantage[] => [
  ...new Map(
    places.flatMap(({ pair, advantages }) =>
      Object.entries(advantages).flatMap(([name, a]) =>
        a === null ? [] : [[`${name} ${pair}`, a] as const],
      ),
    ),
  ).values(),
];

/** The tally of all figures at all given places: each pair once, and what could not be judged not at all. */
export const tallyAll = (places: readonly Place[]): Tally => tallyOf(distinct(places).map(outcomeOf));
