/**
 * What networks of the task study learn from, as a list: real cases alone, synthetic ones alone, both together, at growing
 * numbers. A pure function of the settings and of how many cases there are.
 *
 *   real only            each number of real cases, and all of them
 *   synthetic only       each source, each number of synthetic cases, and as many as there are real ones
 *   real + synthetic     each number of real cases with each number of synthetic ones of the first source
 *
 * Cases of a smaller number are part of those of a larger one, drawn anew for each training seed; so a mix at a seed has the
 * very real cases of the real-only training that it is compared with.
 */
import { RandomStream } from '../../random/stream.ts';

export interface Mix {
  /** `real5`, `otfm100`, `real5+otfm100`. */
  name: string;
  real: number;
  /** Which set of synthetic cases; undefined without any. */
  source?: string;
  synthetic: number;
}

export interface MixSettings {
  /** Numbers of real cases; all of them come as well. */
  real: readonly number[];
  /** Numbers of synthetic cases; as many as real ones come as well. */
  synthetic: readonly number[];
}

const ascending = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

const mix = (real: number, source: string | undefined, synthetic: number): Mix => {
  const parts = [...(real > 0 ? [`real${real}`] : []), ...(source ? [`${source}${synthetic}`] : [])];
  return { name: parts.join('+'), real, ...(source && { source }), synthetic };
};

/** Every mix of a study of `all` real training cases and the synthetic `sources`, the first of which is mixed with real ones. */
export function mixesOf({ real, synthetic }: MixSettings, all: number, sources: readonly string[]): Mix[] {
  const reals = ascending([...real.filter((n) => n < all), all]);
  const counts = ascending(synthetic);
  const alone = ascending([...counts, all]);
  return [
    ...reals.map((n) => mix(n, undefined, 0)),
    ...sources.flatMap((source) => alone.map((n) => mix(0, source, n))),
    ...sources.slice(0, 1).flatMap((source) => reals.flatMap((r) => counts.map((n) => mix(r, source, n)))),
  ];
}

/** The cases in an order drawn for a training seed, of which a mix takes the first. */
export function drawn<T>(cases: readonly T[], seed: number): T[] {
  const stream = new RandomStream(seed, 'task-study/order');
  const order = cases.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.map((i) => cases[i]);
}
