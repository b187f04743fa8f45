/**
 * A trained generator at work: noise becomes a latent by integrating the learnt velocity, a latent becomes a mask by the
 * decoder. Skull `index` of `seed` starts from its own random stream and is sampled alone (its guidance pair is the only
 * batch), so it is the same, byte for byte, whatever the count or the order.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { readSafetensors } from '../files/safetensors.ts';
import { weightsFile } from '../files/weightsFile.ts';
import { elements } from '../graph/graph.ts';
import { decodeMeta, floats, type GeneratorMeta, generatorMetaSchema } from '../models/metadata.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { centredGrid, type Grid, type Mask } from '../volume/volume.ts';
import { AUTOENCODER_FILE, type AutoencoderWeights, Decoder, readAutoencoder } from './autoencoder.ts';
import { checkSampling, LatentSampler, type SampleOptions } from './latentSampler.ts';
import { MEAN_LATENT, type NetworkWeights, velocityGraph } from './network.ts';

export interface GeneratorWeights extends NetworkWeights {
  autoencoder: AutoencoderWeights;
  /** SHA-256 over the weights of the velocity network and of the autoencoder. */
  hash: string;
}

/** SHA-256 over the weights of a velocity network and of the autoencoder that it works with. */
export function generatorHash(
  { weights, meanLatent }: Pick<NetworkWeights, 'weights' | 'meanLatent'>,
  autoencoderHash: string,
): string {
  const hash = createHash('sha256').update(autoencoderHash);
  for (const data of [...weights.values(), ...(meanLatent === undefined ? [] : [meanLatent])])
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** Reads a generator from a run folder (newest checkpoint) or a folder of exported weights. Throws `CheckpointError`. */
export function readGenerator(path: string): GeneratorWeights {
  const file = weightsFile(path);
  const { tensors, metadata } = readSafetensors(file);
  const meta = decodeMeta(generatorMetaSchema, metadata, file);
  const specs = velocityGraph(meta, 1).graph.parameters;
  const weights = floats(
    tensors,
    specs.map((p) => ({ name: p.name, length: elements(p.shape) })),
    file,
  );
  const beside = [join(path, AUTOENCODER_FILE), join(dirname(file), AUTOENCODER_FILE)].find((p) =>
    existsSync(p),
  );
  if (beside === undefined)
    throw new CheckpointError({
      found: `${path} holds no ${AUTOENCODER_FILE}`,
      expected: 'the autoencoder beside the generator, as `cranioflow train generator` leaves it',
      todo: 'copy the whole run folder, not single files',
    });
  const autoencoder = readAutoencoder(beside);
  if (autoencoder.hash !== meta.autoencoderHash)
    throw new CheckpointError({
      found: `${beside} is not the autoencoder that ${file} was trained with`,
      expected: `weights of SHA-256 ${meta.autoencoderHash.slice(0, 12)}..., not ${autoencoder.hash.slice(0, 12)}...`,
      todo: 'use the run folder as it was written',
    });
  const meanLatent = tensors.has(MEAN_LATENT)
    ? floats(tensors, [{ name: MEAN_LATENT, length: elements(meta.latentShape) }], file).get(MEAN_LATENT)
    : undefined;
  const found = generatorHash({ weights, meanLatent }, autoencoder.hash);
  if (meta.weightsHash !== undefined && meta.weightsHash !== found)
    throw new CheckpointError({
      found: `${file} holds other weights than it says: SHA-256 ${found.slice(0, 12)}...`,
      expected: `${meta.weightsHash.slice(0, 12)}...; a byte was altered since they were written`,
      todo: 'fetch or export the files again',
    });
  return { meta, weights, autoencoder, hash: found, ...(meanLatent && { meanLatent }) };
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
