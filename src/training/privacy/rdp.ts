/**
 * Renyi differential privacy of the Gaussian mechanism under Poisson sampling (Mironov, Talwar & Zhang 2019, "Renyi
 * Differential Privacy of the Sampled Gaussian Mechanism"). With P = (1-q) N(0, s^2) + q N(1, s^2) and Q = N(0, s^2),
 *
 *   rdp(a) = log A_a / (a - 1),    A_a = E_{x ~ Q} [ (P(x) / Q(x))^a ],
 *
 * which for whole orders a is a binomial sum (their section 3.3); for others, where they have a pair of slowly falling
 * series, the integral itself is taken. It adds up over steps. Removing a person is covered by this direction, and adding
 * one too: they prove that A_a is the larger of the two.
 */
/** A Gaussian mechanism: noise of deviation `noise` times the sensitivity, on a Poisson sample of rate `rate`, `count` times. */
export interface Mechanism {
  noise: number;
  rate: number;
  count: number;
}

/** Orders that are tried; the guarantee is the least over them, and every one of them holds. */
export const ORDERS: readonly number[] = [
  ...Array.from({ length: 20 }, (_, i) => (21 + i) / 20),
  ...Array.from({ length: 20 }, (_, i) => (21 + i) / 10),
  ...Array.from({ length: 31 }, (_, i) => (17 + i) / 4),
  ...Array.from({ length: 53 }, (_, i) => 12 + i),
  72,
  80,
  96,
  112,
  128,
  160,
  192,
  256,
  384,
  512,
  1024,
];

/** log(e^a + e^b). */
function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(low - high));
}

/** log A of a whole order: `sum_k C(a, k) (1-q)^(a-k) q^k exp((k^2 - k) / 2 s^2)`. */
function logMomentWhole(q: number, s: number, order: number): number {
  let total = Number.NEGATIVE_INFINITY;
  let logBinomial = 0;
  for (let k = 0; k <= order; k++) {
    const term = logBinomial + k * Math.log(q) + (order - k) * Math.log1p(-q) + (k * k - k) / (2 * s * s);
    total = logAdd(total, term);
    logBinomial += Math.log(order - k) - Math.log(k + 1);
  }
  return total;
}

/**
 * log A of any order, by the trapezoidal rule on the whole line, whose error falls exponentially for a function as smooth as
 * this. What is summed is `r^a - 1 - a (r - 1)` with r = P/Q, never negative, as `E_Q [r] = 1`: no digit is lost where A is
 * nearly 1. The step keeps within the strip where r has no zero, pi s^2 off the line.
 */
function logMomentBetween(q: number, s: number, order: number): number {
  const step = Math.min(s / 3, (s * s) / 2.5);
  const first = -Math.ceil((11 * s + 1) / step);
  const last = Math.ceil((order + 11 * s + 1) / step);
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let i = first; i <= last; i++) {
    const x = i * step;
    const exponent = (2 * x - 1) / (2 * s * s);
    const excess = q * Math.expm1(Math.min(exponent, 700));
    const logRatio = exponent > 30 ? exponent + Math.log(q) : Math.log1p(excess);
    const power = order * logRatio;
    const part = power > 40 ? power : Math.log(Math.max(0, Math.expm1(power) - order * excess));
    const log = part - (x * x) / (2 * s * s);
    if (log > most) {
      sum = sum * Math.exp(most - log) + 1;
      most = log;
    } else sum += Math.exp(log - most);
  }
  const logExcess = most + Math.log((sum * step) / (s * Math.sqrt(2 * Math.PI)));
  return logExcess > 0 ? logExcess + Math.log1p(Math.exp(-logExcess)) : Math.log1p(Math.exp(logExcess));
}

/** `log E_Q [(P/Q)^order]` of one step, order > 1. */
export function logMoment({ noise, rate }: Pick<Mechanism, 'noise' | 'rate'>, order: number): number {
  if (rate === 0) return 0;
  if (noise === 0) return Number.POSITIVE_INFINITY;
  if (rate === 1) return ((order - 1) * order) / (2 * noise * noise);
  const log = Number.isInteger(order) ? logMomentWhole : logMomentBetween;
  return Math.max(log(rate, noise, order), 0);
}

/** The Renyi divergence of a given order of several mechanisms together. */
export function rdp(mechanisms: readonly Mechanism[], order: number): number {
  let total = 0;
  for (const m of mechanisms) if (m.count > 0) total += (m.count * logMoment(m, order)) / (order - 1);
  return total;
}

/**
 * The least epsilon for a delta that the orders give together:
 *
 *   epsilon = rdp(a) + log((a - 1) / a) - (log delta + log a) / (a - 1)
 *
 * (Canonne, Kamath & Steinke 2020, proposition 12; Balle et al. 2020). Infinite where there is no noise.
 */
export function rdpEpsilon(
  mechanisms: readonly Mechanism[],
  delta: number,
  orders: readonly number[] = ORDERS,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (const a of orders) {
    const spent = rdp(mechanisms, a);
    least = Math.min(least, epsilonOfOrder(spent, a, delta));
  }
  return least;
}

/** Epsilon of one order whose divergence is `spent`. */
export function epsilonOfOrder(spent: number, order: number, delta: number): number {
  if (spent === 0) return 0;
  const epsilon = spent + Math.log1p(-1 / order) - (Math.log(delta) + Math.log(order)) / (order - 1);
  return Math.max(epsilon, 0);
}
