/**
 * Points on the surface of a mask: centres of its surface voxels, in LPS mm, a seeded draw of at most `count` of them
 * without replacement. The draw depends on the mask alone, so equal masks give equal points and distance 0.
 */
import { RandomStream } from '../random/stream.ts';
import { type Mask, voxelToWorld } from '../volume/volume.ts';
import { surfaceVoxels } from './surfaceDistance.ts';

/** x, y, z of each point in turn; fewer than `count` where the surface has fewer voxels, none for an empty mask. */
export function surfaceSample(mask: Mask, count = 2048): Float32Array {
  const voxels = surfaceVoxels(mask.data, mask.size);
  const order = new RandomStream(0, 'evaluation/surface-points').permutation(voxels.length);
  const [nx, ny] = mask.size;
  const out = new Float32Array(3 * Math.min(count, voxels.length));
  for (let i = 0; i < out.length; i += 3) {
    const at = voxels[order[i / 3]];
    out.set(voxelToWorld(mask, at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))), i);
  }
  return out;
}
