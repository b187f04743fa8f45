/**
 * The aligner's network at work: cubes in, poses out, in batches of a fixed size (a last one is filled up and the rest thrown
 * away). Reading its weights, and the graph that they belong to.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readSafetensors } from '../files/safetensorsFile.ts';
import { weightsFile } from '../files/weightsFile.ts';
import { emit } from '../graph/emit.ts';
import { elements, Graph, type ParameterSpec } from '../graph/graph.ts';
import { poseOf } from '../models/aligner.ts';
import { type AlignerMeta, alignerMetaSchema, decodeMeta, floats } from '../models/metadata.ts';
import { Scope } from '../nn/scope.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import type { Mat3, Vec3 } from '../volume/volume.ts';
import { type CubeMap, fillCube } from './cube.ts';
import type { SoftBone } from './softBone.ts';
import { orthonormal } from './turns.ts';

export interface AlignerWeights {
  meta: AlignerMeta;
  weights: ReadonlyMap<string, Float32Array>;
}

/** What the network says of one cube: `y = R u + m` for u in mm from the cube's centre, and two deviations. */
export interface NetworkPose {
  rotation: Mat3;
  /** m, mm. */
  centre: Vec3;
  /** Radians. */
  turn: number;
  /** mm. */
  shift: number;
}

/** The prefix of the weights' names. */
export const ALIGNER_SCOPE = 'aligner';

/** Cubes in one run of the network. */
const BATCH = 8;

function poseGraph({ config }: Pick<AlignerMeta, 'config'>) {
  const graph = new Graph();
  const { side } = config;
  const cubes = graph.input('x', [BATCH, 1, side, side, side]);
  return { graph, pose: poseOf(new Scope(graph, ALIGNER_SCOPE), cubes, config) };
}

/** Names and shapes of the aligner's weights. */
export function alignerParameters(meta: Pick<AlignerMeta, 'config'>): ParameterSpec[] {
  return poseGraph(meta).graph.parameters;
}

/** SHA-256 of the weights file, in hex. */
export function alignerHash(path: string): string {
  return createHash('sha256')
    .update(readFileSync(weightsFile(path)))
    .digest('hex');
}

/** Reads the weights of an aligner. Throws `CheckpointError` when there are none, or not those of the network they describe. */
export function readAligner(path: string): AlignerWeights {
  const file = weightsFile(path);
  const { tensors, metadata } = readSafetensors(file);
  const meta = decodeMeta(alignerMetaSchema, metadata, file);
  const names = alignerParameters(meta).map((p) => ({ name: p.name, length: elements(p.shape) }));
  return { meta, weights: floats(tensors, names, file) };
}

/** Cubes to poses. */
export class PoseNetwork {
  readonly #session: Session;
  readonly #meta: AlignerMeta;

  private constructor(session: Session, meta: AlignerMeta) {
    this.#session = session;
    this.#meta = meta;
  }

  static async create({ meta, weights }: AlignerWeights, options: SessionOptions = {}): Promise<PoseNetwork> {
    const { graph, pose } = poseGraph(meta);
    const { rotation, centre, logTurn, logShift } = pose;
    const outputs = { rotation, centre, logTurn, logShift };
    const { model } = emit(graph, { outputs, weights, target: 'cpu', layout: 'folded' });
    return new PoseNetwork(await Session.create(model, options), meta);
  }

  /** The poses of a bone seen through each of `maps`. */
  async look(bone: SoftBone, maps: readonly CubeMap[]): Promise<NetworkPose[]> {
    const { config, cubeMm } = this.#meta;
    const { side } = config;
    const half = cubeMm / 2;
    const x = new Float32Array(BATCH * side ** 3);
    const poses: NetworkPose[] = [];
    for (let from = 0; from < maps.length; from += BATCH) {
      const part = maps.slice(from, from + BATCH);
      part.forEach((map, i) => void fillCube(bone, { side, cubeMm }, map, x, i * side ** 3));
      const out = await this.#session.run(
        { x: value(x, [BATCH, 1, side, side, side]) },
        { rotation: null, centre: null, logTurn: null, logShift: null },
      );
      const numbers = (name: string) => out[name].data as Float32Array;
      part.forEach((_, i) => {
        const centre = Array.from(numbers('centre').subarray(3 * i, 3 * i + 3), (v) => v * half);
        poses.push({
          // In double precision again.
          rotation: orthonormal(
            Array.from(numbers('rotation').subarray(9 * i, 9 * i + 9)) as unknown as Mat3,
          ),
          centre: centre as unknown as Vec3,
          turn: Math.exp(numbers('logTurn')[i]),
          shift: Math.exp(numbers('logShift')[i]) * half,
        });
      });
    }
    return poses;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
