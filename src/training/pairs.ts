/**
 * Pairs of noise and the sample that a trained generator makes of it (Liu et al. 2022, "Flow Straight and Fast"): what
 * reflow joins by straight lines, and the data that distillation starts from, so that neither needs a patient's.
 *
 * Pair i of a seed is a pure function of (source, settings, seed, i): its class has the training set's shares, its noise and
 * class come from streams of their own, other ones than `generate` draws from. Samples and labels are stored in shards
 *
 *   pairs-00003.safetensors     data [32, L, D, H, W], label [32]      pairs 96 .. 127
 *
 * each written whole or not at all: a rerun makes those that are missing. The noise is drawn again when it is needed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PairsConfig } from '../config/fewStep.ts';
import { CheckpointError } from '../errors.ts';
import { interruptedError, nextTurn } from '../files/interrupt.ts';
import { createProgress } from '../files/progress.ts';
import type { StoredTensor } from '../files/safetensors.ts';
import { readSafetensors, writeSafetensors } from '../files/safetensorsFile.ts';
import { elements } from '../graph/graph.ts';
import { RandomStream } from '../random/stream.ts';
import { BatchVelocity } from '../sampling/batchVelocity.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import { drawQuality, labelOfQuality } from '../sampling/latentSampler.ts';
import { SOLVERS } from '../sampling/solvers.ts';

/** Pairs sampled as one batch, always this many: a row's last bits may depend on the size of its batch. */
const BLOCK = 8;
const SHARD = 4 * BLOCK;

export interface PairOptions {
  seed: number;
  guidance: number;
  pairs: PairsConfig;
  /** `pairs` to train on, `held` to measure on: streams and files of their own. */
  kind: 'pairs' | 'held';
  /** The folder of the shards. */
  dir: string;
  signal?: AbortSignal;
  quiet?: boolean;
  threads?: number;
}

export interface PairSet {
  count: number;
  /** Normalised latents, flat. */
  data: readonly Float32Array[];
  labels: Int32Array;
  /** The noise that pair i came from. */
  noise(i: number): Float32Array;
}

interface Shard {
  data: Float32Array;
  label: Int32Array;
}

/** Reads the pairs in `dir`, after making those that are missing. Throws `CheckpointError`, `DiskError`, `InterruptedError`. */
export async function makePairs(source: GeneratorWeights, options: PairOptions): Promise<PairSet> {
  const { pairs, seed, guidance, kind, dir, signal } = options;
  const length = elements(source.meta.latentShape);
  const starts = [...Array(Math.ceil(pairs.count / SHARD)).keys()].map((k) => k * SHARD);
  const settings = { source: source.hash, kind, seed, guidance, solver: pairs.solver, steps: pairs.steps };
  const fileOf = (start: number) =>
    join(dir, `${kind}-${String(start / SHARD).padStart(5, '0')}.safetensors`);
  const most = (start: number) => Math.min(SHARD, pairs.count - start);
  const progress = createProgress({
    title: 'pairs of noise and sample',
    total: pairs.count,
    unit: 'pairs',
    quiet: options.quiet,
  });
  let network: BatchVelocity | undefined;
  try {
    const shards: Shard[] = [];
    for (const start of starts) {
      let shard = readShard(fileOf(start), settings, source.meta.latentShape, most(start));
      if (shard === undefined) {
        network ??= await BatchVelocity.create(
          source,
          { batch: BLOCK, guidance },
          { threads: options.threads },
        );
        shard = await makeShard(network, source, options, start, most(start), () => {
          if (signal?.aborted) throw interruptedError(`${start} of ${pairs.count} pairs are saved in ${dir}`);
        });
        writeShard(fileOf(start), settings, source.meta.latentShape, shard);
      }
      shards.push(shard);
      progress.update(start + most(start));
    }
    progress.finish();
    const at = (i: number) => shards[Math.floor(i / SHARD)];
    return {
      count: pairs.count,
      data: [...Array(pairs.count).keys()].map((i) =>
        at(i).data.subarray((i % SHARD) * length, ((i % SHARD) + 1) * length),
      ),
      labels: Int32Array.from({ length: pairs.count }, (_, i) => at(i).label[i % SHARD]),
      noise: (i) => noiseOf(seed, kind, i, length),
    };
  } catch (error) {
    progress.finish();
    throw error;
  } finally {
    await network?.release();
  }
}

const noiseOf = (seed: number, kind: string, i: number, length: number): Float32Array =>
  new RandomStream(seed, `pairs/noise/${kind}`, i).fillNormal(new Float32Array(length));

/** Pairs `start` .. `start + count - 1`; the last block is filled up with pairs that are thrown away. */
async function makeShard(
  network: BatchVelocity,
  { meta }: GeneratorWeights,
  { seed, pairs, kind }: PairOptions,
  start: number,
  count: number,
  pause: () => void,
): Promise<Shard> {
  const length = elements(meta.latentShape);
  const data = new Float32Array(count * length);
  const label = new Int32Array(count);
  for (let from = 0; from < count; from += BLOCK) {
    const labels = Int32Array.from({ length: BLOCK }, (_, b) =>
      labelOfQuality(drawQuality(meta, new RandomStream(seed, `pairs/quality/${kind}`, start + from + b))),
    );
    const noise = new Float32Array(BLOCK * length);
    for (let b = 0; b < BLOCK; b++) noise.set(noiseOf(seed, kind, start + from + b, length), b * length);
    const field = network.field(labels);
    const velocity = async (x: Float32Array, t: number) => {
      pause();
      // A run blocks the event loop; give signals a chance to be heard.
      await nextTurn();
      return field(x, new Float32Array(BLOCK).fill(t));
    };
    const samples = await SOLVERS[pairs.solver](velocity, noise, { steps: pairs.steps });
    const whole = Math.min(BLOCK, count - from);
    data.set(samples.subarray(0, whole * length), from * length);
    label.set(labels.subarray(0, whole), from);
  }
  return { data, label };
}

const KEY = 'pairs';

function writeShard(file: string, settings: object, shape: readonly number[], { data, label }: Shard): void {
  const tensors = new Map<string, StoredTensor>([
    ['data', { dtype: 'F32', shape: [label.length, ...shape], data }],
    ['label', { dtype: 'I32', shape: [label.length], data: label }],
  ]);
  writeSafetensors(file, tensors, { [KEY]: JSON.stringify(settings) });
}

/** A stored shard; undefined where there is none with `count` pairs. Throws `CheckpointError` for one of other settings. */
function readShard(
  file: string,
  settings: object,
  shape: readonly number[],
  count: number,
): Shard | undefined {
  if (!existsSync(file)) return undefined;
  const { tensors, metadata } = readSafetensors(file);
  const data = tensors.get('data');
  const label = tensors.get('label');
  const whole =
    metadata[KEY] === JSON.stringify(settings) &&
    data?.data instanceof Float32Array &&
    label?.data instanceof Int32Array &&
    data.shape.join() === [label.data.length, ...shape].join();
  if (!whole)
    throw new CheckpointError({
      found: `${file} was made with ${metadata[KEY] ?? 'no settings'}`,
      expected: JSON.stringify(settings),
      todo: 'go on with the source and the settings that the pairs were made with, or choose another --out',
    });
  if (label.data.length < count) return undefined;
  return { data: data.data as Float32Array, label: label.data as Int32Array };
}
