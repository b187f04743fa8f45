/**
 * Neighbours in a space of features: what a network (or a plain description) makes of shapes. Features are not blind to
 * pose, so every shape is first laid on the mean training shape, and fakes and held-out reals are described twice, as they
 * are and mirrored: the nearer counts. Distances are Euclidean; the correlation, taken after the training mean was
 * subtracted, is what the copy rate is read from (Dar et al. 2025).
 *
 * Kept are the rows of the training set, 4 bytes a number (8 while they are gathered); of masks only `TOGETHER`
 * at once, 3 bytes a voxel each.
 */

import type { Features } from '../evaluation/featureSet.ts';
import { mirroredMask } from '../evaluation/sharedCases.ts';
import type { FeatureSpace as Space } from '../evaluation/spaces/space.ts';
import type { Mask } from '../volume/volume.ts';
import { NEIGHBOURS, type Near } from './near.ts';
import { movedMask } from './plant.ts';
import { invertPose, nearPoints, type Pose, registerPose, STAY } from './pose.ts';
import { shapeField } from './shapeField.ts';
import { REGISTER_POINTS, type ShapeIndex } from './shapeIndex.ts';
import type { SpaceNear } from './spaceFigures.ts';

/** A description of shapes as rows of numbers, near where the shapes are alike; its name goes into those of figures. */
export type FeatureSpace = Pick<Space, 'name' | 'words' | 'describe'>;

/** A mask laid on the mean training shape, on its own grid. */
export function normalised(index: ShapeIndex, mask: Mask): Mask {
  const field = shapeField(mask, index.grid);
  const points = nearPoints(field, index.grid, REGISTER_POINTS);
  const { pose } = registerPose(points, index.grid, index.mean, STAY);
  const back = invertPose(pose);
  const finer: Pose = {
    rotation: back.rotation,
    translation: back.translation.map((v) => v * index.grid.factor) as unknown as Pose['translation'],
  };
  const moved = movedMask(mask, finer);
  // A plate that falls between voxels must not leave a shape without bone.
  return moved.data.includes(1) ? moved : mask;
}

/** Shapes described together. */
const TOGETHER = 16;

/** Features less the training mean, and the length of each row. */
interface Rows extends Features {
  norms: Float64Array;
}

/** Subtracts `mean`, in place. */
function centred({ values, count, dim }: Features, mean: Float64Array): Rows {
  const norms = new Float64Array(count);
  for (let i = 0, p = 0; i < count; i++) {
    for (let d = 0; d < dim; d++, p++) {
      values[p] -= mean[d];
      norms[i] += values[p] ** 2;
    }
    norms[i] = Math.sqrt(norms[i]);
  }
  return { values, count, dim, norms };
}

/** The neighbours of shapes (the nearest of a shape's forms counts) among training rows of other subjects than `own`. */
function nearRows(
  forms: readonly Rows[],
  train: Rows,
  subjects: readonly string[],
  own: readonly string[] = [],
): Near[] {
  const { dim } = train;
  return Array.from({ length: forms[0].count }, (_, i) => {
    const least = new Map<string, { index: number; distance: number }>();
    let correlation = -1;
    for (const { values, norms } of forms) {
      const row = values.subarray(i * dim, (i + 1) * dim);
      const norm = norms[i];
      for (let j = 0; j < train.count; j++) {
        if (subjects[j] === own[i]) continue;
        let dot = 0;
        for (let d = 0, p = j * dim; d < dim; d++, p++) dot += row[d] * train.values[p];
        const other = train.norms[j];
        const distance = Math.sqrt(Math.max(0, norm * norm + other * other - 2 * dot));
        if (norm > 0 && other > 0) correlation = Math.max(correlation, dot / (norm * other));
        const known = least.get(subjects[j]);
        if (known === undefined || distance < known.distance) least.set(subjects[j], { index: j, distance });
      }
    }
    const sorted = [...least.values()].sort((a, b) => a.distance - b.distance).slice(0, NEIGHBOURS);
    return { index: sorted[0].index, distances: sorted.map((n) => n.distance), correlation };
  });
}

/** The shapes of a list, a few at a time. */
function* few(count: number, at: (i: number) => Mask): Generator<Mask[]> {
  for (let start = 0; start < count; start += TOGETHER)
    yield Array.from({ length: Math.min(TOGETHER, count - start) }, (_, k) => at(start + k));
}

/** Neighbours of all three sets in a space. */
export async function featureNear(
  space: FeatureSpace,
  index: ShapeIndex,
  masks: Record<'trainAt' | 'heldOutAt' | 'fakeAt', (i: number) => Mask>,
  {
    heldOut,
    fakes,
    onCase,
    breathe,
  }: {
    heldOut: readonly number[];
    fakes: number;
    onCase: () => void;
    /** Awaited between shapes: signals are heard there, and may end the work. */
    breathe: () => Promise<void>;
  },
): Promise<SpaceNear> {
  const describe = async (shapes: readonly Mask[]): Promise<Features> => {
    const laid: Mask[] = [];
    for (const mask of shapes) {
      laid.push(normalised(index, mask));
      await breathe();
    }
    return space.describe(laid, onCase);
  };
  const { subjects } = index;
  const parts: Features[] = [];
  for (const shapes of few(subjects.length, masks.trainAt)) parts.push(await describe(shapes));
  const { dim } = parts[0];
  const values = new Float32Array(subjects.length * dim);
  parts.forEach((part, k) => void values.set(part.values, k * TOGETHER * dim));
  const mean = new Float64Array(dim);
  for (let p = 0; p < values.length; p++) mean[p % dim] += values[p] / subjects.length;
  const train = centred({ values, count: subjects.length, dim }, mean);
  const nearOf = async (count: number, at: (i: number) => Mask): Promise<Near[]> => {
    const near: Near[] = [];
    for (const shapes of few(count, at)) {
      const plain = centred(await describe(shapes), mean);
      const mirrored = centred(await describe(shapes.map(mirroredMask)), mean);
      near.push(...nearRows([plain, mirrored], train, subjects));
    }
    return near;
  };
  return {
    heldOut: await nearOf(heldOut.length, (i) => masks.heldOutAt(heldOut[i])),
    fake: await nearOf(fakes, masks.fakeAt),
    train: nearRows([train], train, subjects, subjects),
  };
}
