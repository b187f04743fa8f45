/**
 * The door to itk-wasm's DICOM decoder (GDCM with libjpeg, CharLS and OpenJPEG), for pixels that are compressed inside a
 * DICOM file. It takes absolute paths of files on disk and gives the stored values; the order is that of the paths.
 * Measured on what it decodes: see test/volume/scan/compressed.test.ts.
 */
import { readImageDicomFileSeriesNode } from '@itk-wasm/dicom';
import type { VoxelArray } from '../volume.ts';
import { quietly } from './itk.ts';

/**
 * The stored values of single-frame DICOM files of one size, one after another. Throws an `Error` with the decoder's
 * words when it fails.
 */
export function decodeDicomFiles(paths: readonly string[]): Promise<VoxelArray> {
  return quietly(async () => {
    const { outputImage } = await readImageDicomFileSeriesNode({
      inputImages: [...paths],
      singleSortedSeries: true,
    });
    if (!outputImage?.data || outputImage.imageType.components !== 1)
      throw new Error('the decoder does not recognise the files');
    return outputImage.data as VoxelArray;
  });
}
