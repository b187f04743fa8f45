/**
 * Whether a network may have learnt from held-out cases. Its weights say which sets of cases it learnt from, by SHA-256; a
 * generated set stands for the cases that its generator learnt from.
 */
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { shareOf } from '../dataset/share.ts';
import type { AlignerMeta, CompleterMeta } from '../models/metadata.ts';

export interface LearntSet {
  /** SHA-256 over the checksums of its cases. */
  hash: string;
  phantom: boolean;
}

/** The sets that the network of a task learnt from. */
export const learntSets = ({ sets, dataHash, phantom }: AlignerMeta | CompleterMeta): LearntSet[] =>
  sets?.map((s) => ({ hash: s.generatedFrom ?? s.dataHash, phantom: s.phantom })) ?? [
    { hash: dataHash, phantom },
  ];

/**
 * Whether one of `sets` is another than the training side of the dataset, or that `share` of it. Phantoms are nobody: what learnt
 * from them alone saw no held-out patient.
 */
export function learntElsewhere(
  dataset: Dataset,
  sets: readonly LearntSet[],
  share?: { share: number; seed: number },
): boolean {
  const own = new Set([dataHash(dataset.split('train'))]);
  if (share !== undefined) own.add(dataHash(shareOf(dataset, share)));
  return sets.some(({ hash, phantom }) => !own.has(hash) && !(phantom && !dataset.manifest.phantom));
}

/** What is said then, of the network called `name`. */
export const elsewhereText = (name: string, { manifest }: Dataset): string =>
  `${name} learnt from other cases than the training cases of “${manifest.name}”: if the held-out ones were among them, the test is void`;
