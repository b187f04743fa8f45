/**
 * Who is a member: the cases that a network was trained on, told by its run's own record and checked by checksum, so that a
 * share of the training side is the right share and another dataset is refused.
 */
import { dataHash } from '../../dataset/dataHash.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { shareOf } from '../../dataset/share.ts';
import { DatasetError, GridError } from '../../errors.ts';
import type { AutoencoderMeta, GeneratorMeta } from '../../models/metadata.ts';

export interface Roles {
  members: DatasetCase[];
  nonMembers: DatasetCase[];
}

/** The grid of a network and a dataset must be one. Throws `GridError`. */
export function requireGrid(meta: Pick<AutoencoderMeta, 'size' | 'spacing'>, { dir, grid }: Dataset): void {
  if (meta.size.join() === grid.size.join() && Math.abs(meta.spacing - grid.spacing[0]) < 1e-6) return;
  throw new GridError({
    found: `${dir} has ${grid.size.join('x')} voxels of ${grid.spacing[0]} mm, the run ${meta.size.join('x')} of ${meta.spacing} mm`,
    expected: 'the grid that the run was trained on',
    todo: 'give the dataset of the training',
  });
}

/** The training cases of a network. Throws `DatasetError` where the dataset is not the one it was trained on. */
export function trainedOn(meta: GeneratorMeta | AutoencoderMeta, dataset: Dataset): DatasetCase[] {
  const share = meta.kind === 'generator' ? meta.share : undefined;
  const cases = shareOf(dataset, share ?? { share: 1, seed: 0 });
  if (dataHash(cases) === meta.dataHash) return cases;
  throw new DatasetError({
    found: `the training cases of ${dataset.dir} are not those that the ${meta.kind} was trained on (its dataset is called "${meta.dataset}")`,
    expected: 'the dataset of the training, unchanged: who is a member must be known',
    todo: 'give the dataset folder that the run was trained on; after cases were added, train again',
  });
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
  requireGrid(meta, dataset);
  const members = trainedOn(meta, dataset);
  const used = new Set(members);
  const people = new Set(members.map((c) => c.subject));
  const nonMembers =
    from === 'test'
      ? dataset.split('test')
      : dataset.split('train').filter((c) => !used.has(c) && !people.has(c.subject));
  const sums = new Set(members.map((c) => c.sha256));
  const copies = nonMembers.filter((c) => sums.has(c.sha256)).length;
  if (copies > 0)
    throw new DatasetError({
      found: `${copies} held-out case${copies === 1 ? ' is' : 's are'} equal to a training case, voxel for voxel (${dataset.dir})`,
      expected: 'held-out cases that the training never saw',
      todo: 'ingest again: copies are refused there',
    });
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
