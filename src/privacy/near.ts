/**
 * What the criteria are computed from, in whatever space distances were taken: of each shape, which training case lies
 * nearest, how far, and how far the next subjects are. Scans of one person are one subject: never each other's neighbours.
 */

/** The training cases nearest to one shape. */
export interface Near {
  /** Of the training set. */
  index: number;
  /** To the nearest case of each of the nearest subjects, ascending; up to `NEIGHBOURS`. */
  distances: readonly number[];
  /** The largest correlation with a training case, where the space knows one: what the copy rate is taken on. */
  correlation?: number;
}

/** Subjects that a shape is compared with: the nearest, and three to set it in proportion to. */
export const NEIGHBOURS = 4;

/** exp of the mean logarithm; 0 where any number is 0. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}

/**
 * How alone the nearest neighbour stands: its distance over the geometric mean of the next ones' (Lowe's ratio, with three
 * second neighbours in place of one, which makes it steadier). About .85 for a shape of its own, near 0 for a copy; 1 where
 * fewer than two subjects were compared, or all lie at 0.
 */
export function isolation({ distances }: Pick<Near, 'distances'>): number {
  const [first, ...others] = distances;
  if (others.length === 0) return 1;
  const scale = geometricMean(others);
  return scale > 0 ? first / scale : 1;
}
