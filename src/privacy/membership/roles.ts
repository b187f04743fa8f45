/** Who is a member: the cases that a network was trained on; who is none; and whom a reference model saw. */
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { requireNoCopies, requireTrainedGrid, trainedOn } from '../../dataset/trainedOn.ts';
import { DatasetError } from '../../errors.ts';
import type { AutoencoderMeta, GeneratorMeta } from '../../models/metadata.ts';

export interface Roles {
  members: DatasetCase[];
  nonMembers: DatasetCase[];
}

/**
 * Members and non-members of a network: `test` takes the held-out side, `unused` what a `share` left out of the training
 * side (which the autoencoder has seen, so that only the generator is judged). Throws `DatasetError` where there are none,
 * or where a non-member is a member's copy.
 */
export function rolesOf(
  meta: GeneratorMeta | AutoencoderMeta,
  dataset: Dataset,
  from: 'test' | 'unused' = 'test',
): Roles {
  requireTrainedGrid(meta, dataset);
  const members = trainedOn(meta, dataset);
  const used = new Set(members);
  const people = new Set(members.map((c) => c.subject));
  const nonMembers =
    from === 'test'
      ? dataset.split('test')
      : dataset.split('train').filter((c) => !used.has(c) && !people.has(c.subject));
  requireNoCopies(members, nonMembers, dataset.dir);
  if (nonMembers.length < 2)
    throw new DatasetError({
      found: `${nonMembers.length} ${from === 'test' ? 'held-out' : 'unused training'} cases in ${dataset.dir}`,
      expected: 'at least 2 cases that the network was not trained on, 100 and more for a verdict',
      todo:
        from === 'test'
          ? 'hold more out (ingest --test-share)'
          : 'take the held-out cases, or train on a share',
    });
  return { members, nonMembers };
}

/** The cases that a reference model saw, by checksum and by subject. */
export interface Seen {
  has(c: DatasetCase): boolean;
}

/**
 * What a reference saw, in training or as the autoencoder under it. Subjects count within its own dataset only: names mean
 * nothing across datasets.
 */
export function seenBy(
  { meta, autoencoder }: { meta: GeneratorMeta | AutoencoderMeta; autoencoder?: { meta: AutoencoderMeta } },
  dataset: Dataset,
  target: { dataset: Dataset; autoencoderHash?: string },
): Seen {
  const cases = [...trainedOn(meta, dataset)];
  // An autoencoder shared with the target gives both the same latents: what it knows cancels.
  const shared = meta.kind === 'generator' && meta.autoencoderHash === target.autoencoderHash;
  if (!shared && autoencoder !== undefined) cases.push(...trainedOn(autoencoder.meta, dataset));
  const sums = new Set(cases.map((c) => c.sha256));
  const people = new Set(dataset.dir === target.dataset.dir ? cases.map((c) => c.subject) : []);
  return { has: (c) => sums.has(c.sha256) || people.has(c.subject) };
}
