/**
 * Stored values to Hounsfield units: `HU = slope . stored + intercept`, each slice with its own. Padding (values that the
 * scanner wrote where it measured nothing) becomes air, -1024 HU, and so does what lies below it. The result is Int16
 * where every value is whole and fits, else Float32; a single value decides.
 */
import type { VoxelArray } from '../volume.ts';
import type { Slice } from './header.ts';

/** HU of air, and of what was not measured. */
export const AIR = -1024;

export interface Padding {
  /** Voxels that were padding. */
  padded: number;
  /** Voxels of no padding below -1024 HU. */
  below: number;
}

/** A volume that is filled slice by slice. */
export class HounsfieldStack {
  data: Int16Array | Float32Array;
  readonly padding: Padding = { padded: 0, below: 0 };
  readonly #frame: number;

  /** `frame` voxels a slice, `count` slices. */
  constructor(frame: number, count: number) {
    this.#frame = frame;
    this.data = new Int16Array(frame * count);
  }

  /** Writes slice `k`. */
  set(k: number, stored: VoxelArray, slice: Slice): void {
    const slope = slice.slope!;
    const intercept = slice.intercept!;
    const whole = Number.isInteger(slope) && Number.isInteger(intercept);
    if (this.data instanceof Int16Array && !(whole && fits(stored, slope, intercept)))
      this.data = Float32Array.from(this.data);
    const { padding: p, paddingLimit = p } = slice;
    const low = p === undefined ? 1 : Math.min(p, paddingLimit!);
    const high = p === undefined ? 0 : Math.max(p, paddingLimit!);
    const out = this.data;
    let at = k * this.#frame;
    let padded = 0;
    let below = 0;
    for (let i = 0; i < this.#frame; i++, at++) {
      const v = stored[i];
      let hu = slope * v + intercept;
      if (v >= low && v <= high) {
        padded++;
        hu = AIR;
      } else if (hu < AIR) {
        below++;
        hu = AIR;
      }
      out[at] = hu;
    }
    this.padding.padded += padded;
    this.padding.below += below;
  }
}

/** Whether the largest value stays within 16 bits (the least is raised to -1024). */
function fits(stored: VoxelArray, slope: number, intercept: number): boolean {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < stored.length; i++) {
    const v = stored[i];
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return Math.max(slope * least, slope * most) + intercept <= 32767;
}
