/**
 * How few network evaluations are enough, and whether one arm needs fewer than the other: never a ratio that was not measured.
 *
 *   level       the value that both arms reach, the worse of their two bests; near it is within a stated tolerance
 *   reach       the fewest evaluations tried at which an arm is near the level, and at every count tried from there up to
 *               its best one: a lucky point among bad ones does not count. Counts above the best one may be worse again; they
 *               are named. `below` is the next smaller count tried, which misses the level; without one, nothing smaller
 *               was tried, and the arm may need fewer still
 *   fewer       arm A needs fewer than B where A's count is no larger than one below B's at which B clearly misses the level,
 *               its 95 % interval and all: A was seen to be enough where B was seen not to be. That count of B over A's is
 *               then a bound: more than so many times fewer
 *
 * A set of too few bones misses every level. A level at the worst value there is, or within its tolerance, says nothing.
 */

/** One point of an arm's way through the axis of evaluations. */
export interface SpeedPoint {
  nfe: number;
  /** Lower is better (`badness`); infinite where too few bones could be measured. */
  score: number;
  /** Of its 95 % interval. */
  halfWidth: number;
  /** The solver. */
  label: string;
}

export interface Reach {
  nfe: number;
  label: string;
  /** The next smaller count tried, which misses the level; null: nothing smaller was tried. */
  below: number | null;
  /** The largest smaller count tried whose interval misses the level as a whole. */
  clear: number | null;
  /** Larger counts tried that miss it again. */
  worse: number[];
}

/** One figure: what both arms reach, and with how many evaluations. */
export interface SpeedFigure {
  /** Badness that both reach; null where an arm has no measured point. */
  level: number | null;
  /** Why nothing can be said; null: something can. */
  silent: 'not measured' | 'worst value' | null;
  /** Near what both reach. */
  equal: { otfm: Reach; ddpm: Reach } | null;
  /** Near the arm's own best. */
  own: { otfm: Reach; ddpm: Reach } | null;
  /** Who was seen to need fewer for equal quality; `factor`: more than so many times. */
  fewer: { arm: 'otfm' | 'ddpm'; factor: number } | null;
}

const lower = (a: SpeedPoint, b: SpeedPoint): SpeedPoint => (b.score < a.score ? b : a);

/** The point of the lowest score, of at least one. */
export const bestPoint = (points: readonly SpeedPoint[]): SpeedPoint => points.reduce(lower);

/** The fewest evaluations near `limit`; the best point itself where that is above it. */
export function reach(points: readonly SpeedPoint[], limit: number): Reach {
  const best = bestPoint(points);
  const counts = [...new Set(points.map((p) => p.nfe))].sort((a, b) => b - a);
  const at = (nfe: number): SpeedPoint => points.filter((p) => p.nfe === nfe).reduce(lower);
  const worse = counts.filter((nfe) => nfe > best.nfe && at(nfe).score > limit).reverse();
  let enough = best;
  let below: number | null = null;
  for (const nfe of counts) {
    if (nfe >= best.nfe) continue;
    if (at(nfe).score > limit) {
      below = nfe;
      break;
    }
    enough = at(nfe);
  }
  const clear = counts.find((nfe) => {
    const { score, halfWidth } = at(nfe);
    return nfe < enough.nfe && score - halfWidth > limit;
  });
  return { nfe: enough.nfe, label: enough.label, below, clear: clear ?? null, worse };
}

/** Who needs fewer, when that was seen; the same rule for both. */
export function fewerOf(otfm: Reach, ddpm: Reach): SpeedFigure['fewer'] {
  if (ddpm.clear !== null && otfm.nfe <= ddpm.clear) return { arm: 'otfm', factor: ddpm.clear / otfm.nfe };
  if (otfm.clear !== null && ddpm.nfe <= otfm.clear) return { arm: 'ddpm', factor: otfm.clear / ddpm.nfe };
  return null;
}

/** One figure of both arms; `worst` is the badness that cannot be surpassed, infinite where there is none. */
export function speedFigure(
  points: Readonly<Record<'otfm' | 'ddpm', readonly SpeedPoint[]>>,
  tolerance: (p: SpeedPoint) => number,
  worst = Number.POSITIVE_INFINITY,
): SpeedFigure {
  const nothing = { equal: null, own: null, fewer: null };
  const { otfm, ddpm } = points;
  if (![otfm, ddpm].every((own) => own.some((p) => Number.isFinite(p.score))))
    return { level: null, silent: 'not measured', ...nothing };
  const [o, d] = [bestPoint(otfm), bestPoint(ddpm)];
  const both = o.score > d.score ? o : d;
  const limitOf = (p: SpeedPoint): number => p.score + tolerance(p);
  // Up to a rounding error of sums of shares.
  if (limitOf(both) >= worst - 1e-9) return { level: both.score, silent: 'worst value', ...nothing };
  const equal = { otfm: reach(otfm, limitOf(both)), ddpm: reach(ddpm, limitOf(both)) };
  return {
    level: both.score,
    silent: null,
    equal,
    own: { otfm: reach(otfm, limitOf(o)), ddpm: reach(ddpm, limitOf(d)) },
    fewer: fewerOf(equal.otfm, equal.ddpm),
  };
}
