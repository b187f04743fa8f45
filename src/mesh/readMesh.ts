/**
 * A surface from a file, STL or PLY, told apart by their content: one welded mesh in LPS mm. Neither format has units or
 * a space of its own. mm is assumed and an extent that no human bone has in mm is refused, with the unit that would
 * explain it. The space is what the header says ("SPACE=LPS" or "SPACE=RAS", as 3D Slicer writes), else what the caller
 * says, else LPS: a mirrored skull could not be told from a sound one, so it is stated, never guessed.
 */
import { readFileSync, statSync } from 'node:fs';
import { FileError, VolumeError } from '../errors.ts';
import type { Mesh } from './mesh.ts';
import { extensions as plyExtensions } from './ply.ts';
import { badMesh } from './read/parsed.ts';
import { parsePly } from './read/ply.ts';
import { parseStl } from './read/stl.ts';
import { weldVertices } from './read/weld.ts';
import { extensions as stlExtensions } from './stl.ts';

export type Space = 'LPS' | 'RAS';

export interface ReadMeshOptions {
  /** Space of a file whose header does not say. */
  space: Space;
  /** Least and greatest longest side, in mm, that is taken for a bone. */
  extent_mm: readonly [number, number];
}

/** From half a mandible to a skull with the neck below it. */
export const READ_MESH_DEFAULTS: ReadMeshOptions = { space: 'LPS', extent_mm: [40, 500] };

/** A mesh in LPS mm, and how its file put it. */
export interface ReadMesh extends Mesh {
  /** The space of the file's coordinates. */
  space: Space;
  /** Whether the file says so itself. */
  declared: boolean;
}

/** Extensions of the files that `readMesh` reads. */
export const READABLE_MESHES: readonly string[] = [...stlExtensions, ...plyExtensions];

/** A file beyond this is not read: it would take several GB of memory, and no skull needs 20 million triangles. */
const LARGEST = 2 ** 30;

/** Farther than this from the origin, 32-bit coordinates are coarser than 0.06 mm. */
const FARTHEST_MM = 1e6;

/**
 * Reads an STL or PLY file (text or binary) as a mesh in LPS mm with shared vertices. Throws `FileError` when the file is
 * missing, cut short, not finite, inconsistent or above 1 GiB, and `VolumeError` when its extent is not that of a bone in
 * mm.
 */
export function readMesh(path: string, options: Partial<ReadMeshOptions> = {}): ReadMesh {
  const { space: unsaid, extent_mm } = { ...READ_MESH_DEFAULTS, ...options };
  const bytes = readBytes(path);
  const isPly = bytes.length > 4 && /^ply[ \t]*[\r\n]/.test(String.fromCharCode(...bytes.subarray(0, 16)));
  const { mesh: raw, header } = isPly ? parsePly(bytes, path) : parseStl(bytes, path);
  const said = spaceOf(header, path);
  const space = said ?? unsaid;
  const mesh = weldVertices(raw);
  if (mesh.indices.length === 0)
    throw badMesh(`${path} has no triangle with three different corners`, 'a surface that is not empty');
  if (space === 'RAS')
    for (let p = 0; p < mesh.positions.length; p += 3) {
      mesh.positions[p] = -mesh.positions[p];
      mesh.positions[p + 1] = -mesh.positions[p + 1];
    }
  requireBoneExtent(mesh, path, extent_mm);
  return { ...mesh, space, declared: said !== undefined };
}

function readBytes(path: string): Uint8Array {
  let size: number;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw badMesh(`${path} is not a file`, 'an STL or PLY file');
    size = stat.size;
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(
      {
        found: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
        expected: 'an STL or PLY file',
        todo: 'check the name and the permissions',
      },
      { cause: error },
    );
  }
  if (size > LARGEST)
    throw new FileError({
      found: `${path} is ${(size / 2 ** 30).toFixed(1)} GiB long`,
      expected: 'a mesh file of at most 1 GiB',
      todo: 'reduce the mesh (half a million triangles are plenty for a skull) or save it as binary',
    });
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FileError(
      {
        found: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
        expected: 'a file that may be read',
        todo: 'check its permissions',
      },
      { cause: error },
    );
  }
}

/** The space that a header names: `SPACE=RAS`, `space: LPS`; undefined when it names none. */
function spaceOf(header: string, path: string): Space | undefined {
  const named = new Set(
    [...header.matchAll(/\bspace\s*[=: ]\s*(LPS|RAS)\b/gi)].map((m) => m[1].toUpperCase()),
  );
  if (named.size > 1)
    throw badMesh(
      `${path}'s header names both LPS and RAS as its space`,
      'one space: SPACE=LPS or SPACE=RAS',
    );
  return [...named][0] as Space | undefined;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['metres', 1000],
  ['centimetres', 10],
  ['inches', 25.4],
  ['micrometres', 0.001],
];

/** The extent that most skulls have: where several units would do, the one nearest to it comes first. */
const TYPICAL_MM = 200;

/** Throws `VolumeError` unless the longest side of the mesh's box lies within `limits` mm and near the origin. */
function requireBoneExtent(mesh: Mesh, path: string, limits: readonly [number, number]): void {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const { positions } = mesh;
  for (let p = 0; p < positions.length; p++) {
    const a = p % 3;
    if (positions[p] < low[a]) low[a] = positions[p];
    if (positions[p] > high[a]) high[a] = positions[p];
  }
  const sides = low.map((v, a) => high[a] - v);
  const longest = Math.max(...sides);
  const [least, greatest] = limits;
  const expected = `a bone whose longest side is ${least} to ${greatest} mm: mesh files have no unit, mm is assumed`;
  if (!(longest >= least && longest <= greatest)) {
    const distance = ([, mm]: readonly [string, number]): number =>
      Math.abs(Math.log((longest * mm) / TYPICAL_MM));
    const fitting = UNITS.filter(([, mm]) => longest * mm >= least && longest * mm <= greatest);
    fitting.sort((a, b) => distance(a) - distance(b));
    const units = fitting.map(([name, mm]) => `${name} (scale it by ${mm})`).join(' or ');
    throw new VolumeError({
      found: `${path} measures ${sides.map((s) => Number(s.toPrecision(3))).join(' x ')}`,
      expected,
      todo: units
        ? `it may be in ${units}: scale it in the program that made it and export it again`
        : 'scale the mesh to mm in the program that made it, and export it again',
    });
  }
  if (Math.max(...low.map(Math.abs), ...high.map(Math.abs)) > FARTHEST_MM)
    throw new VolumeError({
      found: `${path} lies more than ${FARTHEST_MM / 1e6} km from the origin of its space`,
      expected: 'coordinates in mm that 32 bits can hold to a tenth of a mm',
      todo: 'move the mesh near the origin in the program that made it',
    });
}
