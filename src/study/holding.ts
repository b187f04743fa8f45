/**
 * Holding up along an axis: not who is better at a place, but who loses less on the way to it from the base, the place where
 * the axis asks nothing special:
 *
 *   evaluations   the most that both arms were sampled with
 *   guidance      the main scale; an axis without it has no base
 *   share         the whole training set
 *   class         the most complete class
 *   seed          none: holding up is scatter, compared from `SEEDS_TO_COMPARE` training seeds on (`steadier`)
 *
 * A figure at the worst value it can take cannot fall further. So nothing is judged from a base where an arm stands there,
 * nor for an arm that ends there: what it lost is cut off. An arm that makes too few bones to measure has lost most.
 */
import { mean } from '../evaluation/statistics.ts';
import { HEADLINES, type Headline, type Sampled } from './headline.ts';
import { badness, holding, steadier } from './interval.ts';
import { type Advantage, type Advantages, type Outcome, outcomeOf } from './outcome.ts';
import type { AxisName } from './plan.ts';

/** Training seeds below which the scatter of two arms is not compared: t of 3 degrees of freedom is already 3.2. */
export const SEEDS_TO_COMPARE = 5;

/** A figure of one arm at one place: its values over seeds, `failed` where too few bones could be measured. */
export type Found = readonly Sampled[] | 'failed' | undefined;

/** The base of an axis among the places where both arms were sampled; undefined: it has none. */
export function baseOf(axis: AxisName, places: readonly number[], guidance: number): number | undefined {
  if (axis === 'evaluations' || axis === 'class') return places.length > 0 ? Math.max(...places) : undefined;
  const base = { guidance, share: 1 }[axis as string];
  return base !== undefined && places.includes(base) ? base : undefined;
}

/** Whether the mean over seeds is as bad as the figure can be. */
export function atWorst({ better, bounds }: Headline, figures: readonly Sampled[]): boolean {
  if (bounds === undefined) return false;
  return badness(mean(figures.map((f) => f.value)), better) >= bounds.worst - 1e-9;
}

/** Whether it is as good as the figure can be. */
export function atBest({ better, bounds }: Headline, figures: readonly Sampled[]): boolean {
  if (bounds === undefined) return false;
  return badness(mean(figures.map((f) => f.value)), better) <= bounds.best + 1e-9;
}

type Pair = { otfm: Found; ddpm: Found };

/** By how much less OTFM loses than DDPM in one figure; null where it cannot be judged. */
export function holds(h: Headline, here: Pair, base: Pair): Advantage {
  if (!Array.isArray(base.otfm) || !Array.isArray(base.ddpm)) return null;
  if (atWorst(h, base.otfm) || atWorst(h, base.ddpm)) return null;
  const [otfm, ddpm] = [here.otfm, here.ddpm];
  const measured = (found: Found): found is readonly Sampled[] => Array.isArray(found);
  if (measured(otfm) && measured(ddpm)) {
    const change = holding({ otfm, ddpm }, base as { otfm: Sampled[]; ddpm: Sampled[] }, h.better);
    const winner = outcomeOf(change);
    const stuck = winner === 'undecided' ? false : atWorst(h, winner === 'otfm' ? otfm : ddpm);
    return stuck ? null : change;
  }
  if (otfm === 'failed' && measured(ddpm)) return atWorst(h, ddpm) ? null : { failed: 'otfm' };
  if (ddpm === 'failed' && measured(otfm)) return atWorst(h, otfm) ? null : { failed: 'ddpm' };
  return null;
}

/** Which arm scatters less over training seeds, by figure; undefined with too few seeds, or a figure at its bounds. */
export function scatterOf(
  find: (name: string, arm: 'otfm' | 'ddpm') => Found,
): Record<string, Outcome> | null {
  const outcomes = HEADLINES.flatMap((h): [string, Outcome][] => {
    const [otfm, ddpm] = [find(h.name, 'otfm'), find(h.name, 'ddpm')];
    if (!Array.isArray(otfm) || !Array.isArray(ddpm) || otfm.length < SEEDS_TO_COMPARE) return [];
    if ([otfm, ddpm].some((f) => atWorst(h, f) || atBest(h, f))) return [];
    const values = (figures: readonly Sampled[]): number[] => figures.map((f) => badness(f.value, h.better));
    return [[h.name, steadier(values(otfm), values(ddpm))]];
  });
  return outcomes.length === 0 ? null : Object.fromEntries(outcomes);
}

/** Of every figure, what `holds` says. */
export const holdsAll = (find: (name: string, at: 'here' | 'base') => Pair): Advantages =>
  Object.fromEntries(HEADLINES.map((h) => [h.name, holds(h, find(h.name, 'here'), find(h.name, 'base'))]));
