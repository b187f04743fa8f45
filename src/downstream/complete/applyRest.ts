/**
 * What is left of the patient's bone, as a surface to look at beside the implant, in the patient's coordinates. A CT of half
 * a millimetre gives millions of triangles that no picture shows: voxels are made coarser until there are at most `VOXELS`, and
 * triangles beyond `TRIANGLES` go as long as the surface moves by less than half such a voxel. Gaps are measured on the bone itself, never here.
 */
import type { Mesh } from '../../mesh/mesh.ts';
import { simplifyMesh } from '../../mesh/simplify.ts';
import { maskSurface } from '../../mesh/surface.ts';
import { resampleMask } from '../../volume/resample.ts';
import { type Grid, type Mask, type Vec3, voxelCount, voxelToWorld } from '../../volume/volume.ts';

/** 200^3: about a millimetre for a head. */
const VOXELS = 8e6;
const TRIANGLES = 200_000;

/** The grid that fills the same box with voxels of at least `step` mm; axes that are coarser already stay. */
function coarser(grid: Grid, step: number): Grid {
  const size = grid.size.map((n, a) =>
    Math.max(1, Math.round((n * grid.spacing[a]) / Math.max(step, grid.spacing[a]))),
  ) as unknown as Vec3;
  const spacing = grid.spacing.map((s, a) => (s * grid.size[a]) / size[a]) as unknown as Vec3;
  // The first voxel's outer corner stays where it is.
  const [i, j, k] = spacing.map((s, a) => s / grid.spacing[a] / 2 - 0.5);
  return { size, spacing, direction: grid.direction, origin: voxelToWorld(grid, i, j, k) };
}

/** The surface of a bone, LPS mm, and the longest side of the voxels that it was made on. Throws `VolumeError` for no bone. */
export async function restSurface(
  bone: Mask,
  { voxels = VOXELS, triangles = TRIANGLES } = {},
): Promise<{ mesh: Mesh; voxelMm: number }> {
  let step = Math.min(...bone.spacing);
  let grid: Grid = bone;
  while (voxelCount(grid.size) > voxels) {
    step *= 1.1;
    grid = coarser(bone, step);
  }
  const surface = maskSurface(grid === bone ? bone : resampleMask(bone, grid));
  const ratio = Math.min(1, (3 * triangles) / surface.indices.length);
  const error_mm = 0.5 * Math.min(...grid.spacing);
  const { mesh } = await simplifyMesh(surface, { ratio, error_mm });
  return { mesh, voxelMm: Math.max(...grid.spacing) };
}
