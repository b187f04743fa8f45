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
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { cubeTurns } from '../../aligner/turns.ts';
import { VolumeError } from '../../errors.ts';
import type { Transform } from '../../skull/register/transform.ts';
import { apply3, determinant3, multiply3, transpose3 } from '../../volume/geometry.ts';
import {
  type Mask,
  type Mat3,
  type Vec3,
  type Volume,
  type VoxelArray,
  voxelToWorld,
} from '../../volume/volume.ts';
import { bonePoints, type MeanShape, overlapScore } from './meanShape.ts';
import type { AlignMethod } from './method.ts';

export interface Moments {
  /** LPS mm. */
  centroid: Vec3;
  /** Column c is the c-th longest axis; right-handed. */
  axes: Mat3;
  /** Variance along each, mm^2, falling. */
  variances: Vec3;
}

/** Centroid and principal axes of a volume's values taken as mass. Throws `VolumeError` where there is none. */
export function moments(volume: Volume<VoxelArray>): Moments {
  const { size, data } = volume;
  const [nx, ny] = size;
  // In index space first: six sums, then the grid's own map makes mm of them.
  const s = new Float64Array(10);
  for (let v = 0; v < data.length; v++) {
    const m = data[v];
    if (m === 0) continue;
    const i = v % nx;
    const j = Math.floor(v / nx) % ny;
    const k = Math.floor(v / (nx * ny));
    s[0] += m;
    s[1] += m * i;
    s[2] += m * j;
    s[3] += m * k;
    s[4] += m * i * i;
    s[5] += m * i * j;
    s[6] += m * i * k;
    s[7] += m * j * j;
    s[8] += m * j * k;
    s[9] += m * k * k;
  }
  if (!(s[0] > 0))
    throw new VolumeError({
      found: 'a mask without a bone voxel',
      expected: 'a bone to align',
      todo: 'check the segmentation, or leave the file out',
    });
  const mean = [s[1] / s[0], s[2] / s[0], s[3] / s[0]];
  const second = [s[4], s[5], s[6], s[5], s[7], s[8], s[6], s[8], s[9]];
  const [sx, sy, sz] = volume.spacing;
  const step = [sx, sy, sz];
  const local = second.map(
    (x, e) => (x / s[0] - mean[Math.floor(e / 3)] * mean[e % 3]) * step[Math.floor(e / 3)] * step[e % 3],
  ) as unknown as Mat3;
  const d = volume.direction;
  const covariance = multiply3(multiply3(d, local), transpose3(d));
  const eigen = new EigenvalueDecomposition(Matrix.from1DArray(3, 3, [...covariance]), {
    assumeSymmetric: true,
  });
  const order = [0, 1, 2].sort((a, b) => eigen.realEigenvalues[b] - eigen.realEigenvalues[a]);
  const column = (c: number) => [0, 1, 2].map((r) => eigen.eigenvectorMatrix.get(r, order[c]));
  const [x, y, z] = [column(0), column(1), column(2)];
  const axes: Mat3 = [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]];
  const sign = determinant3(axes) < 0 ? -1 : 1;
  return {
    centroid: voxelToWorld(volume, mean[0], mean[1], mean[2]),
    axes: multiply3(axes, [1, 0, 0, 0, 1, 0, 0, 0, sign]),
    variances: order.map((c) => Math.max(0, eigen.realEigenvalues[c])) as unknown as Vec3,
  };
}

/** The ways of laying one set of axes along another. */
const TURNS = cubeTurns();

/** The rigid move by principal axes from a mask's space onto a mean shape. Throws `VolumeError` for an empty mask. */
export function principalTransform(
  mask: Mask,
  mean: MeanShape,
  reference = moments(mean.density),
): Transform {
  const own = moments(mask);
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
  const reference = moments(mean.density);
  return {
    name: 'pca',
    words:
      'Principal axes and centroid of the bone laid on those of the mean training shape; of the 24 ways round, the one that overlaps it best.',
    align: async (mask) => ({ transform: principalTransform(mask, mean, reference) }),
  };
}
