/**
 * A trained aligner at work on the cases of an ingest: the pose that it finds as a frame to resample in, and what the case's record
 * keeps of it. One thread each, as cases are made in threads already.
 */
import { type Aligner, openAligner } from '../aligner/aligner.ts';
import { alignerHash } from '../aligner/network.ts';
import { CranioflowError, VolumeError } from '../errors.ts';
import type { Canonical } from '../skull/canonical.ts';
import { boxFrame } from '../skull/orient.ts';
import { applyTransform, invertTransform } from '../skull/register/transform.ts';
import { transpose3 } from '../volume/geometry.ts';
import type { Mask } from '../volume/volume.ts';
import type { Provenance } from './manifest.ts';

export interface AlignedCase {
  canonical: Canonical;
  record: NonNullable<Provenance['aligner']>;
  warnings: string[];
}

export class CaseAligner {
  readonly #aligner: Aligner;
  readonly #weights: string;

  private constructor(aligner: Aligner, weights: string) {
    this.#aligner = aligner;
    this.#weights = weights;
  }

  /** Opens the run folder or weights file of an aligner. Throws `CheckpointError`. */
  static async open(run: string): Promise<CaseAligner> {
    return new CaseAligner(await openAligner(run, { threads: 1 }), alignerHash(run));
  }

  /** Where a bone goes. Throws `VolumeError`, naming the case, for a bone that the network cannot take. */
  async align(mask: Mask, label: string): Promise<AlignedCase> {
    try {
      const { transform, uncertainty, warnings } = await this.#aligner.align(mask);
      const centre = applyTransform(invertTransform(transform), [0, 0, 0]);
      const frame = boxFrame(mask, transpose3(transform.rotation), centre);
      const record = { weights: this.#weights, ...uncertainty };
      return { canonical: { frame, transform }, record, warnings };
    } catch (error) {
      if (!(error instanceof CranioflowError)) throw error;
      const { found, expected, todo } = error.explanation;
      throw new VolumeError({ found: `${label}: ${found}`, expected, todo }, { cause: error });
    }
  }

  async release(): Promise<void> {
    await this.#aligner.release();
  }
}
