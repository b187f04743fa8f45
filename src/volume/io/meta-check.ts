/** A MetaImage header is asked how many voxels it claims before they are decoded: the decoder takes memory for all. */

import { checkBound } from './bound.ts';
import { readStart } from './start.ts';

/** Headers are some hundred bytes of text. */
const HEADER_BYTES = 1 << 16;

/** Throws `VolumeError` above 2^29 voxels; what else is wrong, the decoder tells. */
export function checkMeta(path: string): void {
  const text = Buffer.from(readStart(path, HEADER_BYTES)).toString('latin1');
  const size = /^\s*DimSize\s*=\s*([\d\s]+?)\s*$/m.exec(text)?.[1];
  if (size !== undefined) checkBound(path, size.split(/\s+/).map(Number));
}
