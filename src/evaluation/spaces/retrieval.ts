/**
 * Whether features know a shape again: each case is seen in two views (moved a little, partly hidden), and a view counts as
 * found when, of all views of other subjects and its own partner, the partner is nearest (Euclid).
 *
 *   accuracy = mean_i [ partner of i = argmin_j |f_i - f_j| ],  chance 1 / (2 n - 1) for n subjects
 *
 * A tie is no success: features that are all alike find nothing.
 */
import { NumericsError } from '../../errors.ts';
import { eachRow, type Features, requireFeatures } from '../featureSet.ts';

/**
 * The share, 0 to 1, of views found; rows are the first views of the cases, then their second views in the same order, and
 * `subjects` says whose the cases are. Throws `NumericsError` for less than two subjects or rows that are not two a case.
 */
export function retrievalAccuracy(views: Features, subjects: readonly string[]): number {
  const n = subjects.length;
  if (new Set(subjects).size < 2 || views.count !== 2 * n)
    throw new NumericsError({
      found: `${views.count} views of ${n} cases of ${new Set(subjects).size} subjects`,
      expected: 'two views a case, and at least 2 subjects to tell apart',
      todo: 'hold out more cases',
    });
  requireFeatures(views, views, 2, 'to compare them');
  let found = 0;
  eachRow(views, views, (i, squared) => {
    const partner = (i + n) % (2 * n);
    for (let j = 0; j < 2 * n; j++)
      if (j !== partner && subjects[j % n] !== subjects[i % n] && squared[j] <= squared[partner]) return;
    found++;
  });
  return found / (2 * n);
}
