/**
 * A trained autoencoder at work: masks to latents and latents to masks. The decoder's model takes normalised latents and
 * does the rest itself (denormalise, nearest code, decode), so that one ONNX file turns a sample into logits of bone.
 */
import { type EmitOptions, emit } from '../graph/emit.ts';
import { Graph, type ParameterSpec } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/binary.ts';
import { straightThrough } from '../graph/ops/shape.ts';
import type { AutoencoderMeta } from '../models/metadata.ts';
import { decoder, encoder, encoderSize, latentFactor, quantise } from '../models/vqvae.ts';
import { Scope } from '../nn/scope.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';

type Form = Pick<EmitOptions, 'target' | 'layout'>;

/** How a model with baked weights is written: for this machine's processor in its fastest form, or for any ONNX runtime. */
export function formFor(portable: boolean): Form {
  return portable ? { target: 'portable' } : { target: 'cpu', layout: 'folded' };
}

/**
 * The form for the device of a session: the operators fused for processors are not on others. Folded, a convolution of
 * volumes is one of pictures, which is the fast kind everywhere: in wasm 1.2 times as fast as plain (2 threads).
 */
export function formOf({ device = 'cpu' }: SessionOptions): Form {
  return { target: device === 'cpu' ? 'cpu' : 'portable', layout: 'folded' };
}

export interface AutoencoderWeights {
  meta: AutoencoderMeta;
  weights: ReadonlyMap<string, Float32Array>;
  /** [codes, latentChannels] */
  codebook: Float32Array;
}

/** [L, d, h, w] of the latents of masks of x, y, z voxels. */
export function latentShape(meta: Pick<AutoencoderMeta, 'config' | 'size'>): number[] {
  const f = latentFactor(meta.config);
  const [x, y, z] = encoderSize(meta.config, meta.size);
  return [meta.config.latentChannels, z / f, y / f, x / f];
}

function encoderGraph(meta: AutoencoderMeta, batch: number) {
  const graph = new Graph();
  const [x, y, z] = meta.size;
  const latent = encoder(new Scope(graph, 'encoder'), graph.input('x', [batch, 1, z, y, x]), meta.config);
  return { graph, latent };
}

/** What turns a normalised latent `z` [1, L, d, h, w] into logits; with `passing`, gradients pass the codebook straight through. */
export function decoderGraph(
  meta: AutoencoderMeta,
  codebook: Float32Array,
  mean: ArrayLike<number>,
  deviation: readonly number[],
  passing = false,
) {
  const graph = new Graph();
  const shape = latentShape(meta);
  const channels = [1, shape[0], 1, 1, 1];
  const centre = mean.length === shape[0] ? channels : [1, ...shape];
  const z = graph.input('latent', [1, ...shape]);
  const scaled = add(
    multiply(z, graph.constant(Float32Array.from(deviation), channels)),
    graph.constant(Float32Array.from(mean), centre),
  );
  const { quantised } = quantise(
    scaled,
    graph.constant(codebook, [meta.config.codes, meta.config.latentChannels]),
  );
  const [sx, sy, sz] = meta.size;
  const code = passing ? straightThrough(scaled, quantised) : quantised;
  const logits = decoder(new Scope(graph, 'decoder'), code, meta.config, [sz, sy, sx]);
  return { graph, z, logits };
}

/** The ONNX model from a normalised latent [1, L, d, h, w] to logits [1, 1, D, H, W]; `mean` of each channel, or a latent. */
export function decoderModel(
  { meta, weights, codebook }: AutoencoderWeights,
  mean: ArrayLike<number>,
  deviation: readonly number[],
  form = formFor(false),
): Uint8Array {
  const { graph, logits } = decoderGraph(meta, codebook, mean, deviation);
  return emit(graph, { outputs: { logits }, weights, ...form, name: 'decoder' }).model;
}

/** Names and shapes of an autoencoder's weights, without the codebook [codes, latentChannels]. */
export function autoencoderParameters(meta: AutoencoderMeta): ParameterSpec[] {
  const { codes, latentChannels } = meta.config;
  const zeros = Array<number>(latentChannels).fill(0);
  return [
    ...encoderGraph(meta, 1).graph.parameters,
    ...decoderGraph(meta, new Float32Array(codes * latentChannels), zeros, zeros).graph.parameters,
  ];
}

/** The autoencoder's weights beside a generator, in its run and where it is exported: each is complete in itself. */
export const AUTOENCODER_FILE = 'autoencoder.safetensors';

/** Masks [N, 1, D, H, W] in +-1 to latents; one case a run, so that results do not depend on the batch. */
export class Encoder {
  readonly #session: Session;
  readonly shape: number[];
  readonly #input: number[];

  private constructor(session: Session, meta: AutoencoderMeta) {
    this.#session = session;
    this.shape = latentShape(meta);
    this.#input = [1, 1, meta.size[2], meta.size[1], meta.size[0]];
  }

  static async create(
    { meta, weights }: Pick<AutoencoderWeights, 'meta' | 'weights'>,
    options: SessionOptions = {},
  ): Promise<Encoder> {
    const { graph, latent } = encoderGraph(meta, 1);
    return new Encoder(
      await Session.create(emit(graph, { outputs: { latent }, weights, ...formFor(false) }).model, options),
      meta,
    );
  }

  /** The latents of one mask in +-1. */
  async encode(mask: Float32Array): Promise<Float32Array> {
    const { latent } = await this.#session.run({ x: value(mask, this.#input) }, { latent: null });
    return latent.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Normalised latents to logits of bone, one case a run. */
export class Decoder {
  readonly #session: Session;
  readonly #shape: number[];

  private constructor(session: Session, meta: AutoencoderMeta) {
    this.#session = session;
    this.#shape = [1, ...latentShape(meta)];
  }

  /** `mean` and `deviation` of each latent channel: 0 and 1 for latents that are not normalised. The mean may be a latent. */
  static async create(
    autoencoder: AutoencoderWeights,
    mean: ArrayLike<number>,
    deviation: readonly number[],
    options: SessionOptions = {},
  ): Promise<Decoder> {
    return new Decoder(
      await Session.create(decoderModel(autoencoder, mean, deviation, formOf(options)), options),
      autoencoder.meta,
    );
  }

  /** Logits [D, H, W]; bone where positive. */
  async decode(latent: Float32Array): Promise<Float32Array> {
    const { logits } = await this.#session.run({ latent: value(latent, this.#shape) }, { logits: null });
    return logits.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
