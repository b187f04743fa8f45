/**
 * Whether a network may have learnt from held-out cases. Its weights say which sets of cases it learnt from, by SHA-256; a
 * generated set stands for the cases that its generator learnt from.
 */
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { shareOf } from '../dataset/share.ts';
import { DatasetError } from '../errors.ts';
import type { AlignerMeta, CompleterMeta } from '../models/metadata.ts';
import { caseMark } from '../training/opening.ts';

export interface LearntSet {
  /** SHA-256 over the checksums of its cases. */
  hash: string;
  phantom: boolean;
  /** `caseMark` of each that was learnt from, where they are known. */
  cases?: readonly string[];
}

/** The sets that the network of a task learnt from. */
export const learntSets = ({ sets, dataHash, phantom }: AlignerMeta | CompleterMeta): LearntSet[] =>
  sets?.map(({ generatedFrom, dataHash: hash, phantom, cases }) => ({
    hash: generatedFrom ?? hash,
    phantom,
    ...(cases && { cases }),
  })) ?? [{ hash: dataHash, phantom }];

/**
 * Whether one of `sets` may hold others than the training cases of the dataset, or that `share` of them. Phantoms are nobody: what learnt
 * from them alone saw no held-out patient.
 */
export function learntElsewhere(
  dataset: Dataset,
  sets: readonly LearntSet[],
  share?: { share: number; seed: number },
): boolean {
  const own = new Set([dataHash(dataset.split('train'))]);
  if (share !== undefined) own.add(dataHash(shareOf(dataset, share)));
  const marks = new Set(dataset.split('train').map(caseMark));
  const isOwn = ({ hash, cases = [] }: LearntSet): boolean =>
    own.has(hash) || (cases.length > 0 && cases.every((mark) => marks.has(mark)));
  return sets.some((set) => !isOwn(set) && !(set.phantom && !dataset.manifest.phantom));
}

/** Throws `DatasetError` where the network called `name` learnt from held-out cases for certain. */
export function requireUnseen(name: string, dataset: Dataset, sets: readonly LearntSet[]): void {
  const known = new Set(sets.flatMap(({ cases = [] }) => cases));
  const seen = dataset.split('test').filter((c) => known.has(caseMark(c)));
  if (seen.length === 0) return;
  throw new DatasetError({
    found: `${name} learnt from ${seen.length} of the held-out cases of ${dataset.dir} (${seen
      .slice(0, 3)
      .map((c) => c.id)
      .join(', ')}${seen.length > 3 ? ', ..' : ''})`,
    expected: 'a network that never saw the cases it is tested on',
    todo: 'test on the dataset that it was trained on, or train it on the training cases of this one',
  });
}

/** What is said where it may have, of the network called `name`. */
export const elsewhereText = (name: string, { manifest }: Dataset): string =>
  `${name} learnt from other cases than the training cases of “${manifest.name}”: if the held-out ones were among them, the test is void`;
