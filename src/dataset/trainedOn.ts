/**
 * Which cases of a dataset a network learnt from, told by what its weights say of themselves and checked by checksum: another
 * dataset, or one that was changed since, is refused rather than taken for the data of the training.
 */
import { DatasetError, GridError } from '../errors.ts';
import { dataHash } from './dataHash.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetCase } from './manifest.ts';
import { shareOf } from './share.ts';

/** What weights say of their training (models/metadata.ts). */
export interface Learnt {
  kind: string;
  /** Voxels along x, y, z, and mm between them. */
  size: readonly number[];
  spacing: number;
  /** Name of the dataset, and SHA-256 of the cases learnt from; `withheld` by a private generator. */
  dataset: string;
  dataHash: string;
  /** Only this share of the training cases was learnt from. */
  share?: { share: number; seed: number };
}

const short = (hash: string): string => `${hash.slice(0, 12)}...`;

/** The cases that a network learnt from. Throws `DatasetError` unless they are those of `dataset`, named `dir` as the user did. */
export function trainedOn(meta: Learnt, dataset: Dataset, dir = dataset.dir): DatasetCase[] {
  const cases = meta.share === undefined ? dataset.split('train') : shareOf(dataset, meta.share);
  const found = dataHash(cases);
  if (found === meta.dataHash) return cases;
  if (meta.dataHash === 'withheld')
    throw new DatasetError({
      found: `the weights of the ${meta.kind} do not say which cases they were trained on (withheld: the training was private)`,
      expected: 'weights that say so: whether these are the data of the training must be known',
      todo: 'name the run folder of the training, not weights that were exported from it',
    });
  const which = `the training cases${meta.share === undefined ? '' : ` (a share of ${meta.share.share})`}`;
  throw new DatasetError({
    found: `${dir} is not the data that the ${meta.kind} was trained on: ${which} of "${dataset.manifest.name}" have SHA-256 ${short(found)}`,
    expected: `${which} of "${meta.dataset}", SHA-256 ${short(meta.dataHash)}`,
    todo: 'name the dataset folder of the training; if cases were added or changed since, train again',
  });
}

/** The grid of a network and that of a dataset must be one. Throws `GridError`. */
export function requireTrainedGrid(
  meta: Pick<Learnt, 'kind' | 'size' | 'spacing'>,
  { dir, grid }: Pick<Dataset, 'dir' | 'grid'>,
): void {
  if (meta.size.join() === grid.size.join() && Math.abs(meta.spacing - grid.spacing[0]) < 1e-6) return;
  throw new GridError({
    found: `${dir} has ${grid.size.join('x')} voxels of ${grid.spacing[0]} mm, the ${meta.kind} ${meta.size.join('x')} of ${meta.spacing} mm`,
    expected: 'one grid for both',
    todo: `name the dataset that the ${meta.kind} was trained on, ingest the data with its --grid and --spacing, or train it on this one`,
  });
}

/** Refuses held-out cases whose mask is a training case's. (Copies that were moved are found by shape.) Throws `DatasetError`. */
export function requireNoCopies(
  train: readonly DatasetCase[],
  heldOut: readonly DatasetCase[],
  dir: string,
): void {
  const known = new Map(train.map((c) => [c.sha256, c.id]));
  const copies = heldOut.filter((c) => known.has(c.sha256));
  if (copies.length === 0) return;
  const pairs = copies
    .slice(0, 5)
    .map((c) => `held-out case ${c.id} is training case ${known.get(c.sha256)}`);
  throw new DatasetError({
    found: `${copies.length} held-out case${copies.length === 1 ? ' is' : 's are'} equal to a training case, voxel for voxel (${dir}): ${pairs.join(', ')}${copies.length > 5 ? ', ..' : ''}`,
    expected: 'held-out cases that were not trained on',
    todo: 'ingest again (copies are refused there), and train again',
  });
}
