/** The latents of a run's own autoencoder as a space of features: where its generator learnt, and where it would copy. */
import { describeEach } from '../evaluation/spaces/ofRun.ts';
import type { FeatureSpace } from '../evaluation/spaces/space.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { type AutoencoderWeights, Encoder } from '../sampling/autoencoder.ts';

/** All latents before quantisation, as the encoder of the autoencoder of `run` gives them. */
export async function latentSpace(
  autoencoder: AutoencoderWeights,
  run: string,
  options: SessionOptions = {},
): Promise<FeatureSpace> {
  const encoder = await Encoder.create(autoencoder, options);
  return {
    name: 'Latent',
    words: 'Euclidean distance of the latents of the autoencoder, shapes laid on the mean training shape',
    notes: [],
    describe: (masks, onCase) =>
      describeEach(masks, autoencoder.meta, run, (mask) => encoder.encode(mask), onCase),
    release: () => encoder.release(),
  };
}
