/**
 * The velocity network over a batch whose samples have times and labels of their own, as trainings ask it: x [N L D H W]
 * flat, t [N], label [N]. With weights baked in (a source that stays as it is) or as an input of the model (a network in
 * training: compiled once, run with the weights of each step).
 */
import { emit } from '../graph/emit.ts';
import { elements, type ParameterSpec } from '../graph/graph.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import { type NetworkWeights, velocityGraph, velocityModel } from './network.ts';

/** A velocity field at the states of a batch, each at its time. The result belongs to the caller. */
export type VelocityField = (x: Float32Array, t: Float32Array) => Promise<Float32Array>;

/** A network with its weights baked in, for batches of one size. */
export class BatchVelocity {
  readonly #session: Session;
  readonly #shape: readonly number[];
  readonly #empty: number;
  readonly #guidance: number;

  private constructor(session: Session, meta: GeneratorMeta, guidance: number) {
    this.#session = session;
    this.#shape = meta.latentShape;
    this.#empty = meta.config.classes;
    this.#guidance = guidance;
  }

  /** Compiles the network for batches of `batch`, guided by a scale (1: not). */
  static async create(
    network: NetworkWeights,
    { batch, guidance = 1 }: { batch: number; guidance?: number },
    options: SessionOptions = {},
  ): Promise<BatchVelocity> {
    const rows = guidance === 1 ? batch : 2 * batch;
    const session = await Session.create(velocityModel(network, rows), options);
    return new BatchVelocity(session, network.meta, guidance);
  }

  /** `v_null + scale (v_class - v_null)` for samples of these labels. */
  field(labels: Int32Array): VelocityField {
    const scale = this.#guidance;
    if (scale === 1) return (x, t) => this.#run(x, t, labels);
    const both = Int32Array.from([...labels.map(() => this.#empty), ...labels]);
    return async (x, t) => {
      const v = await this.#run(twice(x), twice(t), both);
      const n = x.length;
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = v[i] + scale * (v[n + i] - v[i]);
      return out;
    };
  }

  async #run(x: Float32Array, t: Float32Array, label: Int32Array): Promise<Float32Array> {
    const feeds = {
      x: value(x, [t.length, ...this.#shape]),
      t: value(t, [t.length]),
      label: value(label, [t.length]),
    };
    return (await this.#session.run(feeds, { velocity: null })).velocity.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function twice(a: Float32Array): Float32Array {
  const out = new Float32Array(2 * a.length);
  out.set(a);
  out.set(a, a.length);
  return out;
}

/** A network whose weights are given with each run. */
export class LiveVelocity {
  readonly #session: Session;
  readonly #shape: readonly number[];
  readonly #specs: readonly ParameterSpec[];

  private constructor(session: Session, shape: readonly number[], specs: readonly ParameterSpec[]) {
    this.#session = session;
    this.#shape = shape;
    this.#specs = specs;
  }

  static async create(
    meta: Pick<GeneratorMeta, 'config' | 'latentShape'>,
    batch: number,
    options: SessionOptions = {},
  ): Promise<LiveVelocity> {
    const { graph, velocity } = velocityGraph(meta, batch);
    const session = await Session.create(emit(graph, { outputs: { velocity } }).model, options);
    return new LiveVelocity(session, meta.latentShape, graph.parameters);
  }

  /** The velocity with these weights, for samples of these labels. */
  field(weights: ReadonlyMap<string, Float32Array>, labels: Int32Array): VelocityField {
    const flat = new Float32Array(this.#specs.reduce((n, { shape }) => n + elements(shape), 0));
    for (const { name, offset } of this.#specs) flat.set(weights.get(name)!, offset);
    const parameters = value(flat, [flat.length]);
    return async (x, t) => {
      const feeds = {
        parameters,
        x: value(x, [t.length, ...this.#shape]),
        t: value(t, [t.length]),
        label: value(labels, [t.length]),
      };
      return (await this.#session.run(feeds, { velocity: null })).velocity.data as Float32Array;
    };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
