/** The features of a contrastive encoder as a space: what `cranioflow train encoder` learnt to tell shapes apart by. */
import type { SessionOptions } from '../../runtime/session.ts';
import { readShapeEncoder, ShapeEncoder } from '../../sampling/shapeEncoder.ts';
import { describeEach } from './ofRun.ts';
import type { FeatureSpace } from './space.ts';

/**
 * Opens the encoder of a run folder: F numbers a mask, the layer before the projection head. Throws `CheckpointError`
 * where the folder holds no such network.
 */
export async function openEncoderSpace(run: string, options: SessionOptions = {}): Promise<FeatureSpace> {
  const { meta, weights } = readShapeEncoder(run);
  const encoder = await ShapeEncoder.create({ meta, weights }, options);
  return {
    name: 'Encoder',
    words: 'features of the contrastive encoder',
    notes: [
      `contrastive encoder: ${meta.config.features} numbers, learnt in ${meta.step} steps from ${meta.dataset}`,
    ],
    learntFrom: { dataset: meta.dataset, dataHash: meta.dataHash },
    describe: (masks, onCase) =>
      describeEach(masks, meta, run, async (mask) => (await encoder.describe(mask)).slice(), onCase),
    release: () => encoder.release(),
  };
}
