/**
 * Plain NIfTI voxels are taken from the file as they lie: numbers of one of eight types, little-endian, stored as they are.
 * They need no decoding, only unzipping, and stay where they were unzipped to. What the affine or the quaternion of the
 * header means is left to the one decoder that knows it (ITK), which is given the header alone, with 2 voxels a side.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VolumeError } from '../../errors.ts';
import { asDiskError } from '../../files/atomic.ts';
import type { VoxelArray } from '../volume.ts';
import { decode, type ItkImage } from './itk.ts';
import { type NiftiHeader, readNiftiContent, readNiftiHeader } from './nifti-check.ts';
import { asNifti1 } from './nifti-two.ts';

type Kind = new (buffer: ArrayBuffer, offset: number, length: number) => VoxelArray;

/** By NIfTI's codes. */
const KINDS: Record<number, Kind & { BYTES_PER_ELEMENT: number }> = {
  2: Uint8Array,
  4: Int16Array,
  8: Int32Array,
  16: Float32Array,
  64: Float64Array,
  256: Int8Array,
  512: Uint16Array,
  768: Uint32Array,
};

/**
 * Reads a NIfTI file, NIfTI-1 or NIfTI-2. Throws `FileError` for a cut or damaged one, `VolumeError` for a sheared affine,
 * more than 2^29 voxels, or ones that are not finite where the decoder would hide them.
 */
export async function readNifti(path: string): Promise<Pick<ItkImage, keyof ItkImage>> {
  const header = readNiftiHeader(path);
  const content = readNiftiContent(path, header);
  const data = plainVoxels(header, content);
  if (data === undefined) {
    checkFinite(path, header, content);
    if (header.two) {
      const { head, little, size, start, end } = header;
      const small = asNifti1(path, head, little, size);
      return decodeBytes(path, Buffer.concat([small, content.subarray(start, end)]));
    }
    // Unzipped: beside an a.nii the decoder would read that in place of a.nii.gz.
    return header.gzip ? decodeBytes(path, content) : decode(path, 'nifti');
  }
  const image = await decodeGeometry(path, header);
  return { ...image, data, size: header.size };
}

/** What the decoder makes 0 in silence. Throws `VolumeError` for voxels that are NaN or infinite. */
function checkFinite(path: string, { datatype, little, start, end }: NiftiHeader, content: Uint8Array): void {
  const bytes = datatype === 16 ? 4 : datatype === 64 ? 8 : 0;
  if (bytes === 0) return;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let wrong = 0;
  for (let at = start; at + bytes <= end; at += bytes) {
    const v = bytes === 4 ? view.getFloat32(at, little) : view.getFloat64(at, little);
    if (!Number.isFinite(v)) wrong++;
  }
  if (wrong > 0)
    throw new VolumeError({
      found: `${path} holds ${wrong} voxels that are NaN or infinite`,
      expected: 'finite numbers only',
      todo: 'mend the file: replace NaN with the value of the background, -1024 in a CT',
    });
}

/** The voxels, without copying where they lie on a multiple of their size; undefined where they must be decoded. */
function plainVoxels(header: NiftiHeader, content: Uint8Array): VoxelArray | undefined {
  const { size, little, slope, intercept, start, end } = header;
  const Kind = KINDS[header.datatype];
  // NiBabel writes NaN for no scaling.
  const asStored =
    slope === 0 ||
    !Number.isFinite(slope) ||
    (slope === 1 && (intercept === 0 || !Number.isFinite(intercept)));
  if (!(Kind && little && asStored && Number.isInteger(start) && size.length === 3)) return undefined;
  const count = size[0] * size[1] * size[2];
  if (end - start !== count * Kind.BYTES_PER_ELEMENT) return undefined;
  const offset = content.byteOffset + start;
  if (offset % Kind.BYTES_PER_ELEMENT === 0) return new Kind(content.buffer as ArrayBuffer, offset, count);
  return new Kind(content.slice(start, end).buffer as ArrayBuffer, 0, count);
}

/** What ITK makes of the header: spacing, origin, direction. */
function decodeGeometry(path: string, { head, two, little, size, datatype }: NiftiHeader): Promise<ItkImage> {
  const small = new Uint8Array(352 + 8 * KINDS[datatype].BYTES_PER_ELEMENT);
  small.set(two ? asNifti1(path, head, little, size) : head.subarray(0, 348));
  const view = new DataView(small.buffer);
  for (let d = 1; d <= 3; d++) view.setInt16(40 + 2 * d, 2, true);
  view.setFloat32(108, 352, true);
  return decodeBytes(path, small);
}

/** What ITK makes of the bytes of a `.nii` file, called `path` in messages. */
async function decodeBytes(path: string, bytes: Uint8Array): Promise<ItkImage> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'cranioflow-nifti-'));
    const file = join(folder, 'a.nii');
    writeFileSync(file, bytes);
    return await decode(file, 'nifti', path);
  } catch (error) {
    throw asDiskError(error, tmpdir());
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
