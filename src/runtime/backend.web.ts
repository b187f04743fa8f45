/**
 * ONNX Runtime as a browser has it, in the place of `backend.ts`: one of two builds of WebAssembly, with WebGPU or without. Which
 * one, and where its files lie, a page says once by `startRuntime`, before any session.
 */
import type * as ort from 'onnxruntime-web';
import { type Device, RuntimeError } from './session.ts';

/** One build of the runtime: its script by address, its WebAssembly by bytes. */
export interface RuntimeFiles {
  script: string;
  wasm: ArrayBuffer;
}

let started: { ort: typeof ort; gpu: boolean; threads: number } | undefined;

/** Loads a build; `threads` above 1 need a page that is isolated from other origins. May be called once. */
export async function startRuntime(
  { script, wasm }: RuntimeFiles,
  { gpu, threads }: { gpu: boolean; threads: number },
): Promise<void> {
  const module = gpu ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  module.env.wasm.wasmPaths = { mjs: script };
  module.env.wasm.wasmBinary = wasm;
  module.env.wasm.numThreads = threads;
  // Warnings of the runtime are for its makers; errors come back to whoever called.
  module.env.logLevel = 'error';
  started = { ort: module as typeof ort, gpu, threads };
}

function present(): NonNullable<typeof started> {
  if (started !== undefined) return started;
  throw new RuntimeError({
    found: 'the runtime was not started',
    expected: 'startRuntime before the first session',
    todo: 'report this: it is a fault of the page',
  });
}

/** The runtime's own module. */
export const runtime = (): Pick<typeof ort, 'InferenceSession' | 'Tensor'> => present().ort;

/** Fixed when the runtime started, for all sessions. */
export const defaultThreads = (): number => present().threads;

/** What the runtime calls a device. */
export const providerOf = (device: Device): string => (device === 'cpu' ? 'wasm' : device);
