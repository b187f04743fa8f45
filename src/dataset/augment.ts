/**
 * Augmentation: each mask of a batch is turned, scaled and shifted a little about the centre of its grid, by numbers
 * from its own random stream. The mask is resampled as 0 and 1 by linear interpolation and cut at 0.5, as on ingest; what
 * leaves the grid is cut off, so keep the amounts within the grid's margin. Left-right mirroring is off by default: a
 * mirrored patient is a plausible one, but asymmetry then carries no side.
 */
import type { RandomStream } from '../random/stream.ts';
import { multiply3, rotationAbout } from '../volume/geometry.ts';
import { resampleByMap } from '../volume/resample.ts';
import { type Vec3, voxelCount } from '../volume/volume.ts';
import { unpackBits } from './pack.ts';

export interface AugmentOptions {
  /** Largest shift along each axis, voxels. */
  shift: number;
  /** Largest rotation about each axis, degrees. */
  rotation: number;
  /** Scale in [1 - scale, 1 + scale], isotropic. */
  scale: number;
  /** Mirror left-right (x) with probability 1/2. */
  flip: boolean;
}

export const AUGMENT_DEFAULTS: AugmentOptions = { shift: 1, rotation: 3, scale: 0.03, flip: false };

/**
 * The map from target to source voxel index of one augmentation: `s = A (t - c - shift) + c` with c the grid's centre and
 * A = mirror . rotation^T / scale. Draws eight numbers from `stream`, whatever the options.
 */
export function augmentMap(size: Vec3, stream: RandomStream, options: AugmentOptions): Float64Array {
  const draw = () => stream.between(-1, 1);
  const angles = [draw(), draw(), draw()].map((u) => (u * options.rotation * Math.PI) / 180);
  const scale = 1 + options.scale * draw();
  const shift = [draw(), draw(), draw()].map((u) => u * options.shift);
  const mirror = stream.uniform() < 0.5 && options.flip ? -1 : 1;
  const rotation = multiply3(
    multiply3(rotationAbout(0, angles[0]), rotationAbout(1, angles[1])),
    rotationAbout(2, angles[2]),
  );
  const map = new Float64Array(12);
  for (let r = 0; r < 3; r++) {
    const centre = (size[r] - 1) / 2;
    let offset = centre;
    for (let c = 0; c < 3; c++) {
      const a = ((r === 0 ? mirror : 1) * rotation[3 * r + c]) / scale;
      map[4 * r + c] = a;
      offset -= a * ((size[c] - 1) / 2 + shift[c]);
    }
    map[4 * r + 3] = offset;
  }
  return map;
}

/** Writes the augmented mask as -1 and 1 to `out[at ..]`. */
export function augmentInto(
  bits: Uint8Array,
  size: Vec3,
  stream: RandomStream,
  options: AugmentOptions,
  out: Float32Array,
  at: number,
): void {
  const n = voxelCount(size);
  const map = augmentMap(size, stream, options);
  const soft = resampleByMap(unpackBits(bits, n), size, map, size, { antialias: false });
  for (let i = 0; i < n; i++) out[at + i] = soft[i] >= 0.5 - 1e-6 ? 1 : -1;
}
