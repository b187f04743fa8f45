/** A share of the training cases, for trainings on less data. */
import { RandomStream } from '../random/stream.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetCase } from './manifest.ts';

/**
 * The training cases that a share leaves: of every class the first of a seeded order, at least one, so that a smaller
 * share is part of a larger one.
 */
export function shareOf(dataset: Dataset, { share, seed }: { share: number; seed: number }): DatasetCase[] {
  const all = dataset.split('train');
  if (share === 1) return all;
  const kept = new Set<DatasetCase>();
  for (const quality of new Set(all.map((c) => c.quality))) {
    const members = all.filter((c) => c.quality === quality);
    const order = new RandomStream(seed, 'train/share', quality).permutation(members.length);
    for (const i of order.subarray(0, Math.max(1, Math.round(share * members.length)))) kept.add(members[i]);
  }
  return all.filter((c) => kept.has(c));
}
