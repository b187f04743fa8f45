/**
 * Hiding parts of a mask: boxes emptied of bone (cutout; DeVries & Taylor 2017), so that a network has to know a shape by
 * all of it. Each side of a box is uniform between half of `share` and `share` of the grid's, its place uniform over all
 * that keep it inside.
 */
import type { RandomStream } from '../random/stream.ts';
import { type Vec3, voxelCount } from '../volume/volume.ts';

export interface HideOptions {
  boxes: number;
  /** Longest side of a box as a share of the grid's. */
  share: number;
}

/** Sets the voxels of `boxes` boxes to -1 in the mask of +-1 at `data[at ..]`; draws six numbers a box. */
export function hideBoxes(
  data: Float32Array,
  at: number,
  size: Vec3,
  stream: RandomStream,
  { boxes, share }: HideOptions,
): void {
  if (data.length < at + voxelCount(size)) throw new RangeError(`hideBoxes: no mask of ${size} at ${at}`);
  for (let n = 0; n < boxes; n++) {
    const spans = size.map((side) => {
      const width = Math.round(side * stream.between(share / 2, share));
      const start = Math.floor(stream.uniform() * (side - width + 1));
      return [start, start + width];
    });
    const [[x0, x1], [y0, y1], [z0, z1]] = spans;
    for (let z = z0; z < z1; z++)
      for (let y = y0; y < y1; y++) {
        const row = at + size[0] * (y + size[1] * z);
        data.fill(-1, row + x0, row + x1);
      }
  }
}
