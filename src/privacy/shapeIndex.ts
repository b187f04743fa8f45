/**
 * The training shapes, ready to be searched: for each its fields, its pose on the mean shape and two rows of numbers to be
 * found by. All of it lies in shared memory, so that threads search one copy.
 *
 *   posed   the signed field on a coarse lattice, after the shape was laid on the mean shape: copies that were moved come
 *           to lie in one pose again, at the cost of one registration a shape, not one a pair
 *   still   the same where the shape lies: a plain copy is found even where the registration is of no use
 *
 * At 64^3 a shape takes 0.6 MB and about 60 ms.
 */
import { packBits, packedLength, unpackBits } from '../dataset/pack.ts';
import type { Mask } from '../volume/volume.ts';
import { voxelCount } from '../volume/volume.ts';
import { poseMap } from './alignedDistance.ts';
import { FieldSampler } from './fieldSampler.ts';
import { invertPose, nearPoints, type Pose, registerPose, STAY } from './pose.ts';
import { boneOf, type FieldGrid, fieldGrid, type ShapeField, shapeField } from './shapeField.ts';

/** Points a side of the coarse lattice. */
const LATTICE = 16;
/** Voxels near the surface that a registration looks at. */
export const REGISTER_POINTS = 1200;

/** Everything a search needs, as plain data: it crosses to threads without a copy. */
export interface ShapeIndex {
  readonly grid: FieldGrid;
  /** Whose case each is. */
  readonly subjects: readonly string[];
  /** [cases, voxels], see shapeField.ts. */
  readonly signed: Int8Array;
  readonly soft: Uint8Array;
  readonly totals: Float64Array;
  /** [cases, bytes]: the masks on the field's grid, packed. */
  readonly bits: Uint8Array;
  /** The mean signed field. */
  readonly mean: Float32Array;
  /** x, y, z of the lattice's points, voxels. */
  readonly lattice: Float32Array;
  /** [cases, lattice points] */
  readonly posed: Float32Array;
  readonly still: Float32Array;
  /** From each case to the mean shape. */
  readonly poses: readonly Pose[];
}

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

/** About `LATTICE` points along the longest axis, spread evenly over the grid: x, y, z in turn, voxels. */
function latticePoints({ size }: FieldGrid): Float32Array {
  const step = Math.max(1, Math.max(...size) / LATTICE);
  const axes = size.map((n) => {
    const count = Math.max(1, Math.floor(n / step));
    return Array.from({ length: count }, (_, i) => ((i + 0.5) * n) / count - 0.5);
  });
  return Float32Array.from(axes[2].flatMap((z) => axes[1].flatMap((y) => axes[0].flatMap((x) => [x, y, z]))));
}

/** The signed field of a shape on the lattice, once `pose` has moved the shape. */
export function latticeRow(
  { grid, lattice }: Pick<ShapeIndex, 'grid' | 'lattice'>,
  signed: Int8Array,
  pose: Pose,
): Float32Array {
  const m = poseMap(invertPose(pose), grid);
  const sampler = new FieldSampler(grid, signed);
  const row = new Float32Array(lattice.length / 3);
  for (let i = 0, q = 0; i < row.length; i++, q += 3) {
    const [x, y, z] = [lattice[q], lattice[q + 1], lattice[q + 2]];
    row[i] = sampler.value(
      m[0] * x + m[1] * y + m[2] * z + m[3],
      m[4] * x + m[5] * y + m[6] * z + m[7],
      m[8] * x + m[9] * y + m[10] * z + m[11],
    );
  }
  return row;
}

/** The fields of a training shape, without a copy. */
export function indexedField({ grid, signed, soft, totals }: ShapeIndex, i: number): ShapeField {
  const n = voxelCount(grid.size);
  return {
    signed: signed.subarray(i * n, (i + 1) * n),
    soft: soft.subarray(i * n, (i + 1) * n),
    total: totals[i],
  };
}

/** The mask of a training shape on the field's grid. */
export function indexedBone({ grid, bits }: ShapeIndex, i: number): Uint8Array {
  const n = voxelCount(grid.size);
  const bytes = packedLength(n);
  return unpackBits(bits.subarray(i * bytes, (i + 1) * bytes), n);
}

/**
 * An index of `count` masks on one grid, given one by one by `maskAt`; cases of one subject share a name. `onShape` is awaited
 * after each, so that the work is heard of and can be stopped. Throws `VolumeError` for a mask without surface.
 */
export async function buildShapeIndex(
  count: number,
  maskAt: (i: number) => Mask,
  subjects: readonly string[],
  onShape: () => void | Promise<void> = () => {},
): Promise<ShapeIndex> {
  const grid = fieldGrid(maskAt(0));
  const voxels = voxelCount(grid.size);
  const bytes = packedLength(voxels);
  const lattice = latticePoints(grid);
  const dim = lattice.length / 3;
  const poses: Pose[] = [];
  const index: ShapeIndex = {
    grid,
    subjects,
    signed: new Int8Array(shared(count * voxels)),
    soft: new Uint8Array(shared(count * voxels)),
    totals: new Float64Array(shared(8 * count)),
    bits: new Uint8Array(shared(count * bytes)),
    mean: new Float32Array(shared(4 * voxels)),
    lattice,
    posed: new Float32Array(shared(4 * count * dim)),
    still: new Float32Array(shared(4 * count * dim)),
    poses,
  };
  for (let i = 0; i < count; i++) {
    const mask = maskAt(i);
    const field = shapeField(mask, grid);
    index.signed.set(field.signed, i * voxels);
    index.soft.set(field.soft, i * voxels);
    index.totals[i] = field.total;
    index.bits.set(packBits(boneOf(mask, grid)), i * bytes);
    for (let p = 0; p < voxels; p++) index.mean[p] += field.signed[p] / count;
  }
  for (let i = 0; i < count; i++) {
    const field = indexedField(index, i);
    poses.push(registerPose(nearPoints(field, grid, REGISTER_POINTS), grid, index.mean, STAY).pose);
    index.posed.set(latticeRow(index, field.signed, poses[i]), i * dim);
    index.still.set(latticeRow(index, field.signed, STAY), i * dim);
    await onShape();
  }
  return index;
}
