/**
 * The textbook baseline: centroid on centroid, principal axes on principal axes. The axes of a bone are compared with
 * those of the mean training shape, so that the frame arrived at is the dataset's, whatever that is:
 *
 *   R = V_ref S V_bone^T,   t = c_ref - R c_bone,
 *
 * V the eigenvectors of the voxels' covariance in falling order of length, S one of the 24 ways of laying three axes along
 * three others without mirroring the bone: the one in which it overlaps the mean shape best. (Signs are not known, and the
 * order is not where two axes are about as long, as a skull's two shorter ones are.) Where
 * a part of the bone is missing its centroid and axes move, and nothing here notices.
 */
import { cubeTurns } from '../../aligner/turns.ts';
import type { Transform } from '../../skull/register/transform.ts';
import { apply3, multiply3, transpose3 } from '../../volume/geometry.ts';
import { principalMoments } from '../../volume/principalAxes.ts';
import type { Mask, Vec3 } from '../../volume/volume.ts';
import { bonePoints, type MeanShape, overlapScore } from './meanShape.ts';
import type { AlignMethod } from './method.ts';

/** The ways of laying one set of axes along another. */
const TURNS = cubeTurns();

/** The rigid move by principal axes from a mask's space onto a mean shape. Throws `VolumeError` for an empty mask. */
export function principalTransform(
  mask: Mask,
  mean: MeanShape,
  reference = principalMoments(mean.density),
): Transform {
  const own = principalMoments(mask);
  const points = bonePoints(mask);
  let best: { transform: Transform; score: number } | undefined;
  for (const turn of TURNS) {
    const rotation = multiply3(multiply3(reference.axes, turn), transpose3(own.axes));
    const at = apply3(rotation, own.centroid);
    const translation = reference.centroid.map((c, a) => c - at[a]) as unknown as Vec3;
    const transform = { rotation, translation, scale: 1 };
    const score = overlapScore(mean.field, points, transform);
    if (best === undefined || score > best.score) best = { transform, score };
  }
  return best!.transform;
}

/** Principal axes as a method. */
export function pcaMethod(mean: MeanShape): AlignMethod {
  const reference = principalMoments(mean.density);
  return {
    name: 'pca',
    words:
      'Principal axes and centroid of the bone laid on those of the mean training shape; of the 24 ways round, the one that overlaps it best.',
    align: async (mask) => ({ transform: principalTransform(mask, mean, reference) }),
  };
}
