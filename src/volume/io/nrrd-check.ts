/**
 * An NRRD header is looked through before it is decoded, because the decoder takes a missing spacing for 1 mm and cuts
 * sizes down to whole numbers in silence. Fields are those of teem.sourceforge.net/nrrd/format.html.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { FileError, VolumeError } from '../../errors.ts';

/** Headers are a few hundred bytes; key/value pairs of some programs make them longer. */
const HEADER_BYTES = 1 << 18;

/** Throws `FileError` for sizes that are no whole numbers, `VolumeError` when no spacing is given. */
export function checkNrrd(path: string): void {
  const fields = readFields(path);
  // Another format under this name: the decoder tells.
  if (fields === undefined) return;
  const sizes = fields.get('sizes') ?? '';
  if (!/^[1-9]\d*(\s+[1-9]\d*)*$/.test(sizes))
    throw new FileError({
      found: `${path} has the sizes "${sizes}"`,
      expected: 'whole numbers from 1 on',
      todo: 'copy or export the file again',
    });
  if (!fields.has('space directions') && !fields.has('spacings'))
    throw new VolumeError({
      found: `${path} does not say how far apart its voxels are`,
      expected: 'a header with "space directions" (or "spacings")',
      todo: 'export the file again from a program that writes them, such as 3D Slicer',
    });
}

/** The `name: value` lines of the header; undefined when the file does not begin as NRRD. */
function readFields(path: string): Map<string, string> | undefined {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    const text = bytes.subarray(0, readSync(file, bytes)).toString('latin1');
    if (!text.startsWith('NRRD')) return undefined;
    const fields = new Map<string, string>();
    for (const line of text.split(/\r?\n/)) {
      if (line === '') break;
      const [, name, value] = /^([^:#]+): (.*)$/.exec(line) ?? [];
      if (name !== undefined) fields.set(name.trim().toLowerCase(), value.trim());
    }
    return fields;
  } finally {
    closeSync(file);
  }
}
