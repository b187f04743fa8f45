/**
 * The distance between a shape and a training mask that was moved, resampled and cut at 0.5 as a copy would have been:
 * 1 - Dice of the two after blurring, so that what resampling did to a copy is done to its original too.
 *
 * One `Renderer` a pair: poses are tried by the dozen, so the work is kept to the box that holds both shapes.
 */
import { gaussianBlur } from '../mesh/smoothMask.ts';
import { cut, resampleByMap } from '../volume/resample.ts';
import type { Vec3 } from '../volume/volume.ts';
import { poseMap } from './alignedDistance.ts';
import { invertPose, type Pose } from './pose.ts';
import { type FieldGrid, type ShapeField, SIGMA } from './shapeField.ts';

/** Voxels around a box of bone: as far as the blur reaches, and one for interpolation. */
const MARGIN = Math.ceil(3 * SIGMA) + 1;

interface Box {
  low: number[];
  high: number[];
}

/** First and last voxel along each axis that is not 0. */
function boxOf(data: Uint8Array, [nx, ny, nz]: Vec3): Box {
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) {
        if (data[p] === 0) continue;
        if (i < low[0]) low[0] = i;
        if (i > high[0]) high[0] = i;
        if (j < low[1]) low[1] = j;
        if (j > high[1]) high[1] = j;
        if (k < low[2]) low[2] = k;
        if (k > high[2]) high[2] = k;
      }
  return { low, high };
}

export class Renderer {
  readonly #shape: ShapeField;
  readonly #bone: Uint8Array;
  readonly #grid: FieldGrid;
  readonly #own: Box;
  readonly #theirs: Box;

  /** A shape, and the training mask on the field's grid that is set beside it. */
  constructor(shape: ShapeField, bone: Uint8Array, grid: FieldGrid) {
    this.#shape = shape;
    this.#bone = bone;
    this.#grid = grid;
    this.#own = boxOf(shape.soft, grid.size);
    this.#theirs = boxOf(bone, grid.size);
  }

  /** The distance after the training mask was moved by `pose` (from the shape to it); exactly 0 for a plain copy that stays. */
  distance(pose: Pose): number {
    const { size } = this.#grid;
    const { low, high } = this.#boxAt(pose);
    const part = low.map((l, a) => high[a] - l + 1) as unknown as Vec3;
    const map = poseMap(pose, this.#grid);
    for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) map[4 * r + 3] += map[4 * r + c] * low[c];
    const moved = cut(resampleByMap(this.#bone, size, map, part, { antialias: false }), 0.5);
    const blurred = gaussianBlur({ ...this.#grid, size: part, data: moved }, SIGMA).data;
    const { soft } = this.#shape;
    let apart = 0;
    let total = 0;
    for (let k = 0, p = 0; k < part[2]; k++)
      for (let j = 0; j < part[1]; j++) {
        let q = low[0] + size[0] * (low[1] + j + size[1] * (low[2] + k));
        for (let i = 0; i < part[0]; i++, p++, q++) {
          // Rounded as the fields are, so that equal shapes are at 0.
          const theirs = (255 * blurred[p] + 0.5) | 0;
          const own = soft[q];
          apart += theirs > own ? theirs - own : own - theirs;
          total += theirs + own;
        }
      }
    return total === 0 ? 1 : apart / total;
  }

  /** The box, on the shape's side, of the shape and of the moved mask. */
  #boxAt(pose: Pose): Box {
    const m = poseMap(invertPose(pose), this.#grid);
    const low = [...this.#own.low];
    const high = [...this.#own.high];
    for (let corner = 0; corner < 8; corner++) {
      const at = this.#theirs.low.map((l, a) => ((corner >> a) & 1 ? this.#theirs.high[a] : l));
      for (let r = 0; r < 3; r++) {
        const x = m[4 * r] * at[0] + m[4 * r + 1] * at[1] + m[4 * r + 2] * at[2] + m[4 * r + 3];
        low[r] = Math.min(low[r], Math.floor(x) - MARGIN);
        high[r] = Math.max(high[r], Math.ceil(x) + MARGIN);
      }
    }
    return {
      low: low.map((v) => Math.max(0, v)),
      high: high.map((v, a) => Math.min(this.#grid.size[a] - 1, v)),
    };
  }
}
