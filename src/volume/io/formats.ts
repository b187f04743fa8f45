/** Which file names are volumes, and of which format. */
import { FileError } from '../../errors.ts';

export type Format = 'nrrd' | 'nifti' | 'meta' | 'vti';

/** What a format is called. */
export const FORMAT_NAMES = { nifti: 'NIfTI', nrrd: 'NRRD', meta: 'MetaImage', vti: 'VTK' } as const;

const FORMATS: Record<string, Format> = {
  '.nrrd': 'nrrd',
  '.nhdr': 'nrrd',
  '.nii': 'nifti',
  '.nii.gz': 'nifti',
  '.mha': 'meta',
  '.mhd': 'meta',
  '.vti': 'vti',
};

/** Extensions that `readVolume` reads; `.nhdr` and `.mhd` name a data file beside them, `.vti` may be a folder. */
export const extensions = Object.keys(FORMATS);

/** Extensions that `writeVolume` writes. */
export const writableExtensions = ['.nrrd', '.nii', '.nii.gz', '.mha'];

/** The extension of a volume's file name, in lower case; undefined when it is none of `extensions`. */
export function volumeExtension(path: string): string | undefined {
  const name = path.toLowerCase();
  return extensions.find((e) => name.endsWith(e));
}

/** The format of a file by its name. Throws `FileError` naming the extensions that are known. */
export function formatOf(path: string): Format {
  const extension = volumeExtension(path);
  if (extension === undefined)
    throw new FileError({
      found: `${path} has an extension that is not a volume's`,
      expected: `one of ${extensions.join(', ')}`,
      todo: path.toLowerCase().endsWith('.bits.gz')
        ? 'write the cases of the dataset as volumes: `cranioflow export --volume DATASET --format nrrd --out FOLDER`'
        : 'export the volume as NRRD or NIfTI, for example with 3D Slicer',
    });
  return FORMATS[extension];
}
