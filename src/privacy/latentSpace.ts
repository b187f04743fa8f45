/** The latents of a run's own autoencoder as a space of features: where its generator learnt, and where it would copy. */
import type { Features } from '../evaluation/featureSet.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { type AutoencoderWeights, Encoder } from '../sampling/autoencoder.ts';
import type { Mask } from '../volume/volume.ts';
import type { FeatureSpace } from './featureSpace.ts';

/** Latents before quantisation, as the encoder gives them; the session lives for one call of `describe`. */
export function latentSpace(autoencoder: AutoencoderWeights, options: SessionOptions = {}): FeatureSpace {
  return {
    name: 'Latent',
    words: 'Euclidean distance of the latents of the autoencoder, shapes laid on the mean training shape',
    async describe(masks: readonly Mask[], onCase): Promise<Features> {
      const encoder = await Encoder.create(autoencoder, options);
      try {
        const dim = encoder.shape.reduce((product, n) => product * n, 1);
        const values = new Float32Array(masks.length * dim);
        for (const [i, mask] of masks.entries()) {
          const signs = Float32Array.from(mask.data, (v) => (v > 0 ? 1 : -1));
          values.set(await encoder.encode(signs), i * dim);
          onCase?.();
        }
        return { values, count: masks.length, dim };
      } finally {
        await encoder.release();
      }
    },
  };
}
