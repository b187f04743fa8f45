/**
 * How well a latent decodes to what is known of a bone, and which way it should move: the weighted cross-entropy
 *
 *   L(z) = sum w (softplus(l) - l y) / sum w,   l = decode(quantise(z)), y the bone of the scan, w how sure each voxel is
 *
 * and dL/dz, the gradient passing the codebook straight through. One compiled graph, forward and backward; the weights of the
 * decoder are constants in it. z is a normalised latent [L, d, h, w]; y, w and l are [D, H, W].
 */
import { gradients } from '../../graph/autodiff.ts';
import { emit } from '../../graph/emit.ts';
import { divide, multiply, subtract } from '../../graph/ops/binary.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { softplus } from '../../graph/ops/unary.ts';
import { Session, type SessionOptions, value } from '../../runtime/session.ts';
import { decoderGraph, latentShape } from '../../sampling/autoencoder.ts';
import type { GeneratorWeights } from '../../sampling/generator.ts';

export interface Fit {
  loss: number;
  gradient: Float32Array;
  /** Logits of bone of the decoded latent. */
  logits: Float32Array;
}

export class LatentFit {
  readonly #session: Session;
  readonly #latent: number[];
  readonly #volume: number[];

  private constructor(session: Session, latent: number[], volume: number[]) {
    this.#session = session;
    this.#latent = latent;
    this.#volume = volume;
  }

  static async create(
    { meta, meanLatent, autoencoder }: GeneratorWeights,
    options: SessionOptions = {},
  ): Promise<LatentFit> {
    const mean = meanLatent ?? meta.latentMean;
    const { graph, z, logits } = decoderGraph(
      autoencoder.meta,
      autoencoder.codebook,
      mean,
      meta.latentDeviation,
      true,
    );
    const y = graph.input('y', logits.shape);
    const w = graph.input('w', logits.shape);
    const loss = divide(sum(multiply(w, subtract(softplus(logits), multiply(logits, y)))), sum(w));
    const [gradient] = gradients(loss, [z]);
    const { model } = emit(graph, {
      outputs: { loss, gradient: gradient!, logits },
      weights: autoencoder.weights,
    });
    const session = await Session.create(model, options);
    return new LatentFit(session, [1, ...latentShape(autoencoder.meta)], [...logits.shape]);
  }

  /** Loss, gradient and logits at `z`, for the bone `y` (0 or 1) weighted by `w`. */
  async at(z: Float32Array, y: Float32Array, w: Float32Array): Promise<Fit> {
    const { loss, gradient, logits } = await this.#session.run(
      { latent: value(z, this.#latent), y: value(y, this.#volume), w: value(w, this.#volume) },
      { loss: null, gradient: null, logits: null },
    );
    return {
      loss: (loss.data as Float32Array)[0],
      gradient: gradient.data as Float32Array,
      logits: logits.data as Float32Array,
    };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
