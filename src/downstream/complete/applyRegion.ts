/** Where a user says that the defect is: a box in the patient's LPS mm, or a mask drawn in any program. */
import { UsageError, VolumeError } from '../../errors.ts';
import { boneMask } from '../../skull/bone-mask.ts';
import { worldToVoxel } from '../../volume/geometry.ts';
import { readVolume } from '../../volume/io/index.ts';
import type { Region } from './applyImplant.ts';

/**
 * Reads `x0,x1,y0,y1,z0,z1` (mm, LPS) or the path of a mask file. Throws `UsageError` for other numbers, what the reader
 * throws for a file, `VolumeError` for a mask of nothing.
 */
export async function readRegion(text: string): Promise<Region> {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.every((n) => !Number.isNaN(n))) {
    const [x0, x1, y0, y1, z0, z1] = numbers;
    if (numbers.length !== 6 || !numbers.every(Number.isFinite) || x0 > x1 || y0 > y1 || z0 > z1)
      throw new UsageError({
        found: `--region ${text}`,
        expected:
          'six numbers x0,x1,y0,y1,z0,z1 in mm (LPS), each first one not above the second, or a mask file',
        todo: 'read the corners of a box around the defect off a viewer (3D Slicer shows RAS: turn the signs of x and y)',
      });
    return ([x, y, z]) => x >= x0 && x <= x1 && y >= y0 && y <= y1 && z >= z0 && z <= z1;
  }
  const mask = boneMask(await readVolume(text), text, {});
  const { data, size } = mask;
  if (!data.includes(1))
    throw new VolumeError({
      found: `${text} marks no voxel`,
      expected: 'a mask of the region of the defect',
      todo: 'draw the region, or give a box',
    });
  return (point) => {
    const [i, j, k] = worldToVoxel(mask, point).map(Math.round);
    const there = i >= 0 && j >= 0 && k >= 0 && i < size[0] && j < size[1] && k < size[2];
    return there && data[i + size[0] * (j + size[1] * k)] !== 0;
  };
}
