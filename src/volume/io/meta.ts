/** MetaImage writer (.mha): a text header, then zlib-compressed voxels. MetaIO's space is LPS, so nothing is turned. */
import { deflateSync } from 'node:zlib';
import type { Volume } from '../volume.ts';
import { voxelBytes, voxelType } from './types.ts';

/** The bytes of a `.mha` file, in two parts: header and data. TransformMatrix lists the axes one after another. */
export function encodeMeta(volume: Volume): [string, Uint8Array] {
  const { size, spacing, origin, direction: d } = volume;
  const data = deflateSync(voxelBytes(volume.data));
  const axes = [0, 1, 2].flatMap((c) => [d[c], d[3 + c], d[6 + c]]);
  const header = `ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = True
CompressedDataSize = ${data.length}
TransformMatrix = ${axes.join(' ')}
Offset = ${origin.join(' ')}
CenterOfRotation = 0 0 0
ElementSpacing = ${spacing.join(' ')}
DimSize = ${size.join(' ')}
ElementType = ${voxelType(volume.data).meta}
ElementDataFile = LOCAL
`;
  return [header, data];
}
