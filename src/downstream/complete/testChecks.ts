/**
 * Whether methods can be tested on a dataset, before any work: a network of another grid or another bone would fail in every
 * case, or answer with the wrong bone, and one that learnt from the held-out bones would only remember them.
 */
import type { Dataset } from '../../dataset/dataset.ts';
import { GridError } from '../../errors.ts';
import { elsewhereText, learntElsewhere, requireUnseen } from '../learnt.ts';
import type { CompletionMethod, Learnt } from './method.ts';

type Named = Pick<CompletionMethod, 'name' | 'learnt'>;

const tell = ({ bone, size, spacing }: Pick<Learnt, 'bone' | 'size' | 'spacing'>): string =>
  `${bone} masks of ${size.join('x')} voxels of ${spacing} mm`;

/** Throws `GridError` where a method's network is not of the dataset's grid and bone. */
export function checkFit({ dir, manifest }: Dataset, methods: readonly Named[]): void {
  const { size, spacing, bone } = manifest;
  for (const { name, learnt } of methods) {
    if (learnt === undefined) continue;
    const same =
      learnt.size.every((n, a) => n === size[a]) && Math.abs(learnt.spacing - spacing) < 1e-6 * spacing;
    if (same && learnt.bone === bone) continue;
    throw new GridError({
      found: `the network of ${name} learnt ${tell(learnt)}, ${dir} has ${tell(manifest)}`,
      expected: 'a network and a dataset of one bone on one grid',
      todo: 'name the dataset that the network was trained on, or a network that was trained on this one',
    });
  }
}

/** Throws `DatasetError` where a method's network learnt from held-out cases. */
export function checkUnseen(dataset: Dataset, methods: readonly Named[]): void {
  for (const { name, learnt } of methods) if (learnt) requireUnseen(name, dataset, learnt.data);
}

/** A sentence for each method whose network learnt from other cases than the training side of the dataset. */
export const warningsOf = (dataset: Dataset, methods: readonly Named[]): string[] =>
  methods
    .filter(({ learnt }) => learnt && learntElsewhere(dataset, learnt.data, learnt.share))
    .map(({ name }) => elsewhereText(name, dataset));
