/**
 * A binary mask becomes a smooth field whose 0.5 level is a surface without voxel stairs. A Gaussian alone would eat thin
 * bone: a rod one voxel wide blurred by sigma 0.9 peaks at 0.18, below 0.5, and a zygomatic arch would vanish. So where the
 * blur has put a voxel on the wrong side of 0.5, its value is mirrored back: 0.18 becomes 0.82. The surface then parts
 * exactly the voxels that the mask parts; the blur only decides where between two centres it runs.
 *
 * Tried and left: holding bone at a fixed value instead of mirroring, with background at one less it. At 0.8 the volume is
 * kept to 3 % but the stairs stay; at 0.62 a skull of 3.8 mm voxels loses a tenth of its volume. With mirroring, a sigma of
 * 1.2 or more brings the stairs back, since more voxels need mirroring.
 */
import { VolumeError } from '../errors.ts';
import { type Mask, type Volume, type VoxelArray, voxelCount } from '../volume/volume.ts';

export interface SmoothOptions {
  /** Standard deviation of the Gaussian in voxels; 0 leaves the mask as it is. */
  sigma: number;
  /** Least distance of a voxel's value from 0.5. */
  margin: number;
}

export const SMOOTH_DEFAULTS: SmoothOptions = { sigma: 0.9, margin: 0.04 };

/** Normalised samples of a Gaussian of `sigma` voxels, out to three sigma on both sides. */
export function gaussianKernel(sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((w) => w / sum);
}

/** Blurs along one axis of stride `stride` and length `n`; beyond the border the field repeats its last value. */
function blurAxis(
  from: Float32Array,
  to: Float32Array,
  stride: number,
  n: number,
  kernel: Float32Array,
): void {
  const radius = (kernel.length - 1) / 2;
  const lines = from.length / n;
  const line = new Float32Array(n + 2 * radius);
  for (let l = 0; l < lines; l++) {
    const start = Math.floor(l / stride) * stride * n + (l % stride);
    let any = 0;
    for (let i = 0, q = start; i < n; i++, q += stride) any += Math.abs((line[radius + i] = from[q]));
    if (any === 0) {
      for (let i = 0, q = start; i < n; i++, q += stride) to[q] = 0;
      continue;
    }
    line.fill(line[radius], 0, radius);
    line.fill(line[radius + n - 1], radius + n);
    for (let i = 0, q = start; i < n; i++, q += stride) {
      let sum = 0;
      for (let w = 0; w < kernel.length; w++) sum += kernel[w] * line[i + w];
      to[q] = sum;
    }
  }
}

/** `G_sigma * field`, separable, border values repeated; `sigma` in voxels. */
export function gaussianBlur(field: Volume<VoxelArray>, sigma: number): Volume<Float32Array> {
  const data = Float32Array.from(field.data);
  if (sigma > 0) {
    const kernel = gaussianKernel(sigma);
    const [nx, ny, nz] = field.size;
    const spare = new Float32Array(data.length);
    blurAxis(data, spare, 1, nx, kernel);
    blurAxis(spare, data, nx, ny, kernel);
    blurAxis(data, spare, nx * ny, nz, kernel);
    return { ...field, data: spare };
  }
  return { ...field, data };
}

/**
 * `b = G * m - 0.5; bone: 0.5 + (b >= margin ? b : max(margin, -b)); background: the same with signs turned`. Voxels above 0
 * are bone. Throws `VolumeError` when the data does not fill the grid.
 */
export function smoothMask(mask: Mask, options: Partial<SmoothOptions> = {}): Volume<Float32Array> {
  const { sigma, margin } = { ...SMOOTH_DEFAULTS, ...options };
  if (mask.data.length !== voxelCount(mask.size))
    throw new VolumeError({
      found: `a mask of ${mask.data.length} voxels on a grid of ${mask.size.join('x')}`,
      expected: `${voxelCount(mask.size)} voxels`,
      todo: 'check that the volume was read whole',
    });
  const binary = { ...mask, data: mask.data.map((v) => (v > 0 ? 1 : 0)) };
  const field = gaussianBlur(binary, sigma);
  const bone = binary.data;
  const value = field.data;
  for (let v = 0; v < value.length; v++) {
    const over = value[v] - 0.5;
    if (bone[v] ? over < margin : over > -margin)
      value[v] = bone[v] ? 0.5 + Math.max(margin, -over) : 0.5 - Math.max(margin, over);
  }
  return field;
}
