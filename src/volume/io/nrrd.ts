/** NRRD writer: a text header, then gzipped voxels (teem.sourceforge.net/nrrd/format.html). */
import type { Volume } from '../volume.ts';
import { voxelBytes, voxelType } from './types.ts';

/**
 * A `.nrrd` file in two parts, header and voxels. `gzip` packs them: node:zlib's at once, a browser's as a promise, which then
 * is the second part.
 */
export function encodeNrrd<P>(volume: Volume, gzip: (bytes: Uint8Array) => P): [string, P] {
  const { size, spacing, origin, direction: d } = volume;
  const axis = (c: number) => `(${[d[c], d[3 + c], d[6 + c]].map((x) => x * spacing[c]).join(',')})`;
  const header = `NRRD0004
type: ${voxelType(volume.data).nrrd}
dimension: 3
space: left-posterior-superior
sizes: ${size.join(' ')}
space directions: ${axis(0)} ${axis(1)} ${axis(2)}
kinds: domain domain domain
endian: little
encoding: gzip
space origin: (${origin.join(',')})

`;
  return [header, gzip(voxelBytes(volume.data))];
}
