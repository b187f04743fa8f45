/**
 * A trained completer at work: the defective mask in the canonical frame, on the grid of its training, becomes the belief in
 * bone of every voxel of the whole one. One case a run. What bone there was stays in the answer, whatever the network
 * believes: an implant is added to a bone, never taken from it.
 */
import { createHash } from 'node:crypto';
import { CheckpointError, GridError } from '../../errors.ts';
import { readSafetensors } from '../../files/safetensorsFile.ts';
import { weightsFile } from '../../files/weightsFile.ts';
import { emit } from '../../graph/emit.ts';
import { elements, Graph, type ParameterSpec } from '../../graph/graph.ts';
import { completer } from '../../models/completer.ts';
import { type CompleterMeta, completerMetaSchema, decodeMeta, floats } from '../../models/metadata.ts';
import { Scope } from '../../nn/scope.ts';
import { Session, type SessionOptions, value } from '../../runtime/session.ts';
import { formFor } from '../../sampling/autoencoder.ts';
import { cropToBone } from '../../skull/orient.ts';
import { requireSameGrid } from '../../volume/sameGrid.ts';
import { centredGrid, type Grid, type Mask, voxelCount } from '../../volume/volume.ts';
import { learntSets } from '../learnt.ts';
import type { Completion, CompletionMethod } from './method.ts';

/** The prefix of the weights' names. */
export const COMPLETER_SCOPE = 'completer';

/** The name of the mean training bone beside the weights. */
export const TEMPLATE = 'template';

type Network = Pick<CompleterMeta, 'config' | 'size'>;

export interface CompleterWeights {
  meta: CompleterMeta;
  weights: ReadonlyMap<string, Float32Array>;
  /** Share of the training bones that have bone at each voxel, 0 to 255. */
  template: Uint8Array;
  /** SHA-256 over the weights and the template: which network it is. */
  hash: string;
}

function networkGraph({ config, size: [x, y, z] }: Network, template: Uint8Array) {
  const graph = new Graph();
  const mask = graph.input('x', [1, 1, z, y, x]);
  return { graph, logits: completer(new Scope(graph, COMPLETER_SCOPE), mask, config, template) };
}

/** Names and shapes of the weights of a completer. */
export const completerParameters = (network: Network): readonly ParameterSpec[] =>
  networkGraph(network, new Uint8Array(voxelCount(network.size))).graph.parameters;

/** Reads a completer's weights from its run; throws `CheckpointError` when they are not those of such a network. */
export function readCompleter(path: string): CompleterWeights {
  const file = weightsFile(path);
  const { tensors, metadata } = readSafetensors(file);
  const meta = decodeMeta(completerMetaSchema, metadata, file);
  const specs = completerParameters(meta).map((p) => ({ name: p.name, length: elements(p.shape) }));
  const weights = floats(tensors, specs, file);
  const template = tensors.get(TEMPLATE)?.data;
  const voxels = voxelCount(meta.size);
  if (!(template instanceof Uint8Array) || template.length !== voxels)
    throw new CheckpointError({
      found: `${file} has no mean training bone of ${voxels} voxels`,
      expected: 'the weights of a completer as they were written',
      todo: 'use the file of another checkpoint, or train again',
    });
  const hash = createHash('sha256');
  for (const data of weights.values())
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  hash.update(template);
  return { meta, weights, template, hash: hash.digest('hex') };
}

/** The grid that a completer works on: axis-aligned, its middle at the origin of the canonical frame. */
export function completerGrid({ size, spacing }: Pick<CompleterMeta, 'size' | 'spacing'>): Grid {
  return centredGrid(size, [spacing, spacing, spacing]);
}

/** Masks in +-1 to beliefs in bone. */
export class Completer {
  readonly #session: Session;
  readonly #shape: number[];

  private constructor(session: Session, { size: [x, y, z] }: Network) {
    this.#session = session;
    this.#shape = [1, 1, z, y, x];
  }

  static async create(
    { meta, weights, template }: Pick<CompleterWeights, 'weights' | 'template'> & { meta: Network },
    options: SessionOptions = {},
  ): Promise<Completer> {
    const { graph, logits } = networkGraph(meta, template);
    const { model } = emit(graph, { outputs: { logits }, weights, ...formFor(false) });
    return new Completer(await Session.create(model, options), meta);
  }

  /** `sigmoid(logits)` [D, H, W] of one mask in +-1. */
  async believe(mask: Float32Array): Promise<Float32Array> {
    const { logits } = await this.#session.run({ x: value(mask, this.#shape) }, { logits: null });
    return (logits.data as Float32Array).map((l) => 1 / (1 + Math.exp(-l)));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** The answer to a defective mask from the beliefs of a network: `whole = present or p >= 1/2`. */
export function answerOf(defective: Mask, probability: Float32Array): Completion {
  const data = defective.data.map((v, i) => (v !== 0 || probability[i] >= 0.5 ? 1 : 0));
  return { whole: { ...defective, data }, probability };
}

/** The completion by the network of a run, ready. Throws `CheckpointError` where the run is none of a completer. */
export async function openUnet(
  run: string,
  options: SessionOptions = {},
): Promise<CompletionMethod & { readonly weights: CompleterWeights }> {
  const weights = readCompleter(run);
  const { meta } = weights;
  const network = await Completer.create(weights, options);
  const grid = completerGrid(meta);
  return {
    name: 'U-Net',
    words: `a 3D U-Net that learnt to predict the whole ${meta.bone} (${meta.dataset})`,
    weights,
    learnt: {
      size: meta.size,
      spacing: meta.spacing,
      bone: meta.bone,
      data: learntSets(meta),
      weights: weights.hash,
    },
    async complete(defective, { signal }) {
      signal?.throwIfAborted();
      requireGrid(defective, grid, meta.bone);
      // Refuses a mask without bone.
      cropToBone(defective);
      const x = Float32Array.from(defective.data, (v) => (v !== 0 ? 1 : -1));
      return [answerOf(defective, await network.believe(x))];
    },
    release: () => network.release(),
  };
}

function requireGrid(mask: Grid, own: Grid, bone: string): void {
  try {
    requireSameGrid(mask, own, 'the mask', 'the network');
  } catch (cause) {
    if (!(cause instanceof GridError)) throw cause;
    throw new GridError(
      {
        found: cause.explanation.found,
        expected: `${bone} masks on the grid of the network's training`,
        todo: 'bring the mask onto that grid (`task complete apply` does), or use a network trained on yours',
      },
      { cause },
    );
  }
}
