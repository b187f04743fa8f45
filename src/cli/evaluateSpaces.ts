/** The feature spaces that flags of `evaluate` name: opened, used on all sets, and closed. */
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { UsageError } from '../errors.ts';
import type { MaskSets } from '../evaluation/setChecks.ts';
import { type DescribedSpace, describeSets } from '../evaluation/spaces/describedSpace.ts';
import { openEncoderSpace } from '../evaluation/spaces/encoder.ts';
import { openExtractorSpace } from '../evaluation/spaces/extractor.ts';
import { openLatentSpace } from '../evaluation/spaces/latent.ts';
import type { FeatureSpace } from '../evaluation/spaces/space.ts';
import type { Context } from './context.ts';

export interface SpaceFlags {
  encoder?: string;
  autoencoder?: string;
  extractor?: string;
  extractorOutput?: string;
  threads?: number;
}

/** The sets described in each space; undefined where no flag names one. Throws as the spaces do. */
export async function describedSpaces(
  cli: Context,
  flags: SpaceFlags,
  sets: MaskSets,
  train: Dataset,
): Promise<DescribedSpace[] | undefined> {
  const { autoencoder, encoder, extractor, extractorOutput: output, threads } = flags;
  if (output !== undefined && extractor === undefined)
    throw new UsageError({
      found: '--extractor-output without --extractor',
      expected: 'the model whose output it names',
      todo: 'add --extractor model.onnx',
    });
  const opened: FeatureSpace[] = [];
  try {
    if (autoencoder !== undefined) opened.push(await openLatentSpace(autoencoder, { threads }));
    if (encoder !== undefined) opened.push(await openEncoderSpace(encoder, { threads }));
    if (extractor !== undefined) opened.push(await openExtractorSpace(extractor, { threads, output }));
    const own = dataHash(train.split('train'));
    const described: DescribedSpace[] = [];
    for (const space of opened) {
      const total = sets.real.length + sets.fake.length + sets.train.length;
      const progress = cli.progress(`describe, ${space.name}`, total, 'cases');
      let done = 0;
      const result = await describeSets(space, sets, () => progress.update(++done));
      progress.finish();
      const { learntFrom } = space;
      const other = learntFrom !== undefined && learntFrom.dataHash !== own;
      const warning = `space ${space.name}: its network learnt from other cases (${learntFrom?.dataset}) than --train has; if held-out cases are among them, they look better here than they are`;
      described.push({ ...result, notes: [...(result.notes ?? []), ...(other ? [warning] : [])] });
    }
    return opened.length === 0 ? undefined : described;
  } finally {
    for (const space of opened) await space.release();
  }
}
