/**
 * A trained contrastive encoder at work: a mask becomes the features before its projection head. One case a run, so that
 * what describes a shape does not depend on the shapes beside it.
 */
import { readSafetensors } from '../files/safetensorsFile.ts';
import { weightsFile } from '../files/weightsFile.ts';
import { emit } from '../graph/emit.ts';
import { elements, Graph, type ParameterSpec } from '../graph/graph.ts';
import { shapeFeaturesOf } from '../models/encoder.ts';
import { decodeMeta, type EncoderMeta, encoderMetaSchema, floats } from '../models/metadata.ts';
import { Scope } from '../nn/scope.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import { formFor } from './autoencoder.ts';

export interface ShapeEncoderWeights {
  meta: Pick<EncoderMeta, 'config' | 'size'>;
  weights: ReadonlyMap<string, Float32Array>;
}

/** The prefixes of the weights' names. */
export const ENCODER_SCOPE = 'encoder';
export const PROJECTION_SCOPE = 'projection';

function featureGraph({ config, size: [x, y, z] }: ShapeEncoderWeights['meta']) {
  const graph = new Graph();
  const masks = graph.input('x', [1, 1, z, y, x]);
  return { graph, features: shapeFeaturesOf(new Scope(graph, ENCODER_SCOPE), masks, config) };
}

/** Names and shapes of the weights that the features need. */
export function shapeEncoderParameters(meta: ShapeEncoderWeights['meta']): ParameterSpec[] {
  return featureGraph(meta).graph.parameters;
}

/** Reads an encoder's weights; throws `CheckpointError` when they are not those of the network they describe. */
export function readShapeEncoder(path: string): ShapeEncoderWeights & { meta: EncoderMeta } {
  const file = weightsFile(path);
  const { tensors, metadata } = readSafetensors(file);
  const meta = decodeMeta(encoderMetaSchema, metadata, file);
  const names = shapeEncoderParameters(meta).map((p) => ({ name: p.name, length: elements(p.shape) }));
  return { meta, weights: floats(tensors, names, file) };
}

/** Masks in +-1 to features. */
export class ShapeEncoder {
  readonly #session: Session;
  readonly #shape: number[];

  private constructor(session: Session, { size: [x, y, z] }: ShapeEncoderWeights['meta']) {
    this.#session = session;
    this.#shape = [1, 1, z, y, x];
  }

  static async create(
    { meta, weights }: ShapeEncoderWeights,
    options: SessionOptions = {},
  ): Promise<ShapeEncoder> {
    const { graph, features } = featureGraph(meta);
    const { model } = emit(graph, { outputs: { features }, weights, ...formFor(false) });
    return new ShapeEncoder(await Session.create(model, options), meta);
  }

  /** The features [F] of one mask in +-1. */
  async describe(mask: Float32Array): Promise<Float32Array> {
    const { features } = await this.#session.run({ x: value(mask, this.#shape) }, { features: null });
    return features.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
