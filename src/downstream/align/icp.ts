/**
 * What ingest does without a network, as methods. All but `head` align to the mean training shape.
 *
 * - `match` (skull/align.ts, `ingest --align-to`): the bone's voxels climb the blurred reference, from the patient's axes
 *   and from the four ways round of the principal ones; the better overlap is kept.
 * - `icp` (skull/register/): robust ICP of the two surfaces from 432 rotations spread over SO(3). No start is needed, and
 *   what is missing from the bone does not mislead it.
 * - `head` (skull/canonical.ts, what ingest does with a CT of a head): the same against the human template, refused where
 *   the bone fits it badly or in two poses alike. The template's Frankfort frame is brought to the dataset's by the mean
 *   move that does so for training bones, in which the template's own error is taken out.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import type { Dataset } from '../../dataset/dataset.ts';
import { DatasetError } from '../../errors.ts';
import { alignedFrame, alignReference } from '../../skull/align.ts';
import { canonicalFrame } from '../../skull/canonical.ts';
import { registerRigid } from '../../skull/register/registerRigid.ts';
import { humanTemplate, templateOf } from '../../skull/register/template.ts';
import {
  composeTransforms,
  frameTransform,
  IDENTITY_TRANSFORM,
  invertTransform,
  type Transform,
} from '../../skull/register/transform.ts';
import { determinant3 } from '../../volume/geometry.ts';
import type { Mat3, Vec3 } from '../../volume/volume.ts';
import { bonePoints, type MeanShape, overlapScore } from './meanShape.ts';
import type { AlignMethod } from './method.ts';

/** Shape matching onto the mean training shape. */
export function matchMethod(mean: MeanShape): AlignMethod {
  const references = (['patient', 'principal'] as const).map((kind) => {
    const reference = alignReference(mean.mask, kind);
    return { reference, back: invertTransform(frameTransform(reference.frame)) };
  });
  return {
    name: 'match',
    words:
      'Shape matching of `ingest --align-to`, to the mean training shape: climbs its blurred image from the axes of the scan and from principal axes.',
    align: async (mask) => {
      const points = bonePoints(mask);
      const found = references.map(({ reference, back }) => {
        const transform = composeTransforms(back, frameTransform(alignedFrame(mask, reference)));
        return { transform, score: overlapScore(mean.field, points, transform) };
      });
      const best = found.reduce((a, b) => (b.score > a.score ? b : a));
      return { transform: best.transform };
    },
  };
}

/** Robust ICP from everywhere onto the mean training shape. */
export function icpMethod(mean: MeanShape): AlignMethod {
  const template = templateOf(mean.mask, IDENTITY_TRANSFORM);
  return {
    name: 'icp',
    words:
      'Robust ICP of ingest, surface on surface of the mean training shape, from 432 rotations over SO(3).',
    align: async (mask) => {
      const { rotation, translation } = registerRigid(mask, template);
      return { transform: { rotation, translation, scale: 1 } };
    },
  };
}

/** Training bones that the move between the template's frame and the dataset's is the mean over. */
const ANCHORS = 12;

/**
 * Ingest's alignment of heads. Throws `DatasetError` where the dataset's frame is not a Frankfort one (its words must say
 * so), or too few training bones fit the template.
 */
export function headMethod(dataset: Dataset): AlignMethod {
  const refuse = (found: string): DatasetError =>
    new DatasetError({
      found: `${dataset.dir}: ${found}`,
      expected: 'skulls in a Frankfort frame, as ingest of CT and `cranioflow phantom` make them',
      todo: 'leave the method head out: icp does the same to the mean training shape of any bone',
    });
  const { frame, bone } = dataset.manifest;
  if (!/frankfort/i.test(frame) || !/skull/i.test(bone) || /mouse/i.test(bone))
    throw refuse(`its bones (${bone}) are not skulls in a Frankfort frame`);
  const template = humanTemplate();
  const train = dataset.split('train');
  const moves: Transform[] = [];
  // Every so many-th, so that all kinds of cases have their part.
  for (let n = 0; n < Math.min(ANCHORS, train.length); n++) {
    const c = train[Math.floor(((n + 0.5) * train.length) / Math.min(ANCHORS, train.length))];
    try {
      const { transform } = canonicalFrame(dataset.loadMask(c), template, 'a training bone');
      moves.push(invertTransform(transform));
    } catch (error) {
      if ((error as { tag?: string }).tag !== 'volume') throw error;
    }
  }
  if (moves.length < Math.min(3, train.length))
    throw refuse(
      `of ${Math.min(ANCHORS, train.length)} training bones ${moves.length} fit the human template`,
    );
  const toDataset = meanTransform(moves);
  return {
    name: 'head',
    words: `Robust ICP of ingest to the human template, and from its Frankfort frame to the dataset's by the mean move of ${moves.length} training bones.`,
    align: async (mask) => {
      const { transform } = canonicalFrame(mask, template, 'the bone');
      const { rotation, translation } = composeTransforms(toDataset, transform);
      return { transform: { rotation, translation, scale: 1 } };
    },
  };
}

/** The rotation nearest to all (projection of their mean onto SO(3)), and the mean translation, mm. */
export function meanTransform(transforms: readonly Transform[]): Transform {
  const n = transforms.length;
  const sum = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((e) => transforms.reduce((s, t) => s + t.rotation[e] / n, 0));
  const svd = new SingularValueDecomposition(Matrix.from1DArray(3, 3, sum));
  const [u, v] = [svd.leftSingularVectors, svd.rightSingularVectors];
  const plain = u.mmul(v.transpose()).to1DArray() as unknown as Mat3;
  const rotation =
    determinant3(plain) > 0
      ? plain
      : (u
          .mmul(Matrix.diag([1, 1, -1]))
          .mmul(v.transpose())
          .to1DArray() as unknown as Mat3);
  const translation = [0, 1, 2].map((a) =>
    transforms.reduce((s, t) => s + t.translation[a] / n, 0),
  ) as unknown as Vec3;
  return { rotation, translation, scale: 1 };
}
