/**
 * `writeVolume`: a volume to a file in LPS mm (RAS inside NIfTI), compressed, whole or not at all. The encoders are our
 * own because they work in memory: a full disk is then noticed by one atomic write, and equal volumes give equal bytes.
 */
import { gzipSync } from 'node:zlib';
import { FileError } from '../../errors.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import { checkGrid } from '../geometry.ts';
import type { Volume } from '../volume.ts';
import { volumeExtension, writableExtensions } from './formats.ts';
import { encodeMeta } from './meta.ts';
import { encodeNifti } from './nifti.ts';
import { encodeNrrd } from './nrrd.ts';

/**
 * Writes `.nrrd`, `.nii`, `.nii.gz` or `.mha` by the name's extension. Throws `FileError` for another extension,
 * `VolumeError` for an unusable grid, `DiskError` when the disk refuses.
 */
export async function writeVolume(path: string, volume: Volume): Promise<void> {
  checkGrid(volume, path);
  const extension = volumeExtension(path);
  if (extension === '.nrrd') writeFileAtomic(path, ...encodeNrrd(volume, gzipSync));
  else if (extension === '.mha') writeFileAtomic(path, ...encodeMeta(volume));
  else if (extension === '.nii' || extension === '.nii.gz')
    writeFileAtomic(path, encodeNifti(volume, extension === '.nii.gz'));
  else
    throw new FileError({
      found: `${path} is to be written, but its extension is none that can be`,
      expected: `one of ${writableExtensions.join(', ')}`,
      todo: 'change the extension of the output',
    });
}
