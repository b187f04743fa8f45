/**
 * The distribution of the privacy loss `L = log P(x) / Q(x)`, x from P, of one step, on the grid `h i`: the pair (P, Q) that
 * dominates a Poisson-sampled Gaussian (Zhu, Dong & Wang 2022), once for a person taken away and once for one added,
 *
 *   remove   P = (1-q) N(0, s^2) + q N(1, s^2),   Q = N(0, s^2);        add   the two exchanged.
 *
 * The mass between two grid points is shared between them so that neither its P-measure nor its Q-measure changes
 * ("connect the dots", Doroshenko et al. 2022). The result dominates the pair, so what is computed from it is an upper bound,
 * and its excess falls with h^2. Losses above the grid count as certain failure, those below it as the grid's least.
 */
import { normalMass } from '../../evaluation/normal.ts';
import type { Mechanism } from './rdp.ts';

export type Direction = 'remove' | 'add';
export const DIRECTIONS: readonly Direction[] = ['remove', 'add'];

export interface LossDistribution {
  /** Loss of the first number of `mass`, in units of `step`. */
  first: number;
  step: number;
  /** P-mass of each grid point. */
  mass: Float64Array;
  /** P-mass above the grid. */
  infinite: number;
}

/** The point x where the loss of the direction `remove` is `loss`: `s^2 log((e^loss - 1 + q) / q) + 1/2`. */
function pointOf(loss: number, { noise: s, rate: q }: Mechanism): number {
  if (q === 1) return s * s * loss + 0.5;
  if (loss > 30) return s * s * (loss + Math.log1p((q - 1) * Math.exp(-loss)) - Math.log(q)) + 0.5;
  const inside = (Math.expm1(loss) + q) / q;
  return inside <= 0 ? Number.NEGATIVE_INFINITY : s * s * Math.log(inside) + 0.5;
}

/** The loss of `remove` at a point: `log(1 - q + q exp((2x - 1) / 2 s^2))`. */
export function lossAt(x: number, { noise: s, rate: q }: Pick<Mechanism, 'noise' | 'rate'>): number {
  const exponent = (2 * x - 1) / (2 * s * s);
  if (q === 1) return exponent;
  if (exponent > 30) return exponent + Math.log(q) + Math.log1p(((1 - q) / q) * Math.exp(-exponent));
  return Math.log1p(q * Math.expm1(exponent));
}

/** Losses of one step between points that x leaves with probability `tail` at most on either side. */
export function lossRange(m: Mechanism, direction: Direction, tail: number): [number, number] {
  const reach = m.noise * Math.sqrt(2 * Math.log(1 / tail));
  const [low, high] = [lossAt(-reach, m), lossAt(1 + reach, m)];
  return direction === 'remove' ? [low, high] : [-high, -low];
}

/** Losses of one step from `low` to `high` on the grid of `step`. */
export function lossDistribution(
  m: Mechanism,
  direction: Direction,
  [low, high]: readonly [number, number],
  step: number,
): LossDistribution {
  const { noise, rate } = m;
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  const mass = new Float64Array(last - first + 1);
  const share = -Math.expm1(-step);
  // An interval of losses (a, b] is an interval of x: (x(a), x(b)] for remove, [x(-b), x(-a)) for add.
  const edge = (i: number) => (direction === 'remove' ? pointOf(i * step, m) : pointOf(-i * step, m));
  const measure = (x0: number, x1: number): [number, number] => {
    const still = normalMass(x0, x1, 0, noise);
    const mixed = rate * normalMass(x0, x1, 1, noise) + (1 - rate) * still;
    return direction === 'remove' ? [mixed, still] : [still, mixed];
  };
  const between = (x0: number, x1: number) => (x0 < x1 ? measure(x0, x1) : measure(x1, x0));
  const [lowest, highest] =
    direction === 'remove'
      ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let left = edge(first);
  if (left !== lowest) mass[0] += between(lowest, left)[0];
  for (let i = first; i < last; i++) {
    const right = edge(i + 1);
    if (right !== left) {
      const [p, q] = between(left, right);
      // p = a + b and q = a exp(-i h) + b exp(-(i + 1) h), solved for b; all of it up where exp has no number left.
      const lower = i * step > 600 ? 0 : q * Math.exp(i * step);
      const upper = Math.min(p, Math.max(0, (p - lower) / share));
      mass[i - first] += p - upper;
      mass[i - first + 1] += upper;
    }
    left = right;
  }
  const infinite = left === highest ? 0 : between(left, highest)[0];
  return { first, step, mass, infinite };
}

/** `log sum_i mass_i exp(t loss_i)`: how a Chernoff bound sees the distribution. */
export function logMomentAt({ first, step, mass }: LossDistribution, t: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < mass.length; i++)
    if (mass[i] > 0) most = Math.max(most, Math.log(mass[i]) + t * (first + i) * step);
  let sum = 0;
  for (let i = 0; i < mass.length; i++)
    if (mass[i] > 0) sum += Math.exp(Math.log(mass[i]) + t * (first + i) * step - most);
  return most + Math.log(sum);
}
