/**
 * Near-copies, one by one: so that a single copied person among hundreds is found, where no statistic of the whole set
 * would show it. A shape is flagged when either holds:
 *
 *   alone       its isolation (near.ts) is too small to be chance. P is that of a real shape, by the tail fitted to the
 *               held-out reals and to the training cases among themselves (copyTests.ts); of sets of new shapes at most two in a
 *               hundred have any shape flagged (Benjamini-Hochberg)
 *   identical   its distance is below half of the least between any two real subjects: this finds the copy of a person who
 *               has a twin in the training set, who is never alone
 *
 * n real shapes by themselves give no P below 1/(n + 1). What lies beyond is the fitted tail's word: an assumption, stated
 * with the result, and checked by planting copies.
 */
import { benjaminiHochberg, fitTail, TAIL_LEAST, type Tail, tailP } from './copyTests.ts';
import { isolation, type Near } from './near.ts';

/** Rate of false discoveries among flagged shapes; of a set without copies, the chance that any is flagged. */
export const FLAG_RATE = 0.02;
/** Share of the least real distance below which two shapes are one. */
export const IDENTICAL = 0.5;
/** Chance that a real shape is taken for a second scan of another subject. */
const DUPLICATE_RATE = 1e-3;
/** No two subjects are called one above this isolation, however even the data. */
const DUPLICATE_ISOLATION = 0.5;

/** What near-copies are judged by. */
export interface CopyRule {
  /** null where fewer than 50 real shapes leave chance unknown: then only identical shapes are found. */
  tail: Tail | null;
  /** Least distance between a real shape and a training case of another subject. */
  leastReal: number;
}

/** The rule from real shapes. */
export function copyRule(reals: readonly Near[]): CopyRule {
  return {
    tail: reals.length < TAIL_LEAST ? null : fitTail(reals.map(isolation)),
    leastReal: Math.min(...reals.map((n) => n.distances[0])),
  };
}

export interface CopySuspicion {
  /** P of a real shape being so alone with its nearest training case. */
  p: number;
  isolation: number;
  flagged: boolean;
  /** Which rule flagged it. */
  why: 'alone' | 'identical' | null;
}

/** Judges every shape of a set. */
export function suspicions(shapes: readonly Near[], { tail, leastReal }: CopyRule): CopySuspicion[] {
  const ratios = shapes.map(isolation);
  const p = ratios.map((r) => (tail === null ? 1 : tailP(tail, r)));
  const alone = benjaminiHochberg(p, FLAG_RATE);
  return shapes.map((shape, i) => {
    const identical = shape.distances[0] < IDENTICAL * leastReal || shape.distances[0] === 0;
    const why = alone[i] ? 'alone' : identical ? 'identical' : null;
    return { p: p[i], isolation: ratios[i], flagged: why !== null, why };
  });
}

/** Would this shape be flagged if it were the only copy in a set of `size`? What planted copies are judged by. */
export function foundAlone(shape: Near, { tail, leastReal }: CopyRule, size: number): boolean {
  return (
    (tail !== null && tailP(tail, isolation(shape)) <= FLAG_RATE / size) ||
    shape.distances[0] < IDENTICAL * leastReal ||
    shape.distances[0] === 0
  );
}

/**
 * Which real shapes are scans of a training subject under another name: far too alone with it, by a tail that a few such
 * pairs do not widen (of fewer than 50 shapes, only those at distance 0). Indices into `reals`.
 */
export function duplicates(reals: readonly Near[]): number[] {
  const ratios = reals.map(isolation);
  const tail = reals.length < TAIL_LEAST ? null : fitTail(ratios, true);
  const stands = benjaminiHochberg(
    ratios.map((r) => (tail === null ? 1 : tailP(tail, r))),
    DUPLICATE_RATE,
  );
  return ratios.flatMap((r, i) =>
    reals[i].distances[0] === 0 || (stands[i] && r < DUPLICATE_ISOLATION) ? [i] : [],
  );
}
