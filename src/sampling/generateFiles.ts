/** One bone mask into files of the formats asked for: volumes (uint8, LPS mm) and surfaces. */
import { UsageError } from '../errors.ts';
import { MESH_EXTENSIONS, writeMesh } from '../mesh/export.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { simplifyMesh } from '../mesh/simplify.ts';
import { maskSurface } from '../mesh/surface.ts';
import { writableExtensions, writeVolume } from '../volume/io/index.ts';
import type { Mask } from '../volume/volume.ts';

/** Names of the formats a bone can be written in, without the dot: `nrrd`, `nii.gz`, `stl`, .. */
export const BONE_FORMATS: readonly string[] = [...writableExtensions, ...MESH_EXTENSIONS].map((e) =>
  e.slice(1),
);

/** Checks a list of formats and drops repetitions. Throws `UsageError` for one that is not known. */
export function checkFormats(formats: readonly string[]): string[] {
  for (const format of formats)
    if (!BONE_FORMATS.includes(format))
      throw new UsageError({
        found: `the format "${format}"`,
        expected: `formats among ${BONE_FORMATS.join(', ')}`,
        todo: 'give a list such as --format nrrd,stl',
      });
  return [...new Set(formats)];
}

/**
 * Writes `STEM.FORMAT` for each format and returns the paths; `simplify` keeps that share of the triangles, or
 * more where the surface would move by over half a voxel. Throws
 * `UsageError` for a format or share that cannot be, `VolumeError` for an empty mask, `DiskError` when the disk refuses.
 */
export async function writeBoneFiles(
  stem: string,
  mask: Mask,
  formats: readonly string[],
  options: { simplify?: number } = {},
): Promise<string[]> {
  const paths: string[] = [];
  let mesh: Mesh | undefined;
  for (const format of checkFormats(formats)) {
    const path = `${stem}.${format}`;
    if (MESH_EXTENSIONS.includes(`.${format}`)) {
      if (mesh === undefined) {
        mesh = maskSurface(mask);
        if (options.simplify !== undefined) {
          // Half a voxel is below what the mask itself could show.
          const error_mm = 0.5 * Math.min(...mask.spacing);
          mesh = (await simplifyMesh(mesh, { ratio: options.simplify, error_mm })).mesh;
        }
      }
      await writeMesh(path, mesh);
    } else await writeVolume(path, mask);
    paths.push(path);
  }
  return paths;
}
