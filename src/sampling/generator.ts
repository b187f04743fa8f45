/**
 * A trained generator at work: noise becomes a latent by integrating the learnt velocity, a latent becomes a mask by the
 * decoder. Skull `index` of `seed` starts from its own random stream and is sampled alone (its guidance pair is the only
 * batch), so it is the same, byte for byte, whatever the count or the order.
 */
import type { GeneratorMeta } from '../models/metadata.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { centredGrid, type Grid, type Mask } from '../volume/volume.ts';
import { type AutoencoderWeights, Decoder } from './autoencoder.ts';
import { checkSampling, LatentSampler, type SampleOptions } from './latentSampler.ts';
import type { NetworkWeights } from './network.ts';

export interface GeneratorWeights extends NetworkWeights {
  autoencoder: AutoencoderWeights;
  /** SHA-256 over the weights of the velocity network and of the autoencoder. */
  hash: string;
}

/** A generator ready to sample. */
export class Generator {
  readonly meta: GeneratorMeta;
  readonly grid: Grid;
  readonly hash: string;
  readonly #sampler: LatentSampler;
  readonly #decoder: Decoder;

  private constructor(source: GeneratorWeights, sampler: LatentSampler, decoder: Decoder) {
    this.meta = source.meta;
    this.hash = source.hash;
    const s = source.meta.spacing;
    this.grid = centredGrid(source.meta.size, [s, s, s]);
    this.#sampler = sampler;
    this.#decoder = decoder;
  }

  static async create(source: GeneratorWeights, options: SessionOptions = {}): Promise<Generator> {
    const { meta, autoencoder } = source;
    const mean = source.meanLatent ?? meta.latentMean;
    const decoder = await Decoder.create(autoencoder, mean, meta.latentDeviation, options);
    return new Generator(source, new LatentSampler(source, options), decoder);
  }

  /** The quality class of a sample: the one asked for, or a draw from those of the training set. */
  qualityOf(options: Pick<SampleOptions, 'quality' | 'seed' | 'index'>): number {
    return this.#sampler.qualityOf(options);
  }

  /** Where a sample starts. */
  noise(options: Pick<SampleOptions, 'seed' | 'index'>): Float32Array {
    return this.#sampler.noise(options);
  }

  /** One normalised latent [L, D, H, W]. */
  async sampleLatent(options: SampleOptions): Promise<Float32Array> {
    return this.#sampler.sample(options);
  }

  /** A latent as a mask: decoded and cut at a probability of 0.5, with no other clean-up. */
  async decode(latent: Float32Array): Promise<Mask> {
    const logits = await this.#decoder.decode(latent);
    return { ...this.grid, data: Uint8Array.from(logits, (v) => (v > 0 ? 1 : 0)) };
  }

  /** One generated bone. Throws `UsageError` for settings out of range. */
  async sample(options: SampleOptions): Promise<Mask> {
    checkSampling(this.meta, options);
    return this.decode(await this.sampleLatent(options));
  }

  async release(): Promise<void> {
    await this.#sampler.release();
    await this.#decoder.release();
  }
}
