/**
 * A generator with the decoder of another autoencoder, as fine-tuning on noisy latents makes it. A latent means the same to
 * both only if encoder and codebook are the same, so these are compared byte by byte.
 */
import { CheckpointError } from '../errors.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import type { PrivacyStatement } from '../models/privacyStatement.ts';
import type { AutoencoderWeights } from './autoencoder.ts';
import type { GeneratorWeights } from './generator.ts';
import { generatorHash } from './readGenerator.ts';

const bytes = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const same = (a: Float32Array | undefined, b: Float32Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(bytes(a), bytes(b)) === 0;

/** What a private statement says of the data that a decoder was tuned on. */
function learntFrom(
  { meta: { phantom, dataHash } }: AutoencoderWeights,
  generator: GeneratorMeta,
): PrivacyStatement['autoencoder'] {
  const before = generator.privacy!.autoencoder;
  if (phantom || before === 'same persons') return before;
  return dataHash === generator.dataHash ? 'same persons' : 'other data';
}

/** What differs between two autoencoders besides their decoders' weights, in words; undefined where nothing does. */
function difference(a: AutoencoderWeights, b: AutoencoderWeights): string | undefined {
  if (JSON.stringify(a.meta.config) !== JSON.stringify(b.meta.config)) return 'other settings of the model';
  if (a.meta.size.join() !== b.meta.size.join() || Math.abs(a.meta.spacing - b.meta.spacing) > 1e-6)
    return `masks of ${b.meta.size.join('x')} voxels of ${b.meta.spacing} mm, not ${a.meta.size.join('x')} of ${a.meta.spacing} mm`;
  if (!same(a.codebook, b.codebook)) return 'another codebook';
  for (const [name, data] of a.weights)
    if (name.startsWith('encoder.') && !same(data, b.weights.get(name))) return 'another encoder';
  return undefined;
}

/**
 * `generator` decoding with `autoencoder`, whose encoder and codebook must be those the generator was trained with; `source`
 * names it in messages. The result has a hash of its own, over the velocity network and the new autoencoder. Throws
 * `CheckpointError` where encoder or codebook differ by a byte.
 */
export function withDecoder(
  generator: GeneratorWeights,
  autoencoder: AutoencoderWeights & { hash: string },
  source = 'the decoder',
): GeneratorWeights {
  const problem = difference(generator.autoencoder, autoencoder);
  if (problem !== undefined)
    throw new CheckpointError({
      found: `${source} belongs to another autoencoder than the generator: it has ${problem}`,
      expected: 'the very encoder and codebook that the generator was trained with',
      todo: 'fine-tune the decoder of that autoencoder: `cranioflow train decoder --autoencoder RUN`',
    });
  const { weightsHash: _of, ...meta } = generator.meta;
  return {
    ...generator,
    meta: {
      ...meta,
      autoencoderHash: autoencoder.hash,
      ...(meta.privacy && { privacy: { ...meta.privacy, autoencoder: learntFrom(autoencoder, meta) } }),
    },
    autoencoder,
    hash: generatorHash(generator, autoencoder.hash),
  };
}
