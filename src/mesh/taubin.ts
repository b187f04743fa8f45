/**
 * Smoothing of a mesh that does not shrink it (Taubin, "A signal processing approach to fair surface design", 1995): a step
 * of `p + lambda L p` smooths and shrinks, a step of `p + mu L p` with mu < -lambda undoes the shrinking and leaves
 * the smoothing. L p is the mean of the neighbours less p.
 */
import type { Mesh } from './mesh.ts';

export interface TaubinOptions {
  /** Pairs of steps; 0 returns the mesh as it is. */
  rounds: number;
  /** Weight of the smoothing step, in (0, 1). */
  lambda: number;
  /** Weight of the inflating step; `1 / lambda + 1 / mu` = 0.1 is the pass band that Taubin recommends. */
  mu: number;
  /** No vertex ends farther than this from where it began. Without it a speck of one voxel shrinks to nothing. */
  limit_mm: number;
}

export const TAUBIN_DEFAULTS: TaubinOptions = {
  rounds: 10,
  lambda: 0.5,
  mu: -0.526,
  limit_mm: Number.POSITIVE_INFINITY,
};

/** `rounds` times: p += lambda L p; p += mu L p; then back to within `limit_mm`. The triangles stay; normals are dropped, for they no longer hold. */
export function taubinSmooth(mesh: Mesh, options: Partial<TaubinOptions> = {}): Mesh {
  const { rounds, lambda, mu, limit_mm } = { ...TAUBIN_DEFAULTS, ...options };
  const { indices, colours } = mesh;
  const positions = mesh.positions.slice();
  const sum = new Float32Array(positions.length);
  const degree = new Float32Array(positions.length / 3);
  for (let t = 0; t < indices.length; t++) degree[indices[t]]++;
  for (let step = 0; step < 2 * rounds; step++) {
    const weight = step % 2 === 0 ? lambda : mu;
    sum.fill(0);
    // In a closed mesh each edge a -> b occurs once in each direction, so every neighbour is added exactly once.
    for (let t = 0; t < indices.length; t += 3) {
      const a = 3 * indices[t];
      const b = 3 * indices[t + 1];
      const c = 3 * indices[t + 2];
      for (let x = 0; x < 3; x++) {
        sum[a + x] += positions[b + x];
        sum[b + x] += positions[c + x];
        sum[c + x] += positions[a + x];
      }
    }
    for (let v = 0; v < degree.length; v++) {
      const n = degree[v];
      if (n === 0) continue;
      for (let q = 3 * v; q < 3 * v + 3; q++) positions[q] += weight * (sum[q] / n - positions[q]);
    }
  }
  for (let v = 0; v < positions.length && limit_mm < Number.POSITIVE_INFINITY; v += 3) {
    const dx = positions[v] - mesh.positions[v];
    const dy = positions[v + 1] - mesh.positions[v + 1];
    const dz = positions[v + 2] - mesh.positions[v + 2];
    const back = 1 - Math.min(1, limit_mm / (Math.sqrt(dx * dx + dy * dy + dz * dz) || 1));
    positions[v] -= back * dx;
    positions[v + 1] -= back * dy;
    positions[v + 2] -= back * dz;
  }
  return { positions, indices, colours };
}
