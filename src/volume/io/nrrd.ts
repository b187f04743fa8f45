/** NRRD writer: a text header, then gzipped voxels (teem.sourceforge.net/nrrd/format.html). */
import { gzipSync } from 'node:zlib';
import type { Volume } from '../volume.ts';
import { voxelBytes, voxelType } from './types.ts';

/** The bytes of a `.nrrd` file, in two parts: header and data. */
export function encodeNrrd(volume: Volume): [string, Uint8Array] {
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
  return [header, gzipSync(voxelBytes(volume.data))];
}
