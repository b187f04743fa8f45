/**
 * Fewer triangles, the same shape: edge collapse by quadric error (Garland and Heckbert 1997), done by meshoptimizer's wasm.
 * Collapses keep the mesh closed; vertices no longer used are dropped.
 */
import { MeshoptSimplifier } from 'meshoptimizer/simplifier';
import { UsageError } from '../errors.ts';
import { type Mesh, requireSoundMesh, triangleCount, vertexNormals } from './mesh.ts';

export interface SimplifyOptions {
  /** Share of the triangles to keep, in (0, 1]; fewer go when `error_mm` forbids it. */
  ratio: number;
  /** Largest distance in mm that a collapse may move the surface. */
  error_mm: number;
}

export const SIMPLIFY_DEFAULTS: SimplifyOptions = { ratio: 0.25, error_mm: 1 };

/**
 * A mesh of about `ratio` times the triangles, with fresh normals; `error_mm` is the simplifier's own estimate of how far the
 * surface moved. Throws `UsageError` for a ratio outside (0, 1], `VolumeError` for an empty mesh.
 */
export async function simplifyMesh(
  mesh: Mesh,
  options: Partial<SimplifyOptions> = {},
): Promise<{ mesh: Mesh; error_mm: number }> {
  const { ratio, error_mm } = { ...SIMPLIFY_DEFAULTS, ...options };
  if (!(ratio > 0 && ratio <= 1))
    throw new UsageError({
      found: `a simplification ratio of ${ratio}`,
      expected: 'a number above 0 and at most 1',
      todo: 'give the share of triangles to keep, such as 0.25',
    });
  requireSoundMesh(mesh, 'simplification');
  await MeshoptSimplifier.ready;
  const target = 3 * Math.max(4, Math.floor(triangleCount(mesh) * ratio));
  const [indices, error] = MeshoptSimplifier.simplify(mesh.indices, mesh.positions, 3, target, error_mm, [
    'ErrorAbsolute',
  ]);
  const compact = compactMesh({ positions: mesh.positions, indices, colours: mesh.colours });
  return { mesh: { ...compact, normals: vertexNormals(compact) }, error_mm: error };
}

/** Drops vertices that no triangle uses and renumbers the rest in their order. */
export function compactMesh(mesh: Mesh): Mesh {
  const count = mesh.positions.length / 3;
  const used = new Uint8Array(count);
  for (const i of mesh.indices) used[i] = 1;
  const renumbered = new Uint32Array(count);
  let kept = 0;
  for (let v = 0; v < count; v++) if (used[v]) renumbered[v] = kept++;
  const take = <T extends Float32Array | Uint8Array>(from: T | undefined, to: T): T | undefined => {
    if (!from) return undefined;
    for (let v = 0; v < count; v++)
      if (used[v]) for (let s = 0; s < 3; s++) to[3 * renumbered[v] + s] = from[3 * v + s];
    return to;
  };
  return {
    positions: take(mesh.positions, new Float32Array(3 * kept)) as Float32Array,
    indices: mesh.indices.map((i) => renumbered[i]),
    normals: take(mesh.normals, new Float32Array(3 * kept)),
    colours: take(mesh.colours, new Uint8Array(3 * kept)),
  };
}
