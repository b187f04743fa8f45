/** What every mesh reader gives back, the errors they share, and lists that grow. */
import { FileError } from '../../errors.ts';
import type { Mesh } from '../mesh.ts';

export interface ParsedMesh {
  mesh: Mesh;
  /** Free text of the header: it may name the space of the coordinates. Never shown: it may name the patient too. */
  header: string;
}

/** A `FileError` on a mesh file. */
export const badMesh = (found: string, expected: string): FileError =>
  new FileError({
    found,
    expected,
    todo: 'copy or export the file again; it may be cut short, or be of another format than its extension',
  });

/** Refuses coordinates that are NaN, infinite, or too large for 32 bits, naming the file and the first vertex. */
export function requireFinite(positions: Float32Array, path: string): void {
  for (let p = 0; p < positions.length; p++)
    if (!Number.isFinite(positions[p]))
      throw badMesh(
        `${path}: a coordinate of vertex ${Math.floor(p / 3) + 1} is not a finite number`,
        'finite coordinates in mm',
      );
}
