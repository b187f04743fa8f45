/** A header that claims more than 2^29 voxels is refused before its voxels take memory; so is a file packed to more than it says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { FileError, VolumeError } from '../../../src/errors.ts';
import { readVolume, writeVolume } from '../../../src/volume/io/index.ts';
import { encodeNifti } from '../../../src/volume/io/nifti.ts';
import { centredGrid } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';

const small = { ...centredGrid([4, 4, 4], [1, 1, 1]), data: Int16Array.from({ length: 64 }, (_, p) => p) };

function nifti(...size: number[]): Buffer {
  const bytes = Buffer.from(encodeNifti(small, false));
  for (const [d, n] of size.entries()) bytes.writeInt16LE(n, 42 + 2 * d);
  return bytes;
}

const HUGE: Record<string, Uint8Array | string> = {
  'a.nii': nifti(1024, 1024, 513),
  'a.nii.gz': gzipSync(nifti(1024, 1024, 513)),
  'a.nrrd': 'NRRD0004\ntype: short\ndimension: 3\nsizes: 1024 1024 513\nspacings: 1 1 1\nencoding: gzip\n\n',
  'a.mha':
    'ObjectType = Image\nNDims = 3\nDimSize = 1024 1024 513\nElementType = MET_SHORT\nElementDataFile = LOCAL\n',
};

it.each(Object.entries(HUGE))('%s: 1024x1024x513 voxels are refused by the header', async (name, bytes) => {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  const error = await readVolume(path).catch((e) => e);
  expect(error).toBeInstanceOf(VolumeError);
  expect(error.message).toMatch(/1024x1024x513 voxels\n.*at most 536870912/);
});

it.each(['a.nii.gz', 'a.nrrd'])('%s that unpacks to far more than it says is refused', async (name) => {
  const path = join(temporaryFolder(), name);
  await writeVolume(path, small);
  const zeros = Buffer.alloc(1 << 24);
  const head =
    'NRRD0004\ntype: short\ndimension: 3\nsizes: 4 4 4\nspacings: 1 1 1\nencoding: gzip\nendian: little\n\n';
  const bytes = name.endsWith('.gz')
    ? gzipSync(Buffer.concat([nifti(), zeros]))
    : Buffer.concat([Buffer.from(head), gzipSync(zeros)]);
  writeFileSync(path, bytes);
  await expect(readVolume(path)).rejects.toThrow(FileError);
});
