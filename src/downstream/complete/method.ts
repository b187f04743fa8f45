/**
 * One door for everything that completes a bone with a defect: the 3D U-Net, the generative prior, mirroring. A method
 * takes the defective mask in the canonical frame, on the grid it was made for, and gives one whole bone, or several
 * plausible ones. The implant is cut from it elsewhere (downstream/implant), the same way for all.
 */
import { UsageError } from '../../errors.ts';
import type { Mask, Vec3 } from '../../volume/volume.ts';
import type { LearntSet } from '../learnt.ts';

/** What users call the methods, in the order of tables. */
export const METHOD_NAMES = ['unet', 'prior', 'mirror'] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

/** Most answers of one case: their random streams are numbered by it. */
export const ANSWERS_MOST = 64;

export interface Completion {
  /** The whole bone on the grid of the defective one. */
  whole: Mask;
  /** Belief in bone of each voxel, 0 to 1, where the method has one: smooth surfaces on finer grids come from it. */
  probability?: Float32Array;
  /** Why it should not be believed, in words. */
  doubt?: string;
}

export interface CompleteOptions {
  /** Of methods that draw: the same seed and index give the same answers. */
  seed: number;
  index: number;
  /** Plausible answers asked for, at most `ANSWERS_MOST`; methods with one answer give one. */
  answers?: number;
  signal?: AbortSignal;
}

/** What the networks of a method work on, and what they saw. */
export interface Learnt {
  /** Voxels, and mm between them. */
  size: Vec3;
  spacing: number;
  bone: string;
  /** SHA-256 over their training cases, a network each, and whether these were phantoms. */
  data: readonly LearntSet[];
  /** SHA-256 over the weights: which networks they are. */
  weights: string;
  /** Learnt from this share of the training cases, drawn by this seed; absent for all. */
  share?: { share: number; seed: number };
}

export interface CompletionMethod {
  /** In tables. */
  name: string;
  /** What it does, in a sentence. */
  words: string;
  /** Absent of a method that learnt nothing and takes any bone. */
  learnt?: Learnt;
  /** Best first. Throws `GridError` on another grid and `VolumeError` where the mask has no bone. */
  complete(defective: Mask, options: CompleteOptions): Promise<Completion[]>;
  release?(): Promise<void>;
}

/** Throws `UsageError` for more answers than random streams are kept for, or none. */
export function requireAnswers(answers: number): void {
  if (Number.isInteger(answers) && answers >= 1 && answers <= ANSWERS_MOST) return;
  throw new UsageError({
    found: `${answers} answers`,
    expected: `from 1 to ${ANSWERS_MOST}`,
    todo: 'ask for fewer; another --seed gives others',
  });
}
