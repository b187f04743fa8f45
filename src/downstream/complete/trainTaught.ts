/**
 * What a completer is taught, in numbers that go with its weights: sizes, sites and places of the defects of its first
 * examples, and how large their bones are. `apply` holds a patient's defect against them, since a network that never saw
 * the like has nothing to go by.
 */
import type { CompleterConfig } from '../../config/completer.ts';
import { DatasetError } from '../../errors.ts';
import { quantile } from '../../evaluation/statistics.ts';
import type { CompleterMeta } from '../../models/metadata.ts';
import { boneBounds } from '../../skull/orient.ts';
import { centroidOf } from '../../volume/centroid.ts';
import type { Grid, Mask, Vec3 } from '../../volume/volume.ts';
import type { Examples } from './trainExamples.ts';

/** Examples that are looked at; they take 2 s at 64^3. */
const LOOKED_AT = 160;

type Triple = [number, number, number];

/** mm between the outer faces of the first and the last bone voxel along each axis; undefined without bone. */
export function boneExtent(mask: Mask): Triple | undefined {
  const bounds = boneBounds(mask);
  return bounds && ([0, 1, 2].map((a) => (bounds[1][a] - bounds[0][a] + 1) * mask.spacing[a]) as Triple);
}

/** Mean of the template, as a share, over the voxels above 0: how far a bone lies where the training bones do. */
export function templateFit(template: Uint8Array, mask: ArrayLike<number>): number {
  let [sum, n] = [0, 0];
  for (let p = 0; p < mask.length; p++)
    if (mask[p] > 0) {
      sum += template[p];
      n++;
    }
  return n === 0 ? 0 : sum / (255 * n);
}

const range = (values: readonly number[]): [number, number] => [
  quantile(values, 0.01),
  quantile(values, 0.99),
];

const box = (points: readonly Vec3[]): [Triple, Triple] => {
  const along = (f: (...v: number[]) => number) =>
    [0, 1, 2].map((a) => points.reduce((m, p) => f(m, p[a]), points[0][a])) as Triple;
  return [along(Math.min), along(Math.max)];
};

/** Looks at the first examples of a training. Throws `DatasetError` where most bones have no room for a defect. */
export function taughtBy(
  examples: Examples,
  template: Uint8Array,
  grid: Grid,
  { batch, augment, whole, defects }: CompleterConfig,
): CompleterMeta['taught'] {
  const x = new Float32Array(batch * examples.voxels);
  const y = new Float32Array(batch * examples.voxels);
  const found = {
    diameters: [] as number[],
    shares: [] as number[],
    centres: [] as Vec3[],
    extents: [] as Vec3[],
    fits: [] as number[],
  };
  const sites: Record<string, number> = {};
  const kinds: Record<string, number> = {};
  const steps = Math.ceil(LOOKED_AT / batch);
  for (let step = 0; step < steps; step++)
    for (const [row, defect] of examples.fill(step, x, y).entries()) {
      if (defect === undefined) continue;
      const part = (all: Float32Array) => all.subarray(row * examples.voxels, (row + 1) * examples.voxels);
      const [seen, bone] = [part(x), part(y)];
      const removed = bone.map((v, i) => (v > seen[i] ? 1 : 0));
      found.centres.push(centroidOf({ ...grid, data: removed }));
      found.extents.push(boneExtent({ ...grid, data: Uint8Array.from(bone, (v) => (v > 0 ? 1 : 0)) })!);
      found.fits.push(templateFit(template, seen));
      found.diameters.push(defect.diameterMm);
      found.shares.push(defect.share);
      sites[defect.site] = (sites[defect.site] ?? 0) + 1;
      kinds[defect.kind] = (kinds[defect.kind] ?? 0) + 1;
    }
  if (found.shares.length < 0.5 * (1 - whole) * steps * batch || found.shares.length === 0)
    throw new DatasetError({
      found: `only ${found.shares.length} of ${steps * batch} examples have a defect`,
      expected:
        'bones with room for the defects of the configuration, and some examples with one (setting whole)',
      todo: 'allow other kinds, sites or shares (--set defects.kinds=[..]), or use a finer grid',
    });
  return {
    augment,
    whole,
    defects,
    diameterMm: range(found.diameters),
    share: range(found.shares),
    centre: box(found.centres),
    extentMm: box(found.extents),
    fit: [quantile(found.fits, 0.01), quantile(found.fits, 0.5)],
    sites,
    kinds,
  };
}
