/**
 * One door for everything that brings a bone into the canonical frame: the network, principal axes, shape matching,
 * elastix. A method takes a mask in any pose and gives the rigid move `y = R x + t` (LPS mm) that lays it there; its
 * right-handed rotation never mirrors a bone.
 */
import type { Transform } from '../../skull/register/transform.ts';
import type { Mask } from '../../volume/volume.ts';

/** Half-widths that hold the true pose in 68 % of cases, where the method knows. */
export interface PoseUncertainty {
  rotationDeg: number;
  translationMm: number;
}

export interface AlignEstimate {
  /** From the mask's space to the canonical frame; its scale is 1. */
  transform: Transform;
  uncertainty?: PoseUncertainty;
  /** What a person should know of this bone. */
  warnings?: readonly string[];
}

export interface AlignMethod {
  /** In tables. */
  name: string;
  /** What it does, in a sentence. */
  words: string;
  /** SHA-256 of its weights, where it has some. */
  hash?: string;
  /** Why its figures may be void. */
  warning?: string;
  /** Throws `VolumeError` where the mask has no bone, and what else the method cannot take. */
  align(mask: Mask): Promise<AlignEstimate>;
  release?(): Promise<void>;
}
