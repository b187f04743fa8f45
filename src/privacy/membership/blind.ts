/**
 * The blind attack: are members and non-members told apart without the model (Das et al. 2024, "Blind baselines beat
 * membership inference attacks")? A split that is not at random (by date, hospital, quality) makes any attack look strong. A
 * ridge regression on plain descriptors guesses membership of cases that it was not fitted to, fold after fold; its AUC
 * must be near 0.5.
 *
 * The p-value is a permutation test: membership is dealt out anew and the whole procedure repeated. Folds do not depend on
 * membership, so the test is exact, whatever the fit overfits.
 */
import { Matrix } from 'ml-matrix';
import { RandomStream } from '../../random/stream.ts';
import { aucInterval, type Share } from './aucInterval.ts';
import { designOf, ridge, rowsOf } from './calibrate.ts';
import { standardised } from './errorTable.ts';
import { aucOf, compareRanks } from './rank.ts';

export const BLIND_DEFAULTS = { seed: 0, folds: 5, permutations: 199, ridge: 0.1 };

export interface BlindBaseline {
  /**
   * Of the guesses; the interval takes folds for one and is a little narrow. With few cases a value well below 0.5 is usual:
   * who is held out shifts the fit the other way. The permutations have the same bias, so the p-value has none.
   */
  auc: Share;
  /** One-sided, by permutation. */
  pValue: number;
}

/**
 * The blind attack on `features` (one list of numbers a case). `isMember` tells the groups; `ridge` is the weight of the
 * squared coefficients in shares of the rows. Throws `NumericsError` for fewer than 2 of a kind.
 */
export function blindBaseline(
  features: readonly ArrayLike<number>[],
  isMember: readonly boolean[],
  options: Partial<typeof BLIND_DEFAULTS> = {},
): BlindBaseline {
  const { seed, folds, permutations, ridge: weight } = { ...BLIND_DEFAULTS, ...options };
  const n = features.length;
  const width = features[0].length;
  const design = designOf(
    Array.from({ length: width }, (_, k) => Float64Array.from(features, (row) => row[k])),
  );
  const random = new RandomStream(seed, 'privacy/blind');
  // One column a dealing of membership, the true one first.
  const labels = [Float64Array.from(isMember, (v) => (v ? 1 : 0))];
  const order = random.permutation(n);
  for (let p = 0; p < permutations; p++)
    labels.push(Float64Array.from(random.permutation(n), (from) => labels[0][from]));
  const guesses = labels.map(() => new Float64Array(n));
  for (let f = 0; f < Math.min(folds, n); f++) {
    const out = Array.from(order).filter((_, place) => place % folds === f);
    const held = new Set(out);
    const fitted = Array.from(order).filter((i) => !held.has(i));
    const y = new Matrix(fitted.map((i) => labels.map((l) => l[i])));
    const coefficients = ridge(rowsOf(design, fitted), y, weight * fitted.length);
    const guess = rowsOf(design, out).mmul(coefficients);
    // Every fold guesses about a mean of its own.
    labels.forEach((_, p) => {
      const column = standardised(Float64Array.from(guess.getColumn(p)));
      out.forEach((i, row) => {
        guesses[p][i] = column[row];
      });
    });
  }
  const guessed = (p: number) =>
    [1, 0].map((side) => guesses[p].filter((_, i) => labels[p][i] === side)) as [Float64Array, Float64Array];
  const { auc, variance } = compareRanks(...guessed(0));
  let reached = 1;
  for (let p = 1; p < labels.length; p++) if (aucOf(...guessed(p)) >= auc - 1e-12) reached++;
  const members = isMember.filter((v) => v).length;
  return { auc: aucInterval(auc, variance, members, n - members), pValue: reached / labels.length };
}
