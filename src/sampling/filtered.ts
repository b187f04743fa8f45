/**
 * Filtered generation: of several candidates for a bone, the one that lies farthest from everything trained on. Candidates
 * and training latents are quantised with the codebook, as the decoder sees them, and
 *
 *   kept = argmax_c min_i |quantised(candidate_c) - quantised(train_i)|     (L2).
 *
 * Candidate 0 starts from the noise that the bone has without a filter, so one candidate changes nothing. It lowers the
 * chance that a bone is a copy and costs one sampling a candidate; it proves nothing by itself.
 */

import type { Dataset } from '../dataset/dataset.ts';
import { Loader } from '../dataset/loader.ts';
import { trainedOn } from '../dataset/trainedOn.ts';
import { UsageError } from '../errors.ts';
import { emit } from '../graph/emit.ts';
import { Graph } from '../graph/graph.ts';
import { quantise } from '../models/vqvae.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import { type AutoencoderWeights, Encoder, formFor } from './autoencoder.ts';
import type { Generator, GeneratorWeights } from './generator.ts';
import { CANDIDATES_MOST, type SampleOptions } from './latentSampler.ts';

/** Replaces each vector of a latent by its nearest code. */
class Quantiser {
  readonly #session: Session;
  readonly #shape: number[];

  private constructor(session: Session, shape: number[]) {
    this.#session = session;
    this.#shape = shape;
  }

  static async create(
    { meta, codebook }: AutoencoderWeights,
    shape: readonly number[],
    options: SessionOptions,
  ): Promise<Quantiser> {
    const graph = new Graph();
    const whole = [1, ...shape];
    const { codes, latentChannels } = meta.config;
    const { quantised } = quantise(
      graph.input('latent', whole),
      graph.constant(codebook, [codes, latentChannels]),
    );
    const { model } = emit(graph, { outputs: { quantised }, ...formFor(false) });
    return new Quantiser(await Session.create(model, options), whole);
  }

  async quantise(latent: Float32Array): Promise<Float32Array> {
    const { quantised } = await this.#session.run(
      { latent: value(latent, this.#shape) },
      { quantised: null },
    );
    return quantised.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/**
 * Refuses a filter before any work. Throws `UsageError` for a number of candidates out of range, `DatasetError` when the
 * dataset is not the one that the generator was trained on.
 */
export function checkFilter(source: GeneratorWeights, dataset: Dataset, candidates: number): void {
  if (!Number.isInteger(candidates) || candidates < 2 || candidates > CANDIDATES_MOST)
    throw new UsageError({
      found: `${candidates} candidates`,
      expected: `a whole number from 2 to ${CANDIDATES_MOST}`,
      todo: 'choose another number, or none to keep each bone as it comes',
    });
  trainedOn(source.meta, dataset);
}

/** Chooses among candidates by their distance to the training set. */
export class CandidateFilter {
  readonly candidates: number;
  readonly #quantiser: Quantiser;
  readonly #train: readonly Float32Array[];
  readonly #source: GeneratorWeights;

  private constructor(
    source: GeneratorWeights,
    candidates: number,
    quantiser: Quantiser,
    train: readonly Float32Array[],
  ) {
    this.#source = source;
    this.candidates = candidates;
    this.#quantiser = quantiser;
    this.#train = train;
  }

  /** Encodes the training set. Throws as `checkFilter`. */
  static async create(
    source: GeneratorWeights,
    dataset: Dataset,
    candidates: number,
    options: SessionOptions = {},
  ): Promise<CandidateFilter> {
    checkFilter(source, dataset, candidates);
    const loader = new Loader(dataset, trainedOn(source.meta, dataset));
    const encoder = await Encoder.create(source.autoencoder, options);
    const quantiser = await Quantiser.create(source.autoencoder, encoder.shape, options);
    const mask = new Float32Array(loader.voxels);
    const train: Float32Array[] = [];
    for (let i = 0; i < loader.length; i++)
      train.push(await quantiser.quantise(await encoder.encode(loader.fillBatch([i], mask))));
    await encoder.release();
    return new CandidateFilter(source, candidates, quantiser, train);
  }

  /** The kept candidate of a bone, as a normalised latent, and its distance to the nearest training latent. */
  async sample(
    generator: Generator,
    options: SampleOptions,
  ): Promise<{ latent: Float32Array; distance: number }> {
    let kept: { latent: Float32Array; distance: number } | undefined;
    for (let c = 0; c < this.candidates; c++) {
      const latent = await generator.sampleLatent({ ...options, candidate: c });
      const distance = await this.#distance(latent);
      if (kept === undefined || distance > kept.distance) kept = { latent, distance };
    }
    return kept!;
  }

  /** L2 distance of a normalised latent, quantised, to the nearest training latent. */
  async #distance(latent: Float32Array): Promise<number> {
    const quantised = await this.#quantiser.quantise(denormalise(latent, this.#source));
    let least = Number.POSITIVE_INFINITY;
    for (const z of this.#train) {
      let sum = 0;
      for (let i = 0; i < z.length && sum < least; i++) sum += (z[i] - quantised[i]) ** 2;
      least = Math.min(least, sum);
    }
    return Math.sqrt(least);
  }

  async release(): Promise<void> {
    await this.#quantiser.release();
  }
}

/** The latent as the encoder gives it: `z deviation + mean`. */
function denormalise(z: Float32Array, { meta, meanLatent }: GeneratorWeights): Float32Array {
  const cells = z.length / meta.latentDeviation.length;
  return z.map((v, i) => {
    const channel = Math.floor(i / cells);
    return v * meta.latentDeviation[channel] + (meanLatent?.[i] ?? meta.latentMean[channel]);
  });
}
