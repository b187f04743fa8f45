/**
 * A feature space: a way to describe shapes by numbers, in which sets are compared. Metrics take features and return
 * numbers; where the features come from is a space's own matter:
 *
 *   plainSpace            boxes' bone and distances (features.ts), nothing learnt                       1024 numbers
 *   openLatentSpace       latents of an autoencoder, means and deviations in boxes                      a few hundred
 *   openEncoderSpace      the features of a contrastive encoder (`train encoder`)                       128 by default
 *   openExtractorSpace    any ONNX model of the user                                                    as it gives
 *
 * A row depends on its mask alone, never on the masks described beside it, and masks pass through in small batches, so
 * memory does not grow with the set beyond the features themselves.
 */
import { NumericsError } from '../../errors.ts';
import type { Mask } from '../../volume/volume.ts';
import type { Features } from '../featureSet.ts';

export interface FeatureSpace {
  /** Ends the names of metrics: `Latent` for `kidLatent`. */
  name: string;
  /** What the features are, for the meaning of a metric. */
  words: string;
  /** Whatever a reader of the numbers should know: resampling, how large the features are. */
  notes: readonly string[];
  /** The training cases that a learnt space saw (`dataHash` of them) and the name of their dataset. */
  learntFrom?: { dataset: string; dataHash: string };
  /**
   * One row a mask; `onCase` is called after each. Throws `GridError` for masks of another grid than the space is for,
   * `NumericsError` for features that are not finite.
   */
  describe(masks: readonly Mask[], onCase?: () => void): Promise<Features>;
  /** Frees what the space holds. */
  release(): Promise<void>;
}

/** Rows of one length as features. Throws `NumericsError`, naming the case, where a number is not finite; `what` made it. */
export function stackRows(rows: readonly Float32Array[], what: string): Features {
  const dim = rows.length === 0 ? 0 : rows[0].length;
  const values = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    requireFinite(row, i, what);
    values.set(row, i * dim);
  });
  return { values, count: rows.length, dim };
}

function requireFinite(row: Float32Array, index: number, what: string): void {
  const at = row.findIndex((v) => !Number.isFinite(v));
  if (at < 0) return;
  throw new NumericsError({
    found: `${what} gives ${row[at]} as feature ${at} of case ${index}`,
    expected: 'finite features',
    todo: 'look at that case and at the model: a division by 0, an overflow, or weights that are not finite',
  });
}
