/**
 * The move that brings paired points together best: least squares of `|s R p_i + t - q_i|^2` (Kabsch 1976; with scale
 * and the guard against mirroring, Umeyama, IEEE PAMI 13, 1991). With centred points and the covariance
 * `C = 1/n sum q p^T = U D V^T`: `R = U S V^T`, `s = tr(D S) / var(p)` and `t = mean q - s R mean p`, where S turns the last
 * axis over when `det(U V^T) < 0`.
 */
import { determinant, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { VolumeError } from '../../errors.ts';
import { apply3 } from '../../volume/geometry.ts';
import type { Mat3, Vec3 } from '../../volume/volume.ts';
import { applyTransform, type Transform } from './transform.ts';

export interface Fit extends Transform {
  /** Root mean square distance after the fit, mm. */
  rms_mm: number;
}

/**
 * Fits `to[i] ~ s R from[i] + t`; `scale` lets s differ from 1. Throws `VolumeError` for fewer than three pairs, unequal
 * counts, or points on one line (no turn about it can be told).
 */
export function fitPoints(from: readonly Vec3[], to: readonly Vec3[], { scale = false } = {}): Fit {
  const n = from.length;
  if (n < 3 || to.length !== n)
    throw new VolumeError({
      found: `${n} and ${to.length} landmarks to lay on each other`,
      expected: 'at least three pairs',
      todo: 'give both bones the same landmarks',
    });
  const [a, b] = [from, to].map((points) => {
    const mean = [0, 1, 2].map((c) => points.reduce((sum, p) => sum + p[c] / n, 0));
    return { mean: mean as unknown as Vec3, centred: points.map((p) => p.map((x, c) => x - mean[c])) };
  });
  const covariance = Matrix.zeros(3, 3);
  let spread = 0;
  for (let i = 0; i < n; i++)
    for (let r = 0; r < 3; r++) {
      spread += a.centred[i][r] ** 2 / n;
      for (let c = 0; c < 3; c++)
        covariance.set(r, c, covariance.get(r, c) + (b.centred[i][r] * a.centred[i][c]) / n);
    }
  const svd = new SingularValueDecomposition(covariance);
  const d = svd.diagonal;
  if (!(d[1] > 1e-9 * d[0]))
    throw new VolumeError({
      found: `${n} landmarks that lie on one line or in one place`,
      expected: 'three that make a triangle',
      todo: 'add a landmark off the line',
    });
  const u = svd.leftSingularVectors;
  const v = svd.rightSingularVectors;
  const sign = Math.sign(determinant(u) * determinant(v));
  const r = u.mmul(Matrix.diag([1, 1, sign])).mmul(v.transpose());
  const rotation = r.to1DArray() as unknown as Mat3;
  const s = scale ? (d[0] + d[1] + sign * d[2]) / spread : 1;
  const shift = apply3(rotation, a.mean);
  const translation = b.mean.map((x, c) => x - s * shift[c]) as unknown as Vec3;
  const transform = { rotation, translation, scale: s };
  return { ...transform, rms_mm: pairedRms(transform, from, to) };
}

/** Root mean square of `|T from[i] - to[i]|`, mm. */
export function pairedRms(transform: Transform, from: readonly Vec3[], to: readonly Vec3[]): number {
  let square = 0;
  for (let i = 0; i < from.length; i++) {
    const p = applyTransform(transform, from[i]);
    square += (p[0] - to[i][0]) ** 2 + (p[1] - to[i][1]) ** 2 + (p[2] - to[i][2]) ** 2;
  }
  return Math.sqrt(square / from.length);
}
