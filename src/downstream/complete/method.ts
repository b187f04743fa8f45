/**
 * One door for everything that completes a bone with a defect: the 3D U-Net, the generative prior, mirroring. A method
 * takes the defective mask in the canonical frame, on the grid it was made for, and gives one whole bone, or several
 * plausible ones. The implant is cut from it elsewhere (downstream/implant), the same way for all.
 */
import type { Mask } from '../../volume/volume.ts';

export interface Completion {
  /** The whole bone on the grid of the defective one. */
  whole: Mask;
  /** Belief in bone of each voxel, 0 to 1, where the method has one: smooth surfaces on finer grids come from it. */
  probability?: Float32Array;
}

export interface CompleteOptions {
  /** Of methods that draw: the same seed and index give the same answers. */
  seed: number;
  index: number;
  /** Plausible answers asked for; methods with one answer give one. */
  answers?: number;
  signal?: AbortSignal;
}

export interface CompletionMethod {
  /** In tables. */
  name: string;
  /** What it does, in a sentence. */
  words: string;
  /** Best first. Throws `GridError` on another grid and `VolumeError` where the mask has no bone. */
  complete(defective: Mask, options: CompleteOptions): Promise<Completion[]>;
  release?(): Promise<void>;
}
