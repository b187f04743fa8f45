/**
 * `readVolume`: a file of any known format becomes a volume in LPS mm. The decoder (ITK) turns NIfTI's RAS and NRRD's
 * stated spaces into LPS; what it lets pass in silence is checked here: NIfTI files that are cut short (nifti-check.ts),
 * NRRD files without a spacing (nrrd-check.ts), more than 2^29 voxels (bound.ts), several values a voxel, two or four dimensions, axes that are not perpendicular.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { FileError, VolumeError } from '../../errors.ts';
import { checkGrid } from '../geometry.ts';
import { type Mat3, type Vec3, type Volume, type VoxelArray, voxelCount } from '../volume.ts';
import { formatOf } from './formats.ts';
import { decode } from './itk.ts';
import { checkMeta } from './meta-check.ts';
import { readNifti } from './nifti-read.ts';
import { checkNrrd } from './nrrd-check.ts';
import { readVti } from './vti.ts';

/**
 * Reads a volume. Throws `FileError` when the file is missing, of an unknown format, cut short or damaged, `VolumeError`
 * when it is not a scalar 3D volume on perpendicular axes.
 */
export async function readVolume(path: string): Promise<Volume> {
  const format = formatOf(path);
  if (format === 'vti') return readVti(path);
  checkFile(path);
  if (format === 'nrrd') checkNrrd(path);
  if (format === 'meta') checkMeta(path);
  const image = format === 'nifti' ? await readNifti(path) : await decode(path, format);
  const { dimension, components } = image.imageType;
  // A fourth dimension of one is common and harmless.
  const extra = image.size.slice(3);
  if (dimension < 3 || extra.some((n: number) => n !== 1) || components !== 1)
    throw new VolumeError({
      found: `${path} has ${image.size.join('x')} voxels of ${components} value${components === 1 ? '' : 's'}`,
      expected: 'a three-dimensional volume with one number a voxel',
      todo: 'export one mask or one scan as a scalar volume (3D Slicer: a label map, not a segmentation)',
    });
  const direction = Array.from({ length: 9 }, (_, i) =>
    Number(image.direction[Math.floor(i / 3) * dimension + (i % 3)]),
  );
  const volume: Volume = {
    data: asVoxels(image.data),
    size: image.size.slice(0, 3) as unknown as Vec3,
    spacing: image.spacing.slice(0, 3) as unknown as Vec3,
    origin: image.origin.slice(0, 3) as unknown as Vec3,
    // ITK writes -0; so that equal directions compare equal, add 0.
    direction: direction.map((x) => x + 0) as unknown as Mat3,
  };
  checkGrid(volume, path);
  if (volume.data.length !== voxelCount(volume.size))
    throw new FileError({
      found: `${path} holds ${volume.data.length} voxels where its header says ${volume.size.join('x')}`,
      expected: 'as many voxels as the header says',
      todo: 'copy or export the file again',
    });
  return volume;
}

function checkFile(path: string): void {
  let found: string | undefined;
  let cause: unknown;
  try {
    const stat = statSync(path);
    accessSync(path, constants.R_OK);
    if (!stat.isFile()) found = `${path} is not a file`;
    else if (stat.size === 0) found = `${path} is an empty file`;
  } catch (error) {
    cause = error;
    found = `${path} cannot be opened (${(error as NodeJS.ErrnoException).code})`;
  }
  if (found !== undefined)
    throw new FileError(
      { found, expected: 'a readable volume file', todo: 'check the path and the copy' },
      { cause },
    );
}

/** 64-bit integers become doubles: masks and scans never need more than 53 bits. */
function asVoxels(data: unknown): VoxelArray {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    // A loop: `from` with a function would gather all values in a list first.
    const doubles = new Float64Array(data.length);
    for (let p = 0; p < doubles.length; p++) doubles[p] = Number(data[p]);
    return doubles;
  }
  if (data instanceof Uint8ClampedArray) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  return data as VoxelArray;
}
