/**
 * How badly an autoencoder gives a case back, in voxels: what it was trained on it may give back better.
 *
 *   1 - Dice          of the mask and the decoded one, cut at a probability of 0.5
 *   cross-entropy     mean over voxels of -log p(voxel), in nats: log(1 + e^-l) for bone, log(1 + e^l) for background
 */
import type { Loader } from '../../dataset/loader.ts';
import { NumericsError } from '../../errors.ts';
import { type AutoencoderWeights, Decoder, Encoder } from '../../sampling/autoencoder.ts';
import { diceOfLogits } from '../../training/autoencoder.ts';
import type { ErrorTable } from './errorTable.ts';
import { stopIfAsked, type WorkOptions } from './velocityErrors.ts';

const COLUMNS = ['1 - Dice', 'cross-entropy'];

/** Mean cross-entropy of a mask in +-1 and logits, without overflow. */
export function crossEntropy(mask: Float32Array, logits: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < mask.length; i++) {
    const wrong = mask[i] > 0 ? -logits[i] : logits[i];
    sum += Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong)));
  }
  return sum / mask.length;
}

/** The errors of an autoencoder for every case of `loader`. Throws `NumericsError` for answers that are not finite. */
export async function reconstructionErrors(
  autoencoder: AutoencoderWeights,
  loader: Loader,
  work: WorkOptions = {},
): Promise<ErrorTable> {
  const zeros = Array<number>(autoencoder.meta.config.latentChannels).fill(0);
  const encoder = await Encoder.create(autoencoder, work);
  const decoder = await Decoder.create(
    autoencoder,
    zeros,
    zeros.map(() => 1),
    work,
  );
  const values = new Float64Array(loader.length * COLUMNS.length);
  try {
    const mask = new Float32Array(loader.voxels);
    for (let i = 0; i < loader.length; i++) {
      stopIfAsked(work.signal);
      const logits = await decoder.decode(await encoder.encode(loader.fillBatch([i], mask)));
      values.set([1 - diceOfLogits(mask, logits), crossEntropy(mask, logits)], i * COLUMNS.length);
      work.onCase?.();
    }
  } finally {
    await decoder.release();
    await encoder.release();
  }
  if (!values.every(Number.isFinite))
    throw new NumericsError({
      found: 'a reconstruction error that is not finite',
      expected: 'an autoencoder that answers with finite numbers',
      todo: 'look at the losses of the training: one that diverged cannot be judged',
    });
  return { columns: [...COLUMNS], rows: loader.length, values };
}
