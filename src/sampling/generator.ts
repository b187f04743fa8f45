/**
 * A trained generator at work: noise becomes a latent by integrating the learnt velocity, a latent becomes a mask by the
 * decoder. Skull `index` of `seed` starts from its own random stream and is sampled alone (its guidance pair is the only
 * batch), so it is the same, byte for byte, whatever the count or the order.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError, UsageError } from '../errors.ts';
import { readSafetensors } from '../files/safetensors.ts';
import { emit } from '../graph/emit.ts';
import { elements, Graph } from '../graph/graph.ts';
import { decodeMeta, floats, type GeneratorMeta, generatorMetaSchema } from '../models/metadata.ts';
import { unet } from '../models/unet.ts';
import { Scope } from '../nn/scope.ts';
import { RandomStream } from '../random/stream.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import { centredGrid, type Grid, type Mask } from '../volume/volume.ts';
import { type AutoencoderWeights, Decoder, formFor, readAutoencoder, weightsFile } from './autoencoder.ts';
import { SOLVERS, type SolverName, type Velocity } from './solvers.ts';

/** The autoencoder's weights inside a generator's run folder: a run is complete in itself. */
export const AUTOENCODER_FILE = 'autoencoder.safetensors';

/** Label of quality class q: 2..6 -> 0..4; the null class comes after the last. */
export const labelOfQuality = (quality: number): number => quality - 2;

export interface GeneratorWeights {
  meta: GeneratorMeta;
  weights: ReadonlyMap<string, Float32Array>;
  autoencoder: AutoencoderWeights;
  /** SHA-256 over the weights of the velocity network and of the autoencoder. */
  hash: string;
}

/** The velocity network for a batch of latents. */
export function velocityGraph(meta: Pick<GeneratorMeta, 'config' | 'latentShape'>, batch: number) {
  const graph = new Graph();
  const x = graph.input('x', [batch, ...meta.latentShape]);
  const t = graph.input('t', [batch]);
  const label = graph.input('label', [batch], 'int32');
  return { graph, velocity: unet(new Scope(graph, 'unet'), x, t, label, meta.config) };
}

/** The velocity network as ONNX: x [N, L, D, H, W], t [N], label [N] -> velocity. */
export function velocityModel(
  { meta, weights }: Pick<GeneratorWeights, 'meta' | 'weights'>,
  batch: number,
  portable = false,
) {
  const { graph, velocity } = velocityGraph(meta, batch);
  return emit(graph, {
    outputs: { velocity },
    weights,
    ...formFor(portable),
    name: 'velocity',
  }).model;
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
  const hash = createHash('sha256').update(autoencoder.hash);
  for (const data of weights.values())
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const found = hash.digest('hex');
  if (meta.weightsHash !== undefined && meta.weightsHash !== found)
    throw new CheckpointError({
      found: `${file} holds other weights than it says: SHA-256 ${found.slice(0, 12)}...`,
      expected: `${meta.weightsHash.slice(0, 12)}...; a byte was altered since they were written`,
      todo: 'fetch or export the files again',
    });
  return { meta, weights, autoencoder, hash: found };
}

export interface SampleOptions {
  seed: number;
  index: number;
  steps: number;
  solver: SolverName;
  /** 0 without a class, 1 the class alone, above 1 pushed towards it. */
  guidance: number;
  /** Quality class 2..6; undefined draws one with the shares of the training set. */
  quality?: number;
  onStep?: (done: number, t: number, latent: Float32Array) => void | Promise<void>;
}

export const SAMPLE_DEFAULTS = { steps: 16, solver: 'heun', guidance: 1.5 } as const;

/** Refuses settings that cannot be sampled with, before any work starts. Throws `UsageError`. */
export function checkSampling(
  meta: GeneratorMeta,
  { steps, guidance, quality }: Pick<SampleOptions, 'steps' | 'guidance' | 'quality'>,
): void {
  const problem =
    !Number.isInteger(steps) || steps < 1 || steps > 1000
      ? ['steps', steps, 'a whole number from 1 to 1000']
      : !(guidance >= 0 && guidance <= 20)
        ? ['guidance scale', guidance, 'a number from 0 to 20']
        : quality !== undefined && !meta.qualities.includes(quality)
          ? [
              'quality',
              quality,
              `one of the classes the generator was trained on: ${meta.qualities.join(', ')}`,
            ]
          : undefined;
  if (problem === undefined) return;
  throw new UsageError({
    found: `${problem[0]} ${problem[1]}`,
    expected: `${problem[2]}`,
    todo: 'choose another value',
  });
}

