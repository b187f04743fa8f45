/**
 * Neighbours in a space of features: what a network (or a plain description) makes of shapes. Features are not blind to
 * pose, so every shape is first laid on the mean training shape, and fakes and held-out reals are described twice, as they
 * are and mirrored: the nearer counts. Distances are Euclidean; the correlation, taken after the training mean was
 * subtracted, is what the copy rate is read from (Dar et al. 2025).
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

interface Rows {
  values: Float64Array;
  /** Of the values, after the mean was subtracted. */
  norm: number;
}

function centred({ values, count, dim }: Features, mean: Float64Array): Rows[] {
  return Array.from({ length: count }, (_, i) => {
    const row = Float64Array.from(values.subarray(i * dim, (i + 1) * dim), (v, d) => v - mean[d]);
    return { values: row, norm: Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)) };
  });
}

/** The neighbours of rows (the nearest form of each shape counts) among training rows. */
export function nearRows(
  forms: readonly (readonly Rows[])[],
  train: readonly Rows[],
  subjects: readonly string[],
  skip: (i: number) => string | undefined,
): Near[] {
  return forms[0].map((_, i) => {
    const least = new Map<string, { index: number; distance: number }>();
    let correlation = -1;
    for (const { values, norm } of forms.map((form) => form[i]))
      for (let j = 0; j < train.length; j++) {
        if (subjects[j] === skip(i)) continue;
        const other = train[j];
        let dot = 0;
        for (let d = 0; d < values.length; d++) dot += values[d] * other.values[d];
        const distance = Math.sqrt(Math.max(0, norm * norm + other.norm * other.norm - 2 * dot));
        if (norm > 0 && other.norm > 0) correlation = Math.max(correlation, dot / (norm * other.norm));
        const known = least.get(subjects[j]);
        if (known === undefined || distance < known.distance) least.set(subjects[j], { index: j, distance });
      }
    const sorted = [...least.values()].sort((a, b) => a.distance - b.distance).slice(0, NEIGHBOURS);
    return { index: sorted[0].index, distances: sorted.map((n) => n.distance), correlation };
  });
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
  const describe = async (count: number, at: (i: number) => Mask, mirrored = false): Promise<Features> => {
    const list: Mask[] = [];
    for (let i = 0; i < count; i++) {
      list.push(normalised(index, mirrored ? mirroredMask(at(i)) : at(i)));
      await breathe();
    }
    return space.describe(list, onCase);
  };
  const heldOutAt = (i: number) => masks.heldOutAt(heldOut[i]);
  const trainFeatures = await describe(index.subjects.length, masks.trainAt);
  const { dim, count, values } = trainFeatures;
  const mean = new Float64Array(dim);
  for (let p = 0; p < values.length; p++) mean[p % dim] += values[p] / count;
  const rows = async (n: number, at: (i: number) => Mask) => [
    centred(await describe(n, at), mean),
    centred(await describe(n, at, true), mean),
  ];
  const train = centred(trainFeatures, mean);
  const none = () => undefined;
  return {
    heldOut: nearRows(await rows(heldOut.length, heldOutAt), train, index.subjects, none),
    fake: nearRows(await rows(fakes, masks.fakeAt), train, index.subjects, none),
    train: nearRows([train], train, index.subjects, (i) => index.subjects[i]),
  };
}
