/** How large a volume may be: asked of its header, before its voxels take memory. */
import { VolumeError } from '../../errors.ts';

/** Most voxels of a volume, 512 x 512 x 2048; 1 GiB as 16-bit numbers. */
export const MAX_VOXELS = 2 ** 29;

/** Throws `VolumeError` when a volume of these sides has more voxels than that. */
export function checkBound(path: string, size: readonly number[]): void {
  if (size.reduce((product, n) => product * n, 1) <= MAX_VOXELS) return;
  throw new VolumeError({
    found: `${path} has ${size.join('x')} voxels`,
    expected: `at most ${MAX_VOXELS} (512x512x2048)`,
    todo: 'crop the volume to the head, or resample it to larger voxels',
  });
}
