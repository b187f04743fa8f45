/** Voxel types by the names that the three formats give them. Typed arrays are written as they lie: little-endian. */
import type { VoxelArray } from '../volume.ts';

export interface VoxelType {
  nrrd: string;
  /** NIfTI-1 datatype code. */
  nifti: number;
  meta: string;
}

const TYPES: Record<string, VoxelType> = {
  Uint8Array: { nrrd: 'uint8', nifti: 2, meta: 'MET_UCHAR' },
  Int8Array: { nrrd: 'int8', nifti: 256, meta: 'MET_CHAR' },
  Uint16Array: { nrrd: 'uint16', nifti: 512, meta: 'MET_USHORT' },
  Int16Array: { nrrd: 'int16', nifti: 4, meta: 'MET_SHORT' },
  Uint32Array: { nrrd: 'uint32', nifti: 768, meta: 'MET_UINT' },
  Int32Array: { nrrd: 'int32', nifti: 8, meta: 'MET_INT' },
  Float32Array: { nrrd: 'float', nifti: 16, meta: 'MET_FLOAT' },
  Float64Array: { nrrd: 'double', nifti: 64, meta: 'MET_DOUBLE' },
};

export function voxelType(data: VoxelArray): VoxelType {
  return TYPES[data.constructor.name];
}

/** The bytes of the voxels, without copying; honours views into larger buffers. */
export function voxelBytes(data: VoxelArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
