/**
 * The criteria of one space (shapes, or the latents of a network), from the neighbours of each generated shape (fake), each
 * held-out real one and each training case among the others.
 *
 *   distance      quantiles of the distance to the nearest training case, fakes beside held-out reals
 *   C_T           do fakes lie nearer to the training set than held-out reals do? Mann-Whitney Z, by cells of the training
 *                 set where there are enough cases, strongly negative where shapes are copied (Meehan et al. 2020)
 *   copy rate     share of fakes nearer than the nearest 5 % of held-out reals (5 % of new real shapes would be)
 *   authenticity  share of fakes Y with d(Y, x*) < d(x*, nearest other training subject), x* their nearest case (Alaa et al.
 *                 2022), beside the same share of held-out reals
 *   isolation     share of fakes whose ratio of first to next neighbours (near.ts) is below that of 5 % of real shapes
 *
 * Every p-value is one-sided: it asks whether fakes are nearer, never whether they are farther.
 */
import { wilsonInterval } from '../evaluation/bootstrap.ts';
import { type Quantiles, quantiles } from '../evaluation/nearestTraining.ts';
import { type CellTest, cellTest } from './cellTest.ts';
import { belowQuantileTail, fisherGreater } from './copyTests.ts';
import { isolation, type Near } from './near.ts';

/** A share of fakes with its 95 % interval (Wilson), what real shapes score, and P(as large a share | fakes are new). */
export interface ShareFigure {
  value: number;
  low: number;
  high: number;
  reference: number;
  p: number;
}

export interface SpaceFigures {
  /** `Shape`, `Latent`, .. */
  space: string;
  /** What distances mean there. */
  words: string;
  distance: { fake: Quantiles; real: Quantiles };
  ct: CellTest;
  copyRate: ShareFigure;
  authenticity: ShareFigure;
  isolation: ShareFigure & { fake: Quantiles; real: Quantiles };
}

/** Neighbours of every set, in one space. */
export interface SpaceNear {
  fake: readonly Near[];
  heldOut: readonly Near[];
  /** Of each training case among the cases of other subjects; in the training set's order. */
  train: readonly Near[];
}

/** Share of real shapes that lie below the thresholds of copy rate and isolation. */
export const TAIL_LEVEL = 0.05;

const share = (count: number, n: number, reference: number, p: number): ShareFigure => {
  const [low, high] = wilsonInterval(count / n, n);
  return { value: count / n, low, high, reference, p };
};

/** Share of `fakes` below the `TAIL_LEVEL` quantile of `reals` (an order statistic), exact p. */
function below(fakes: readonly number[], reals: readonly number[]): ShareFigure {
  const rank = Math.max(1, Math.round(TAIL_LEVEL * reals.length));
  const threshold = [...reals].sort((a, b) => a - b)[rank - 1];
  const count = fakes.filter((v) => v < threshold).length;
  // Of new reals, rank / (n + 1) lie below the rank-th of n.
  return share(
    count,
    fakes.length,
    rank / (reals.length + 1),
    belowQuantileTail(count, fakes.length, rank, reals.length),
  );
}

/** Does x* lie nearer to the shape than to any other training subject? */
const inauthentic = (near: Near, train: readonly Near[]): boolean =>
  near.distances[0] < (train[near.index].distances[0] ?? Number.POSITIVE_INFINITY);

/** Cells of training cases, by index; one cell where there is too little to divide. */
export type Cells = ArrayLike<number>;

/** All figures of a space. `train` must hold every case, `reals` are the indices of training cases that count as reals. */
export function spaceFigures(
  space: { space: string; words: string },
  near: SpaceNear,
  cells: Cells,
  reals: readonly number[] = near.train.map((_, i) => i),
): SpaceFigures {
  const { fake, heldOut, train } = near;
  const first = (list: readonly Near[]): number[] => list.map((n) => n.distances[0]);
  const closeness = (list: readonly Near[]): number[] =>
    list.map((n) => (n.correlation === undefined ? n.distances[0] : -n.correlation));
  const fakeCopies = fake.filter((n) => inauthentic(n, train)).length;
  const realCopies = heldOut.filter((n) => inauthentic(n, train)).length;
  const fakeRatios = fake.map(isolation);
  const realRatios = [...heldOut, ...reals.map((i) => train[i])].map(isolation);
  return {
    ...space,
    distance: { fake: quantiles(first(fake)), real: quantiles(first(heldOut)) },
    ct: cellTest(
      fake.map((n) => ({ value: n.distances[0], cell: cells[n.index] })),
      heldOut.map((n) => ({ value: n.distances[0], cell: cells[n.index] })),
    ),
    copyRate: below(closeness(fake), closeness(heldOut)),
    authenticity: share(
      fakeCopies,
      fake.length,
      realCopies / heldOut.length,
      fisherGreater(fakeCopies, fake.length, realCopies, heldOut.length),
    ),
    isolation: {
      ...below(fakeRatios, realRatios),
      fake: quantiles(fakeRatios),
      real: quantiles(realRatios),
    },
  };
}