/** Runs the velocity network: one branch, or two of them for guidance in one batched evaluation. */
class VelocityNetwork {
  readonly #source: GeneratorWeights;
  readonly #options: SessionOptions;
  /** Compiled when first needed, by batch size: guidance needs 2, a single branch 1. */
  readonly #sessions = new Map<number, Promise<Session>>();

  constructor(source: GeneratorWeights, options: SessionOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** `v_null + guidance (v_class - v_null)`. */
  guided(label: number, guidance: number): Velocity {
    const empty = this.#source.meta.config.classes;
    if (guidance === 1) return (x, t) => this.#run(x, t, [label]);
    if (guidance === 0) return (x, t) => this.#run(x, t, [empty]);
    return async (x, t) => {
      const both = await this.#run(x, t, [empty, label]);
      const n = x.length;
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = both[i] + guidance * (both[n + i] - both[i]);
      return out;
    };
  }

  #session(batch: number): Promise<Session> {
    let session = this.#sessions.get(batch);
    if (session === undefined) {
      session = Session.create(velocityModel(this.#source, batch), this.#options);
      this.#sessions.set(batch, session);
    }
    return session;
  }

  async #run(x: Float32Array, t: number, labels: readonly number[]): Promise<Float32Array> {
    const batch = labels.length;
    const states = new Float32Array(batch * x.length);
    for (let b = 0; b < batch; b++) states.set(x, b * x.length);
    const session = await this.#session(batch);
    const { velocity } = await session.run(
      {
        x: value(states, [batch, ...this.#source.meta.latentShape]),
        t: value(new Float32Array(batch).fill(t), [batch]),
        label: value(Int32Array.from(labels), [batch]),
      },
      { velocity: null },
    );
    return velocity.data as Float32Array;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
  }
}

/** A generator ready to sample. */
export class Generator {
  readonly meta: GeneratorMeta;
  readonly grid: Grid;
  readonly hash: string;
  readonly #network: VelocityNetwork;
  readonly #decoder: Decoder;

  private constructor(source: GeneratorWeights, network: VelocityNetwork, decoder: Decoder) {
    this.meta = source.meta;
    this.hash = source.hash;
    const s = source.meta.spacing;
    this.grid = centredGrid(source.meta.size, [s, s, s]);
    this.#network = network;
    this.#decoder = decoder;
  }

  static async create(source: GeneratorWeights, options: SessionOptions = {}): Promise<Generator> {
    const { meta, autoencoder } = source;
    const decoder = await Decoder.create(autoencoder, meta.latentMean, meta.latentDeviation, options);
    return new Generator(source, new VelocityNetwork(source, options), decoder);
  }

  /** The quality class of a sample: the one asked for, or a draw from those of the training set. */
  qualityOf({ quality, seed, index }: Pick<SampleOptions, 'quality' | 'seed' | 'index'>): number {
    if (quality !== undefined) return quality;
    const { qualities, qualityCounts } = this.meta;
    const total = qualityCounts.reduce((a, b) => a + b, 0);
    let left = new RandomStream(seed, 'generate/quality', index).integer(total);
    return qualities[qualityCounts.findIndex((count) => (left -= count) < 0)];
  }

  /** Where sample `index` of `seed` starts: standard normal numbers [L, D, H, W] of its own stream. */
  noise({ seed, index }: Pick<SampleOptions, 'seed' | 'index'>): Float32Array {
    const length = elements(this.meta.latentShape);
    return new RandomStream(seed, 'generate/noise', index).fillNormal(new Float32Array(length));
  }

  /** One normalised latent [L, D, H, W]. */
  async sampleLatent(options: SampleOptions): Promise<Float32Array> {
    const { steps, solver, guidance, onStep } = options;
    const noise = this.noise(options);
    const velocity = this.#network.guided(labelOfQuality(this.qualityOf(options)), guidance);
    return SOLVERS[solver](velocity, noise, { steps, onStep });
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
    await this.#network.release();
    await this.#decoder.release();
  }
}
