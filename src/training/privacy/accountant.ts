/**
 * What a training spends of its privacy budget, and how much noise a budget asks for. A training is a list of Gaussian
 * mechanisms on Poisson samples; for every pair of training sets that differ in one person, each outcome is at most
 * `exp(epsilon)` times as likely under one as under the other, but for a probability `delta`. Two accountants:
 *
 *   pld   the distribution of the privacy loss, by Fourier transform (pld.ts): nearly exact
 *   rdp   Renyi differential privacy (rdp.ts): simpler, an epsilon some 10 to 15 % larger for the same training
 */
import { ConfigError, NumericsError } from '../../errors.ts';
import { pldEpsilon } from './pld.ts';
import { type Mechanism, ORDERS, rdpEpsilon } from './rdp.ts';

export type AccountantName = 'pld' | 'rdp';
export type { Mechanism } from './rdp.ts';

/** Least delta: below it, rounding of the Fourier transform is no longer small. */
export const DELTA_LEAST = 1e-10;

function check(mechanisms: readonly Mechanism[], delta: number): void {
  if (!(delta >= DELTA_LEAST && delta < 1))
    throw new ConfigError({
      found: `a delta of ${delta}`,
      expected: `a probability from ${DELTA_LEAST} to below 1; usual is less than one over the number of persons`,
      todo: 'choose another --dp-delta',
    });
  for (const { noise, rate, count } of mechanisms)
    if (!(noise >= 0 && rate >= 0 && rate <= 1 && Number.isInteger(count) && count >= 0))
      throw new NumericsError({
        found: `a mechanism of noise ${noise}, rate ${rate}, ${count} times`,
        expected: 'noise of 0 or more, a rate from 0 to 1, a whole number of times',
        todo: 'check the settings of the training',
      });
}

/**
 * The epsilon that `mechanisms` together spend at `delta`; infinite without noise. Throws `ConfigError` for a delta out of
 * range and `NumericsError` for an impossible mechanism.
 */
export function epsilonSpent(
  mechanisms: readonly Mechanism[],
  delta: number,
  accountant: AccountantName = 'pld',
): number {
  check(mechanisms, delta);
  return (accountant === 'pld' ? pldEpsilon : rdpEpsilon)(mechanisms, delta);
}

/** Most noise that is looked for, in clipping norms. */
export const NOISE_MOST = 1e4;

/**
 * The least noise, in clipping norms and to 0.3 %, with which `count` steps at `rate` beside `others` spend at most `epsilon`.
 * Throws `ConfigError` where no noise up to 10,000 does.
 */
export function noiseFor(
  epsilon: number,
  delta: number,
  { rate, count }: { rate: number; count: number },
  others: readonly Mechanism[] = [],
  accountant: AccountantName = 'pld',
): number {
  const all = (noise: number) => [{ noise, rate, count }, ...others];
  check(all(1), delta);
  // Renyi accounting by whole orders is quick, and never says too little: it finds where to look.
  const whole = ORDERS.filter(Number.isInteger);
  const quick = (noise: number) => rdpEpsilon(all(noise), delta, whole);
  let high = NOISE_LEAST;
  while (quick(high) > epsilon && high < NOISE_MOST) high *= 1.3;
  // One direction while searching, both to be sure.
  const exact = (noise: number) =>
    accountant === 'rdp'
      ? rdpEpsilon(all(noise), delta)
      : pldEpsilon(all(noise), delta, { directions: ['remove'], excess: 1e-5 * Math.max(1, epsilon) });
  let noise = high > NOISE_MOST ? NOISE_MOST : narrow(exact, epsilon, [high / 3, high]);
  for (; noise <= NOISE_MOST; noise *= 1.002)
    if (epsilonSpent(all(noise), delta, accountant) <= epsilon) return noise;
  const floor = epsilonSpent(others, delta, accountant);
  throw new ConfigError({
    found: `no noise brings ${count} steps at a rate of ${rate.toPrecision(3)} to epsilon ${epsilon} at delta ${delta.toPrecision(3)}${floor > 0 ? `; the class counts alone take ${floor.toPrecision(3)}` : ''}`,
    expected: 'a budget that can be kept',
    todo: 'raise --dp-epsilon or dp.classNoise, or take fewer steps',
  });
}

/** Least noise that is looked for: below it, nothing is private. */
const NOISE_LEAST = 0.05;

/**
 * The x, to 0.2 %, from which on a falling function is at most `target`: false position in logarithms, in which epsilon is
 * nearly a straight line of the noise, held away from the ends of the range.
 */
function narrow(f: (x: number) => number, target: number, [low, high]: [number, number]): number {
  let [atLow, atHigh] = [f(low), f(high)];
  while (high / low > 1.002 && atHigh <= target && atLow > target) {
    const straight = Math.log(atLow / target) / Math.log(atLow / Math.max(atHigh, 1e-9));
    const share = Number.isFinite(atLow) ? Math.min(0.95, Math.max(0.05, straight + 0.02)) : 0.5;
    const middle = low * (high / low) ** share;
    const value = f(middle);
    if (value <= target) {
      high = middle;
      atHigh = value;
      if (value > 0.998 * target) break;
    } else {
      low = middle;
      atLow = value;
    }
  }
  return atLow <= target ? low : high;
}

/** The most steps (up to `most`) at a fixed noise that spend at most `epsilon`; 0 where not even one does. */
export function stepsWithin(
  epsilon: number,
  delta: number,
  { noise, rate }: { noise: number; rate: number },
  most: number,
  others: readonly Mechanism[] = [],
  accountant: AccountantName = 'pld',
): number {
  const fits = (count: number) =>
    epsilonSpent([{ noise, rate, count }, ...others], delta, accountant) <= epsilon;
  if (fits(most)) return most;
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
