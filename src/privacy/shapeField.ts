/**
 * A shape as two smooth fields: one to move shapes onto each other by, one to compare them by.
 *
 *   signed   the distance to the bone's surface in mm (negative in bone, 0 midway between a bone voxel and its neighbour),
 *            clipped, then blurred by a Gaussian of one voxel: it leads home from 10 mm and 10 degrees away
 *   soft     the mask, blurred by the same Gaussian: 0 .. 1
 *
 * Dice counts voxels, so a copy that was turned and resampled, or peppered with noise, is hardly nearer to its original
 * than another person of the same size: thin plates land on other voxels. That noise lives on the scale of a voxel; what
 * tells two people apart does not. Blurring keeps the second and takes most of the first; it was the best of eleven
 * measures tried (docs/privacy.md has the figures).
 *
 * Fine grids are thinned by a whole factor to at most `FIELD_SIDE` voxels a side, so that cost and memory do not depend on
 * the grid. Both fields take a byte a voxel: steps of a 127th of the clip, and of a 255th.
 */
import { VolumeError } from '../errors.ts';
import { gaussianBlur } from '../mesh/smoothMask.ts';
import { squaredDistanceTransform } from '../volume/distanceTransform.ts';
import { type Grid, type Mask, type Vec3, voxelCount } from '../volume/volume.ts';

/** Most voxels a side of a field's grid. */
export const FIELD_SIDE = 72;
/** Longest side of the grid over the clip. */
const CLIP_SHARE = 12;
/** Standard deviation of the blur, voxels of the field. */
export const SIGMA = 1;

/** The isotropic grid of fields: all shapes of an audit share it. */
export interface FieldGrid extends Grid {
  /** Voxels of the mask's grid in one of the field's, a side. */
  factor: number;
  /** mm at which distances are cut. */
  clip: number;
}

export interface ShapeField {
  /** In steps of `clip / 127` mm, x fastest. */
  signed: Int8Array;
  /** In steps of 1 / 255. */
  soft: Uint8Array;
  /** Sum of `soft`. */
  total: number;
}

/** The grid of the fields of masks on `grid` (isotropic, as every dataset's is). */
export function fieldGrid(grid: Grid, side = FIELD_SIDE): FieldGrid {
  const factor = Math.max(1, Math.ceil(Math.max(...grid.size) / side));
  const size = grid.size.map((n) => Math.ceil(n / factor)) as unknown as Vec3;
  const spacing = grid.spacing.map((s) => s * factor) as unknown as Vec3;
  const clip = Math.max(...size.map((n, a) => n * spacing[a])) / CLIP_SHARE;
  return { ...grid, size, spacing, factor, clip };
}

/** The mask on the field's grid, 0 and 1: bone where at least half of the voxels below are. */
export function boneOf({ data, size }: Mask, { size: to, factor }: FieldGrid): Uint8Array {
  const bone = new Uint8Array(voxelCount(to));
  if (factor === 1) {
    for (let p = 0; p < bone.length; p++) bone[p] = data[p] > 0 ? 1 : 0;
    return bone;
  }
  const counts = new Uint16Array(bone.length);
  for (let k = 0, p = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      const row = to[0] * (Math.floor(j / factor) + to[1] * Math.floor(k / factor));
      for (let i = 0; i < size[0]; i++, p++) if (data[p] !== 0) counts[row + Math.floor(i / factor)]++;
    }
  for (let p = 0; p < bone.length; p++) bone[p] = 2 * counts[p] >= factor ** 3 ? 1 : 0;
  return bone;
}

/**
 * The fields of a mask that lies on the grid which `grid` was made of. Throws `VolumeError` where nothing is bone, or all is
 * (at the field's spacing): such a shape has no surface.
 */
export function shapeField(mask: Mask, grid: FieldGrid): ShapeField {
  const { size, spacing, clip } = grid;
  // Plain loops: `from` and `map` with a function take ten times as long on a million voxels.
  const bone = boneOf(mask, grid);
  const other = new Uint8Array(bone.length);
  let voxels = 0;
  for (let p = 0; p < bone.length; p++) {
    voxels += bone[p];
    other[p] = 1 - bone[p];
  }
  if (voxels === 0 || voxels === bone.length)
    throw new VolumeError({
      found: `a mask of ${mask.size.join('x')} voxels that is ${voxels === 0 ? 'empty' : 'full'} at ${spacing[0].toFixed(2)} mm`,
      expected: 'bone and background',
      todo: 'leave the case out, or take a finer grid',
    });
  const outside = squaredDistanceTransform(bone, size, spacing);
  const inside = squaredDistanceTransform(other, size, spacing);
  const half = spacing[0] / 2;
  const distance = new Float32Array(bone.length);
  for (let p = 0; p < distance.length; p++) {
    const d = bone[p] === 0 ? Math.sqrt(outside[p]) - half : half - Math.sqrt(inside[p]);
    distance[p] = Math.max(-clip, Math.min(clip, d));
  }
  const smooth = gaussianBlur({ ...grid, data: distance }, SIGMA).data;
  const blurred = gaussianBlur({ ...grid, data: bone }, SIGMA).data;
  const signed = new Int8Array(bone.length);
  const soft = new Uint8Array(bone.length);
  let total = 0;
  for (let p = 0; p < bone.length; p++) {
    signed[p] = Math.round((127 * smooth[p]) / clip);
    total += soft[p] = (255 * blurred[p] + 0.5) | 0;
  }
  return { signed, soft, total };
}

/** The shape mirrored left to right, in the middle plane of the grid's first axis. */
export function mirroredField({ signed, soft, total }: ShapeField, { size }: FieldGrid): ShapeField {
  return { signed: reversedRows(signed, size[0]), soft: reversedRows(soft, size[0]), total };
}

/** Every run of `nx` numbers in reverse. */
function reversedRows<T extends Int8Array | Uint8Array>(data: T, nx: number): T {
  const out = data.slice() as T;
  for (let row = 0; row < data.length; row += nx) out.subarray(row, row + nx).reverse();
  return out;
}
