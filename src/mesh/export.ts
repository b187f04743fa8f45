/** A mesh to a file in the format its name asks for. */
import { extname } from 'node:path';
import { UsageError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import * as glb from './glb.ts';
import type { Mesh } from './mesh.ts';
import * as ply from './ply.ts';
import * as stl from './stl.ts';

/** Extensions of mesh files, with the dot. */
export const MESH_EXTENSIONS: readonly string[] = [...stl.extensions, ...ply.extensions, ...glb.extensions];

/**
 * Writes `mesh` to `path` as STL, PLY (LPS mm both) or GLB (metres, y up), whole or not at all. Throws `UsageError` for
 * another extension, `VolumeError` for an empty mesh, `DiskError` when the disk refuses.
 */
export async function writeMesh(path: string, mesh: Mesh): Promise<void> {
  const extension = extname(path).toLowerCase();
  if (stl.extensions.includes(extension)) return writeFileAtomic(path, stl.encodeStl(mesh));
  if (ply.extensions.includes(extension)) return writeFileAtomic(path, ply.encodePly(mesh));
  if (glb.extensions.includes(extension)) return writeFileAtomic(path, await glb.encodeGlb(mesh));
  throw new UsageError({
    found: `no mesh format is known for ${path}`,
    expected: `a name that ends in ${MESH_EXTENSIONS.join(', ')}`,
    todo: 'change the extension',
  });
}
