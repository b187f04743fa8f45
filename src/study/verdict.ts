/**
 * What the numbers support: rules from intervals to outcomes, and nothing else; their words are verdictWords.ts. Pure, so that
 * every outcome can be tested; the same rules read an advantage of OTFM and one of DDPM, and they may come out for either,
 * for both, or for none. Swapping the arms swaps the verdict.
 *
 *   figures (outcome.ts)        one at one place, and several together
 *   rubble                      neither arm covers a tenth of what real bones cover: no arm is called better
 *   holding up (holding.ts)     the same tally over who loses less from the base of an axis
 *   speed (speed.ts)            who was seen to need fewer evaluations for what both reach
 */
import {
  type Advantage,
  type Advantages,
  distinct,
  type Outcome,
  outcomeOf,
  type Place,
  type Tally,
  type Tie,
  tallyAll,
  tallyOf,
} from './outcome.ts';
import type { SpeedFigure } from './speed.ts';
import { limitsOf, paragraphsOf, RUBBLE } from './verdictWords.ts';

/** An axis, and what was measured along it. */
export interface AxisInput {
  axis: string;
  /** The place that losses are counted from, in words; absent where the axis has none. */
  base?: string;
  places: (Place & { label: string; holds?: Advantages })[];
  /** Which arm scatters less, by figure, on the axis of training seeds; null: too few seeds. */
  scatter?: Readonly<Record<string, Outcome>> | null;
}

/** What an axis came to. */
export interface AxisVerdict {
  /** Who is better, at all its points. */
  points: Tally;
  /** Who holds up better; null where that cannot be judged. */
  holding: Tally | null;
  base: string | null;
}

/** Each arm at its best setting. */
export interface BestOf {
  otfm: string;
  ddpm: string;
  /** How many settings it is the best of: sampled, and with bones enough to measure. */
  tried: { otfm: number; ddpm: number };
  /** Names the sets; absent where one arm could not be measured at all. */
  pair?: string;
  advantage: Advantage;
}

export interface VerdictInput {
  /** Titles of the figures, by name. */
  titles: Readonly<Record<string, string>>;
  /** How each arm's main sets were sampled, in words. */
  mainSampling: { otfm: string; ddpm: string };
  main: Advantages;
  /** Ties of the main sets, by figure. */
  ties: Readonly<Record<string, Tie>>;
  /** Names the main sets. */
  mainPair: string;
  /** Coverage of the main sets, and of training cases in their place; null where it could not be measured. */
  coverage: { otfm: number | null; ddpm: number | null; real: number | null };
  /** Each arm's best place among the main setting and the axes of evaluations and guidance, by figure. */
  best: Readonly<Record<string, BestOf>>;
  /** Equal numbers of network evaluations. */
  equal: (Place & { nfe: number })[];
  speed: Readonly<Record<string, SpeedFigure>>;
  within: number;
  axes: AxisInput[];
  facts: StudyFacts;
}

export interface StudyFacts {
  seeds: number;
  axisSeeds: number;
  shareSeeds: number;
  heldOut: number;
  samples: number;
  steps: number;
  phantom: boolean;
  prediction: string;
  /** Points that could not be measured. */
  failed: number;
  /** Bones without a bone voxel, of how many, in the main sets and in all sets. */
  empty: Readonly<Record<'otfm' | 'ddpm', { main: Share; all: Share }>>;
}

export interface Share {
  count: number;
  of: number;
}

export interface StudyVerdict {
  quality: Tally;
  /** Neither arm makes bones near real ones, so that no arm is called better. */
  rubble: boolean;
  outcomes: Record<string, Outcome>;
  ties: Record<string, Tie>;
  axes: Record<string, AxisVerdict>;
  paragraphs: { about: string; text: string }[];
  limits: string[];
}

/** An arm without a figure covers nothing; without a real one to compare with, all there is. */
export const isRubble = ({ otfm, ddpm, real }: VerdictInput['coverage']): boolean =>
  Math.max(otfm ?? 0, ddpm ?? 0) < RUBBLE * (real ?? 1);

function axisVerdict({ base, places, scatter }: AxisInput): AxisVerdict {
  const held = places.flatMap(({ pair, holds }) => (holds ? [{ pair, advantages: holds }] : []));
  const outcomes = scatter ? Object.values(scatter) : distinct(held).map(outcomeOf);
  return {
    points: tallyAll(places),
    holding: outcomes.length === 0 ? null : tallyOf(outcomes),
    base: base ?? null,
  };
}

/** Reads the numbers. */
export function verdictOf(input: VerdictInput): StudyVerdict {
  const outcomes = Object.fromEntries(Object.entries(input.main).map(([name, a]) => [name, outcomeOf(a)]));
  const judged = {
    quality: tallyOf(Object.values(outcomes)),
    rubble: isRubble(input.coverage),
    outcomes,
    ties: { ...input.ties },
    axes: Object.fromEntries(
      input.axes.filter((a) => a.places.length > 0).map((axis) => [axis.axis, axisVerdict(axis)]),
    ),
  };
  return { ...judged, paragraphs: paragraphsOf(input, judged), limits: limitsOf(input, judged) };
}
