/**
 * A trained aligner at work: a bone mask in any pose, of any grid, becomes the rigid move that lays it into the canonical frame of
 * the training data, and how far that may be off. A bone much larger or smaller than those learnt from is refused: its spacing is
 * likely in another unit.
 */
import { VolumeError } from '../errors.ts';
import type { AlignerMeta } from '../models/metadata.ts';
import type { SessionOptions } from '../runtime/session.ts';
import type { Transform } from '../skull/register/transform.ts';
import { boneMoments } from '../volume/centroid.ts';
import { apply3 } from '../volume/geometry.ts';
import type { Mask } from '../volume/volume.ts';
import { type AlignerWeights, PoseNetwork, readAligner } from './network.ts';
import { searchPose } from './search.ts';
import { softBone } from './softBone.ts';

/** Half-widths that hold the true pose in 68 % of cases like those of the calibration. */
export interface AlignerUncertainty {
  rotationDeg: number;
  translationMm: number;
}

export interface Aligned {
  /** Scale 1: `y = R x + t`, LPS mm of the mask to the canonical frame. */
  transform: Transform;
  uncertainty: AlignerUncertainty;
  /** What a person should know of this bone: unlike those of the training. */
  warnings: string[];
}

/** How much larger than the largest training bone, or smaller than the smallest, a bone may be. */
const LARGER = 1.5;
const SMALLER = 0.4;
/** Of whole bones beyond these, and of cut ones below, something is odd: it is told. */
const ODDLY_LARGE = 1.15;
const ODDLY_SMALL = 0.65;
/** Uncertainties above so many times what is usual are told. */
const UNUSUAL = 1.5;

export class Aligner {
  readonly name = 'aligner';
  readonly words =
    'a network that looks at the bone from 24 sides, follows the surest views and refines the best';
  readonly meta: AlignerMeta;
  readonly #network: PoseNetwork;

  private constructor(network: PoseNetwork, meta: AlignerMeta) {
    this.#network = network;
    this.meta = meta;
  }

  static async create(weights: AlignerWeights, options: SessionOptions = {}): Promise<Aligner> {
    return new Aligner(await PoseNetwork.create(weights, options), weights.meta);
  }

  /**
   * The move of a mask into the canonical frame. Throws `VolumeError` where it has no bone, or a bone of a size that no bone of
   * the training has.
   */
  async align(mask: Mask): Promise<Aligned> {
    const { config, cubeMm, radiusMm, calibration, bone: name } = this.meta;
    const odd = requireSize(mask, radiusMm, name);
    const bone = softBone(mask, { side: config.side, cubeMm });
    const pose = await searchPose(bone, this.#network, this.meta);
    const { rotation, centre: m } = pose;
    const at = apply3(rotation, bone.centroid);
    const uncertainty = {
      rotationDeg: ((pose.turn * 180) / Math.PI) * (calibration?.rotation ?? 1),
      translationMm: pose.shift * (calibration?.translation ?? 1),
    };
    return {
      transform: { rotation, translation: [m[0] - at[0], m[1] - at[1], m[2] - at[2]], scale: 1 },
      uncertainty,
      warnings: [...odd, ...this.#warnings(uncertainty)],
    };
  }

  #warnings({ rotationDeg, translationMm }: AlignerUncertainty): string[] {
    const { calibration } = this.meta;
    if (calibration === undefined)
      return ['the training of this network did not end: its uncertainty is not calibrated'];
    const { usual } = calibration;
    if (rotationDeg <= UNUSUAL * usual.rotationDeg && translationMm <= UNUSUAL * usual.translationMm)
      return [];
    return [
      `the pose is uncertain (${rotationDeg.toFixed(1)} degrees, ${translationMm.toFixed(1)} mm; at most ${usual.rotationDeg.toFixed(1)} degrees and ${usual.translationMm.toFixed(1)} mm for 95 % of bones like those of the training): look at the result`,
    ];
  }

  async release(): Promise<void> {
    await this.#network.release();
  }
}

/** Opens the aligner of a run folder or weights file. Throws `CheckpointError`. */
export async function openAligner(run: string, options: SessionOptions = {}): Promise<Aligner> {
  return Aligner.create(readAligner(run), options);
}

/** A bone of another unit, or another bone: what is odd of its size. Throws `VolumeError` where it is none of the kind. */
function requireSize(mask: Mask, [least, most]: AlignerMeta['radiusMm'], name: string): string[] {
  const { radiusMm } = boneMoments(mask);
  const mm = (x: number) => `${Number(x.toPrecision(3))} mm`;
  if (radiusMm >= ODDLY_SMALL * least && radiusMm <= ODDLY_LARGE * most) return [];
  if (radiusMm >= SMALLER * least && radiusMm <= LARGER * most)
    return [
      `the bone is much ${radiusMm < least ? 'smaller' : 'larger'} than those of the training (its voxels lie ${mm(radiusMm)} from its centroid, theirs ${mm(least)} to ${mm(most)}): is it a whole ${name}?`,
    ];
  throw new VolumeError({
    found: `a bone whose voxels lie ${mm(radiusMm)} from its centroid (root mean square)`,
    expected: `a ${name} of ${mm(least)} to ${mm(most)}, as those of the training`,
    todo: 'check that the spacing is in mm and that the volume shows that bone, most of it and little else',
  });
}
