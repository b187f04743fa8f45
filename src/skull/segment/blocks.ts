/**
 * Coarse views of a volume: blocks of whole voxels, about `target` mm a side. The head, the braincase and the foramen are
 * centimetres large, so their search runs on blocks in hundredths of the time; only the answer goes back to the voxels.
 */
import type { Grid, Vec3, VoxelArray } from '../../volume/volume.ts';

export interface Blocks {
  /** Voxels a block along each axis. */
  factor: Vec3;
  /** Blocks along each axis (the last may be cut). */
  size: Vec3;
  /** mm a block. */
  spacing: Vec3;
}

export function blocksOf({ size, spacing }: Pick<Grid, 'size' | 'spacing'>, target: number): Blocks {
  const factor = spacing.map((s) => Math.max(1, Math.round(target / s)));
  return {
    factor: factor as unknown as Vec3,
    size: size.map((n, a) => Math.ceil(n / factor[a])) as unknown as Vec3,
    spacing: spacing.map((s, a) => s * factor[a]) as unknown as Vec3,
  };
}

/** Sums of `value(data)` over the blocks' voxels, divided by the voxels each block holds. */
export function blockMeans(
  data: VoxelArray,
  size: Vec3,
  { factor, size: coarse }: Blocks,
  above?: number,
): Float32Array {
  const [nx, ny, nz] = size;
  const [fx, fy, fz] = factor;
  const out = new Float32Array(coarse[0] * coarse[1] * coarse[2]);
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = coarse[0] * (Math.floor(j / fy) + coarse[1] * Math.floor(k / fz));
      for (let b = 0, i = 0; b < coarse[0]; b++) {
        const end = Math.min(nx, i + fx);
        let sum = 0;
        if (above === undefined) for (; i < end; i++, p++) sum += data[p];
        else for (; i < end; i++, p++) sum += data[p] > above ? 1 : 0;
        out[row + b] += sum;
      }
    }
  for (let c = 0, b = 0; c < coarse[2]; c++)
    for (let y = 0; y < coarse[1]; y++)
      for (let x = 0; x < coarse[0]; x++, b++)
        out[b] /= Math.min(fx, nx - x * fx) * Math.min(fy, ny - y * fy) * Math.min(fz, nz - c * fz);
  return out;
}

/** Clears voxels of `mask` (on `size`) whose block is 0 in `blocks`. */
export function clearOutside(
  mask: Uint8Array,
  size: Vec3,
  { factor, size: coarse }: Blocks,
  inside: Uint8Array,
) {
  const [nx, ny, nz] = size;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = coarse[0] * (Math.floor(j / factor[1]) + coarse[1] * Math.floor(k / factor[2]));
      for (let b = 0, i = 0; b < coarse[0]; b++) {
        const end = Math.min(nx, i + factor[0]);
        if (inside[row + b] === 0) mask.fill(0, p, p + end - i);
        p += end - i;
        i = end;
      }
    }
}
