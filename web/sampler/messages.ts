/**
 * What a page and the sampler's worker say to each other. The page sends requests, numbered; the worker answers each with
 * events and in the end with one `done` or `failed`. Arrays that are given away are moved, not copied.
 */
import type { Explanation } from '../../src/errors.ts';
import type { GeneratorMeta } from '../../src/models/metadata.ts';
import type { SampleSettings } from '../../src/sampling/latentSampler.ts';
import type { SolverName } from '../../src/sampling/solverNames.ts';
import type { PackedMask } from '../ui/mask.ts';

/** A weights file: where it was read from, as messages name it, and what it holds. */
export interface WeightsFile {
  name: string;
  bytes: ArrayBuffer;
  /** SHA-256 of the whole file, where the page knows it: then a visitor is told in words of theirs what is damaged. */
  sha256?: string;
}

/** The two files of a generator. */
export interface WeightsBytes {
  model: WeightsFile;
  autoencoder: WeightsFile;
}

/** Addresses of one build of ONNX Runtime: its script, and its WebAssembly packed by gzip. */
export interface RuntimeBuild {
  script: string;
  wasm: string;
}

/** Without WebGPU and with it. */
export interface RuntimeBuilds {
  cpu: RuntimeBuild;
  gpu: RuntimeBuild;
}

/** `auto`: the GPU where there is one that agrees with the processor, else the processor. */
export type DeviceWish = 'auto' | 'gpu' | 'cpu';

export interface LoadRequest {
  weights: WeightsBytes;
  builds: RuntimeBuilds;
  device: DeviceWish;
  threads: number;
}

/** What a generator is and how it can be sampled. */
export interface Loaded {
  meta: GeneratorMeta;
  /** SHA-256 over the weights, verified. */
  hash: string;
  solvers: readonly SolverName[];
  defaults: { steps: number; solver: SolverName; guidance: number };
  /** Most steps of a solver. */
  stepsMost: number;
  /** A guidance scale in the weights that cannot be changed; 1 for none. */
  bakedGuidance: number;
  device: 'gpu' | 'cpu';
  threads: number;
  /** Of the GPU: largest difference from the processor in a first evaluation, relative. */
  agreement?: number;
  /** What a person should know: why it is not the device that was wished for. */
  notes: string[];
  seconds: number;
}

export interface SampleRequest extends SampleSettings {
  seed: number;
  index: number;
  /** The state is decoded and shown after every so many steps, and at the start; 0: only at the end. */
  showEvery: number;
}

/** Network evaluations and steps so far. */
export interface Progress {
  done: number;
  /** null where the solver decides as it goes. */
  total: number | null;
  /** 0 noise to 1 data. */
  t: number;
  /** The state, decoded, where it is shown; its spacing and size are the generator's. */
  shown?: PackedMask;
}

export interface Sampled {
  mask: PackedMask;
  /** The normalised latent that the mask was decoded from. */
  latent: Float32Array;
  quality: number;
  /** No voxel is bone. */
  empty: boolean;
  evaluations: number;
  seconds: number;
  /** Of it, spent on decoding the states that were shown. */
  showing: number;
}

export type Request =
  | { id: number; kind: 'load'; ask: LoadRequest }
  | { id: number; kind: 'sample'; ask: SampleRequest }
  /** Ends the request of that number, as soon as the network's present evaluation is over. */
  | { id: number; kind: 'cancel' };

export type Reply =
  /** What is being done, in words. */
  | { id: number; kind: 'doing'; what: string }
  | { id: number; kind: 'progress'; progress: Progress }
  | { id: number; kind: 'loaded'; loaded: Loaded }
  | { id: number; kind: 'sampled'; sampled: Sampled }
  | { id: number; kind: 'cancelled' }
  /** `ofGpuBuild`: the runtime for the GPU did not start, that for the processor may. */
  | { id: number; kind: 'failed'; error: Explanation; ofGpuBuild?: boolean };
