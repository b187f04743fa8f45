/**
 * An NRRD header is looked through before it is decoded, because the decoder takes a missing spacing for 1 mm, cuts
 * sizes down to whole numbers, and takes spaces other than LPS and RAS for LPS or turns them the wrong way, in silence. Fields are those of teem.sourceforge.net/nrrd/format.html.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { FileError, VolumeError } from '../../errors.ts';
import { checkBound } from './bound.ts';
import { readStart } from './start.ts';

/** Headers are a few hundred bytes; key/value pairs of some programs make them longer. */
const HEADER_BYTES = 1 << 18;

/** The spaces that the decoder brings into LPS; a file that names none is taken for LPS. */
const SPACES = /^(left-posterior-superior|right-anterior-superior|lps|ras)(-time|t)?$/i;

/**
 * Throws `FileError` for sizes that are no whole numbers and for packed voxels whose checksum fails, `VolumeError` when no
 * spacing is given or a space other than LPS and RAS, and above 2^29 voxels.
 */
export function checkNrrd(path: string): void {
  const header = readFields(path);
  // Another format under this name: the decoder tells.
  if (header === undefined) return;
  const { fields, end } = header;
  const sizes = fields.get('sizes') ?? '';
  if (!/^[1-9]\d*(\s+[1-9]\d*)*$/.test(sizes))
    throw new FileError({
      found: `${path} has the sizes "${sizes}"`,
      expected: 'whole numbers from 1 on',
      todo: 'copy or export the file again',
    });
  const sides = sizes.split(/\s+/).map(Number);
  checkBound(path, sides);
  if (!fields.has('space directions') && !fields.has('spacings'))
    throw new VolumeError({
      found: `${path} does not say how far apart its voxels are`,
      expected: 'a header with "space directions" (or "spacings")',
      todo: 'export the file again from a program that writes them, such as 3D Slicer',
    });
  const space = fields.get('space');
  if (space !== undefined && !SPACES.test(space))
    throw new VolumeError({
      found: `${path} lies in the space "${space.slice(0, 40)}"`,
      expected: 'left-posterior-superior or right-anterior-superior',
      todo: 'load and save the volume in 3D Slicer, and look at left and right there',
    });
  const attached = !fields.has('data file') && !fields.has('datafile');
  if (attached && /^(gzip|gz)$/i.test(fields.get('encoding') ?? '')) checkPacked(path, end, sides);
}

/** The decoder goes on where a checksum fails, with voxels that are not those of the file. */
function checkPacked(path: string, start: number, sides: readonly number[]): void {
  try {
    // At most eight bytes a voxel: a file that unpacks to more lies about its size.
    const most = 8 * sides.reduce((product, n) => product * n, 1);
    gunzipSync(readFileSync(path).subarray(start), { maxOutputLength: most + 1024 });
  } catch (cause) {
    throw new FileError(
      {
        found: `${path} holds packed voxels that are damaged or cut short`,
        expected: 'a gzip stream that unpacks to its end with the checksum it carries',
        todo: 'copy or export the file again',
      },
      { cause },
    );
  }
}

/** The `name: value` lines of the header and where it ends; undefined when the file does not begin as NRRD. */
function readFields(path: string): { fields: Map<string, string>; end: number } | undefined {
  const text = Buffer.from(readStart(path, HEADER_BYTES)).toString('latin1');
  if (!text.startsWith('NRRD')) return undefined;
  const fields = new Map<string, string>();
  const gap = /\r?\n\r?\n/.exec(text);
  const end = gap === null ? text.length : gap.index + gap[0].length;
  for (const line of text.slice(0, gap?.index).split(/\r?\n/)) {
    const [, name, value] = /^([^:#]+): (.*)$/.exec(line) ?? [];
    if (name !== undefined) fields.set(name.trim().toLowerCase(), value.trim());
  }
  return { fields, end };
}
