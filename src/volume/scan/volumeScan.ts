/**
 * Scans that are one volume file: NIfTI, NRRD, MetaImage or VTK, on disk or in a zip. Such a file does not say what was
 * measured, so its kind is 'unknown' and its values are left as they are, as Int16 where they fit and Float32 elsewhere.
 * Messages of the readers name the file; here the file becomes the scan's label, because names of files carry patients.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CranioflowError, type Explanation } from '../../errors.ts';
import { checkGrid } from '../geometry.ts';
import { FORMAT_NAMES, type Format, formatOf, volumeExtension } from '../io/formats.ts';
import { readVolume } from '../io/read.ts';
import { readVtkFolder } from '../io/vti.ts';
import { type Volume, voxelCount } from '../volume.ts';
import { asScan } from './asScan.ts';
import type { Scan, ScanFacts } from './read.ts';
import { damaged, refusal } from './refuse.ts';
import type { ScanContent } from './source.ts';

/** Reads the volume of a source that is no DICOM. Throws `ScanError`. */
export async function readVolumeScan(label: string, content: ScanContent, maxVoxels: number): Promise<Scan> {
  const corrections: string[] = [];
  let format: Format = 'vti';
  let volume: Volume;
  if (content.kind === 'vtk') {
    const read = (name: string) => {
      const item = content.items.get(name);
      if (item === undefined) throw Object.assign(new Error('missing'), { code: 'ENOENT' });
      return item.range(0, item.size);
    };
    try {
      volume = readVtkFolder(read);
    } catch (error) {
      if (error instanceof CranioflowError) throw hush(error, label, []);
      throw damaged(label, 'a folder that cannot be read as VTK image data', error);
    }
    checkGrid(volume, label);
  } else if (content.kind === 'file') {
    format = formatOf(content.path);
    volume = await readAs(label, content.path);
  } else if (content.kind === 'packed') {
    const folder = mkdtempSync(join(tmpdir(), 'cranioflow-scan-'));
    try {
      // Names of entries are cut to their last part: nothing is written outside the folder.
      const paths = content.items.map((item) => {
        const path = join(folder, basename(item.name.split('\0').at(-1)!));
        writeFileSync(path, item.range(0, item.size));
        return path;
      });
      format = formatOf(paths[0]);
      volume = await readAs(label, paths[0]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } else throw damaged(label, 'no volume');
  const voxels = voxelCount(volume.size);
  if (voxels > maxVoxels)
    throw refusal(label, `${voxels} voxels`, `at most ${maxVoxels}`, 'export the head alone, or allow more');
  if (format === 'vti') corrections.push('the format names no patient axes: taken as LPS');
  const data = asScan(volume.data);
  if (data === undefined)
    throw refusal(label, 'values that are no finite numbers', 'a number in every voxel', 'export it again');
  const facts: ScanFacts = {
    format: FORMAT_NAMES[format],
    slices: volume.size[2],
    spacing: volume.spacing,
    corrections,
  };
  return { volume: { ...volume, data }, kind: 'unknown', facts };
}

async function readAs(label: string, path: string): Promise<Volume> {
  try {
    return await readVolume(path);
  } catch (error) {
    if (error instanceof CranioflowError) throw hush(error, label, [path, basename(path), stem(path)]);
    throw damaged(label, 'a file that cannot be read', error);
  }
}

function stem(path: string): string {
  const name = basename(path);
  return name.slice(0, name.length - (volumeExtension(name)?.length ?? 0));
}

/** The error again as one of the scan: names become the label, what the decoder or the header said is left away. */
function hush(error: CranioflowError, label: string, names: readonly string[]): CranioflowError {
  const clean = (text: string) => {
    let out = text.replace(/(cannot be decoded as \w+): .*/s, '$1').replace(/"[^"]*"/g, '(not shown)');
    for (const name of names) if (name !== '') out = out.split(name).join('the file');
    return out;
  };
  const { found, expected, todo }: Explanation = error.explanation;
  return refusal(label, clean(found).replace(/^the file:\s*/, ''), clean(expected), todo, error.cause);
}
