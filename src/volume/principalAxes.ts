/**
 * Centroid and principal axes of a volume: the eigenvectors of the covariance of its voxels' places, each weighed by its value.
 * The sign of an axis is nobody's, and neither is the order of two that are about as long.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { VolumeError } from '../errors.ts';
import { determinant3, multiply3, transpose3 } from './geometry.ts';
import { type Grid, type Mat3, type Vec3, voxelToWorld } from './volume.ts';

export interface PrincipalMoments {
  /** LPS mm. */
  centroid: Vec3;
  /** Column c is the c-th longest axis, LPS; right-handed. */
  axes: Mat3;
  /** Variance along each, mm^2, falling. */
  variances: Vec3;
}

/** Centroid and principal axes of a volume's values taken as mass. Throws `VolumeError` where there is none. */
export function principalMoments(volume: Grid & { data: ArrayLike<number> }): PrincipalMoments {
  const { size, spacing, data, direction } = volume;
  const [nx, ny, nz] = size;
  let mass = 0;
  // In voxels first; the grid's own map makes mm of them. A row at a time: only x changes along it.
  const first = [0, 0, 0];
  const second = new Array<number>(9).fill(0);
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      let [m, x, xx] = [0, 0, 0];
      for (let i = 0; i < nx; i++) {
        const w = data[at++];
        m += w;
        x += w * i;
        xx += w * i * i;
      }
      mass += m;
      const row = [x, m * j, m * k];
      row.forEach((s, a) => {
        first[a] += s;
      });
      [xx, x * j, x * k, x * j, m * j * j, m * j * k, x * k, m * j * k, m * k * k].forEach((s, e) => {
        second[e] += s;
      });
    }
  if (!(mass > 0))
    throw new VolumeError({
      found: 'a mask without a bone voxel',
      expected: 'a bone to align',
      todo: 'check the segmentation, or leave the file out',
    });
  const mean = first.map((s) => s / mass) as unknown as Vec3;
  const local = second.map((s, e) => {
    const [a, b] = [Math.floor(e / 3), e % 3];
    return (s / mass - mean[a] * mean[b]) * spacing[a] * spacing[b];
  }) as unknown as Mat3;
  const covariance = multiply3(multiply3(direction, local), transpose3(direction));
  const eigen = new EigenvalueDecomposition(Matrix.from1DArray(3, 3, [...covariance]), {
    assumeSymmetric: true,
  });
  const order = [0, 1, 2].sort((a, b) => eigen.realEigenvalues[b] - eigen.realEigenvalues[a]);
  const axes = [0, 1, 2].flatMap((r) =>
    order.map((c) => eigen.eigenvectorMatrix.get(r, c)),
  ) as unknown as Mat3;
  const sign = determinant3(axes) < 0 ? -1 : 1;
  return {
    centroid: voxelToWorld(volume, ...mean),
    axes: multiply3(axes, [1, 0, 0, 0, 1, 0, 0, 0, sign]),
    variances: order.map((c) => Math.max(0, eigen.realEigenvalues[c])) as unknown as Vec3,
  };
}
