/**
 * Smoothing rounds convex bone off and thins sheets: at 4 mm voxels a skull loses some 15 % of its volume to it. Here the
 * surface is moved along its normals until it encloses a given volume again. The move is small (0.08 voxels on that
 * skull), the same everywhere, and so changes no shape that the mask could show.
 */
import { type Mesh, meshArea, meshVolume, vertexNormals } from './mesh.ts';

/** Twice `p += n (V - volume) / area`: Newton's step for the offset, whose derivative of the volume is the area. */
export function matchVolume(mesh: Mesh, volume_mm3: number): Mesh {
  let now: Mesh = mesh;
  for (let step = 0; step < 2; step++) {
    const area = meshArea(now);
    if (area === 0) return mesh;
    const offset = (volume_mm3 - meshVolume(now)) / area;
    const normals = vertexNormals(now);
    now = { ...now, positions: now.positions.map((p, q) => p + offset * normals[q]) };
  }
  return now;
}
