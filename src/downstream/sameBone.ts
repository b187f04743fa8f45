/** Sets that are learnt from together, or held against one another, show one bone on one grid. */
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetManifest } from '../dataset/manifest.ts';
import { GridError } from '../errors.ts';

/** A set, or a generator's run: the folder as the user knows it, and what its bones are. */
export interface BonesOf {
  dir: string;
  manifest: Pick<DatasetManifest, 'size' | 'spacing' | 'bone'>;
}

/** Throws `GridError` unless `other` has the bone, the voxels and the spacing (to a millionth) of `first`. */
export function requireSameBone(first: Pick<Dataset, 'dir' | 'manifest'>, other: BonesOf): void {
  const [m, o] = [first.manifest, other.manifest];
  const sameGrid = o.size.join() === m.size.join() && Math.abs(o.spacing - m.spacing) <= 1e-6 * m.spacing;
  if (sameGrid && o.bone === m.bone) return;
  const tell = (x: BonesOf['manifest']) =>
    `the bone "${x.bone}" on ${x.size.join('x')} voxels of ${x.spacing} mm`;
  throw new GridError({
    found: `${other.dir} has ${tell(o)}, ${first.dir} ${tell(m)}`,
    expected: 'one bone on one grid for real and synthetic cases',
    todo: sameGrid
      ? 'name a set of this bone'
      : 'generate with a run that was trained on this dataset, or make the set with the same --grid and --spacing',
  });
}
