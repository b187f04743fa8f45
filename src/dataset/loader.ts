/**
 * Batches for training. All masks stay in memory as bits (1,000 masks of the reference grid: 0.77 GB; of 64x56x48:
 * 22 MB); a batch is unpacked into the caller's tensor. The order is a pure function of the seed and the step, so a run
 * that is taken up at step 1,000 sees exactly the batches that an unbroken run sees.
 */
import { RandomStream } from '../random/stream.ts';
import { type Vec3, voxelCount } from '../volume/volume.ts';
import { type AugmentOptions, augmentInto } from './augment.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetCase } from './manifest.ts';
import { unpackInto } from './pack.ts';

/**
 * The cases of training step `step` (0, 1, ..): positions `step . batch ..` of an endless sequence in which each epoch is a
 * fresh permutation of 0..n-1, so every case comes once an epoch and a batch may span two epochs.
 */
export function batchIndices(seed: number, step: number, batch: number, n: number): Uint32Array {
  if (!(n >= 1 && batch >= 1 && step >= 0))
    throw new RangeError(`batchIndices(step ${step}, batch ${batch}, n ${n}): all must be positive`);
  const out = new Uint32Array(batch);
  let order: Uint32Array | undefined;
  let drawn = -1;
  for (let b = 0; b < batch; b++) {
    const position = step * batch + b;
    const epoch = Math.floor(position / n);
    if (epoch !== drawn || order === undefined) {
      order = new RandomStream(seed, 'loader/epoch', epoch).permutation(n);
      drawn = epoch;
    }
    out[b] = order[position - epoch * n];
  }
  return out;
}

/** How one batch is augmented: keyed by (seed, step), so that it is the same on resuming. */
export interface BatchAugment {
  seed: number;
  step: number;
  options: AugmentOptions;
  /** Key the random numbers by the case's own name, so that they are the same whoever else is in the set. */
  byCase?: boolean;
}

/** Masks of some cases, bit-packed in memory. */
export class Loader {
  readonly cases: readonly DatasetCase[];
  readonly size: Vec3;
  /** Voxels of one mask. */
  readonly voxels: number;
  readonly #bits: Uint8Array[];

  /** Loads and verifies every case; throws `DatasetError` on the first that is damaged. */
  constructor(dataset: Dataset, cases: readonly DatasetCase[] = dataset.cases) {
    this.cases = cases;
    this.size = dataset.grid.size;
    this.voxels = voxelCount(this.size);
    this.#bits = cases.map((c) => dataset.loadBits(c));
  }

  /** Number of cases. */
  get length(): number {
    return this.cases.length;
  }

  /**
   * Writes the cases `indices` as a tensor [N, 1, D, H, W] = [N, 1, z, y, x], bone 1 and background -1, to `out`
   * (N . voxels numbers), and returns it; with `augment`, each is moved a little first.
   */
  fillBatch(indices: ArrayLike<number>, out: Float32Array, augment?: BatchAugment): Float32Array {
    if (out.length !== indices.length * this.voxels)
      throw new RangeError(
        `fillBatch: out holds ${out.length} numbers, not ${indices.length} . ${this.voxels}`,
      );
    for (let b = 0; b < indices.length; b++) {
      const bits = this.#bits[indices[b]];
      if (bits === undefined) throw new RangeError(`fillBatch: no case ${indices[b]} of ${this.length}`);
      if (augment === undefined) unpackInto(bits, this.voxels, out, b * this.voxels, -1, 1);
      else {
        const { seed, step, byCase } = augment;
        const stream = byCase
          ? new RandomStream(seed, `augment/${this.cases[indices[b]].id}`, step)
          : new RandomStream(seed, 'augment', step * indices.length + b);
        augmentInto(bits, this.size, stream, augment.options, out, b * this.voxels);
      }
    }
    return out;
  }

  /** Quality classes 2..6 of the cases `indices`. */
  qualities(indices: ArrayLike<number>): Int32Array {
    return Int32Array.from(indices, (i) => this.cases[i].quality);
  }
}
