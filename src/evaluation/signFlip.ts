/**
 * A paired test by sign flips: were two things alike, each pair's difference might as well have the other sign. All 2^n ways up
 * to 12 differences, else 9,999 drawn ones with the one at hand counted in. Fisher 1935, "The Design of Experiments".
 */
import { RandomStream } from '../random/stream.ts';
import { mean } from './statistics.ts';

/** Subjects up to which all sign flips are gone through. */
const ALL = 12;
const DRAWS = 9999;

/** The least p that so many differences can have: all of one sign. */
export const leastSignFlipP = (n: number): number => (n <= ALL ? 2 / 2 ** n : 2 / (1 + DRAWS));

/** Two-sided p of a mean of `differences` under flips of their signs. Throws `NumericsError` for no numbers. */
export function signFlipP(differences: readonly number[], seed = 0): number {
  const n = differences.length;
  // A hair below: sums in another order differ in the last digits, and equal counts as extreme.
  const limit = Math.abs(mean(differences)) * n * (1 - 1e-9);
  const extreme = (flip: (i: number) => boolean): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += flip(i) ? -differences[i] : differences[i];
    return Math.abs(sum) >= limit ? 1 : 0;
  };
  let count = 0;
  if (n <= ALL) {
    for (let bits = 0; bits < 2 ** n; bits++) count += extreme((i) => ((bits >> i) & 1) === 1);
    return count / 2 ** n;
  }
  const random = new RandomStream(seed, 'align/sign-flips');
  for (let r = 0; r < DRAWS; r++) count += extreme(() => random.uniform() < 0.5);
  return (1 + count) / (1 + DRAWS);
}
