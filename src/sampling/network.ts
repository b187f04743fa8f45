/**
 * The velocity network at work: as a graph, as an ONNX model with its weights baked in, and as a function of state and time
 * that a solver integrates. Classifier-free guidance (Ho & Salimans 2022) runs both branches as one batch of two:
 *
 *   v = v_null + scale (v_class - v_null), over all channels;
 *
 * within an interval of times, where one is given, and the class alone outside it (Kynkaanniemi et al. 2024).
 */
import type { StoredTensor } from '../files/safetensors.ts';
import { emit } from '../graph/emit.ts';
import { Graph } from '../graph/graph.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import { unet } from '../models/unet.ts';
import { Scope } from '../nn/scope.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import { formFor, formOf } from './autoencoder.ts';
import type { Velocity } from './solvers/solver.ts';

/** A velocity network without the autoencoder that its latents come from. */
export interface NetworkWeights {
  meta: GeneratorMeta;
  weights: ReadonlyMap<string, Float32Array>;
  /** The mean latent [L, D, H, W] that samples are relative to, where the network learnt residuals. */
  meanLatent?: Float32Array;
}

/** The tensor beside the weights that holds the mean latent. */
export const MEAN_LATENT = 'meanLatent';

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
  { meta, weights }: Pick<NetworkWeights, 'meta' | 'weights'>,
  batch: number,
  form = formFor(false),
) {
  const { graph, velocity } = velocityGraph(meta, batch);
  return emit(graph, { outputs: { velocity }, weights, ...form, name: 'velocity' }).model;
}

/** What `model.safetensors` of a generator holds. */
export function networkTensors({ meta, weights, meanLatent }: NetworkWeights): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of velocityGraph(meta, 1).graph.parameters)
    tensors.set(name, { dtype: 'F32', shape: [...shape], data: weights.get(name)! });
  if (meanLatent !== undefined)
    tensors.set(MEAN_LATENT, { dtype: 'F32', shape: meta.latentShape, data: meanLatent });
  return tensors;
}

export interface Guidance {
  /** 0 without a class, 1 the class alone, above 1 pushed towards it. */
  guidance: number;
  /** Times in which the scale holds; outside, the class alone. Default: always. */
  guidanceInterval?: readonly [from: number, to: number];
}

/** A velocity network ready to run. */
export class VelocityNetwork {
  readonly #source: NetworkWeights;
  readonly #options: SessionOptions;
  /** Compiled when first needed, by batch size: guidance needs 2, a single branch 1. */
  readonly #sessions = new Map<number, Promise<Session>>();

  constructor(source: NetworkWeights, options: SessionOptions = {}) {
    this.#source = source;
    this.#options = options;
  }

  /** The guided velocity for a class label, as a function of state and time. */
  guided(label: number, { guidance, guidanceInterval: [from, to] = [0, 1] }: Guidance): Velocity {
    const empty = this.#source.meta.config.classes;
    return async (x, t) => {
      const scale = t >= from && t <= to ? guidance : 1;
      if (scale === 1) return this.#run(x, t, [label]);
      if (scale === 0) return this.#run(x, t, [empty]);
      const both = await this.#run(x, t, [empty, label]);
      const n = x.length;
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = both[i] + scale * (both[n + i] - both[i]);
      return out;
    };
  }

  #session(batch: number): Promise<Session> {
    let session = this.#sessions.get(batch);
    if (session === undefined) {
      session = Session.create(velocityModel(this.#source, batch, formOf(this.#options)), this.#options);
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
