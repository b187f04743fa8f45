/** What the sets of an evaluation must be before any metric is taken: large enough, on one sound grid, with bone in them. */
import { GridError, NumericsError, VolumeError } from '../errors.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import type { CaseNames } from './sharedCases.ts';

export interface MaskSets {
  /** Held-out real shapes. */
  real: readonly Mask[];
  /** The shapes trained on. */
  train: readonly Mask[];
  /** Generated shapes. */
  fake: readonly Mask[];
}

/** Names of the cases, for messages; absent ones are counted. */
export type SetNames = Partial<Record<keyof MaskSets, CaseNames>>;

export const hasBone = (mask: Mask): boolean => mask.data.some((v) => v !== 0);

function requireSound(mask: Mask, name: string): void {
  const numbers = [...mask.spacing, ...mask.origin, ...mask.direction];
  if (
    !numbers.every(Number.isFinite) ||
    !mask.spacing.every((s) => s > 0) ||
    mask.data.length !== voxelCount(mask.size)
  )
    throw new GridError({
      found: `${name}: ${mask.data.length} voxels for ${mask.size.join('x')}, spacing ${mask.spacing.join(' x ')} mm`,
      expected: 'a voxel for each place of the grid, and finite numbers, the spacing above 0',
      todo: 'ingest the case again',
    });
}

/**
 * Checks sizes, grids and emptiness; returns the sets with the generated masks that have bone. Throws `NumericsError` for
 * sets below 2 cases (1 for train), `GridError` where grids differ or hold no finite numbers, `VolumeError` for a real or
 * training mask without bone or without background.
 */
export function checkSets(sets: MaskSets, names: SetNames = {}): MaskSets {
  const { real, train, fake } = sets;
  const first = real[0] ?? train[0] ?? fake[0];
  for (const [key, name, masks, least] of [
    ['real', 'real', real, 2],
    ['train', 'training', train, 1],
    ['fake', 'generated', fake, 2],
  ] as const) {
    if (masks.length < least)
      throw new NumericsError({
        found: `${masks.length} ${name} mask${masks.length === 1 ? '' : 's'}`,
        expected: `at least ${least}`,
        todo:
          name === 'generated'
            ? 'generate more'
            : `take in more cases, or split them otherwise: the ${name} masks are the ${name === 'real' ? 'test' : 'train'} side of a dataset (ingest --test-share)`,
      });
    masks.forEach((mask, i) => {
      const id = names[key]?.ids?.[i];
      const called = `${name} mask ${i}${id === undefined ? '' : ` (${id})`}`;
      requireSound(mask, called);
      requireSameGrid(first, mask, 'the first real mask', called);
      const isEmpty = !hasBone(mask);
      if ((isEmpty && name !== 'generated') || mask.data.every((v) => v !== 0))
        throw new VolumeError({
          found: `${called} is ${isEmpty ? 'empty' : 'bone throughout'}`,
          expected: isEmpty ? 'bone in it' : 'background too',
          todo:
            name === 'generated' ? 'leave it out, and look at the generator' : 'leave it out of the dataset',
        });
    });
  }
  const whole = fake.filter(hasBone);
  if (whole.length < 2)
    throw new NumericsError({
      found: `${fake.length - whole.length} of ${fake.length} generated masks are empty`,
      expected: 'at least 2 with bone',
      todo: 'train the generator longer, or look at its samples first',
    });
  return { real, train, fake: whole };
}
