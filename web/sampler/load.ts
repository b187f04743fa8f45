/** The worker's first job: the runtime's files, the weights checked, the networks compiled on the device that serves. */
import { CranioflowError, FileError } from '../../src/errors.ts';
import { decodeSafetensors } from '../../src/files/safetensors.ts';
import { Sha256 } from '../../src/files/sha256.ts';
import { startRuntime } from '../../src/runtime/backend.web.ts';
import { RuntimeError } from '../../src/runtime/session.ts';
import { Generator, type GeneratorWeights } from '../../src/sampling/generator.ts';
import { openGenerator } from '../../src/sampling/openWeights.ts';
import { bakedGuidance, SOLVERS_OF, sampleDefaults } from '../../src/sampling/solverNames.ts';
import { gpuGenerator, whyNoGpu } from './device.ts';
import { explain } from './explain.ts';
import type { Loaded, LoadRequest, RuntimeBuild, WeightsBytes, WeightsFile } from './messages.ts';

/** The build of the runtime with WebGPU cannot be fetched or started: that of the processor is another. */
export class GpuBuildError extends CranioflowError {
  readonly tag = 'gpu-build';
  constructor(cause: unknown) {
    const { found } = explain(cause);
    const expected = 'a runtime for the GPU that this browser can load and start';
    super({ found: `the GPU cannot be used: ${found}`, expected, todo: 'use the processor' }, { cause });
  }
}

/** The error of a file of the page that is not as it was written: whoever looks at the page can only tell. */
const unusable = (found: string, expected: string): FileError =>
  new FileError({
    found,
    expected,
    todo: 'reload the page; if it stays, tell whoever runs it that this file must be put there again',
  });

/** First bytes of either kind of file. */
const GZIP = [0x1f, 0x8b];
const WASM = [0, ...new TextEncoder().encode('asm')];

/** The WebAssembly at an address; unpacked where it is packed by gzip, which a file server may have undone. */
async function fetchedWasm(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok)
    throw unusable(
      `${address} cannot be fetched${response ? ` (${response.status})` : ''}`,
      'the files of this page beside it, and a connection',
    );
  if (!('DecompressionStream' in globalThis))
    throw new RuntimeError({
      found: 'a browser that cannot unpack gzip (DecompressionStream)',
      expected: 'a browser of 2023 or later',
      todo: 'update the browser, or use another one',
    });
  try {
    const bytes = await response.arrayBuffer();
    const wasm = startsWith(bytes, GZIP) ? await unpacked(bytes) : bytes;
    if (startsWith(wasm, WASM)) return wasm;
  } catch (error) {
    // Cut short on the way, or damaged within; else it is no fault of the file.
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
  throw unusable(`${address} is damaged`, 'WebAssembly, packed by gzip, as the page was written with');
}

const unpacked = (bytes: ArrayBuffer): Promise<ArrayBuffer> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();

const startsWith = (bytes: ArrayBuffer, start: readonly number[]): boolean => {
  const first = new Uint8Array(bytes).subarray(0, start.length);
  return start.every((byte, i) => first[i] === byte);
};

async function start(build: RuntimeBuild, gpu: boolean, threads: number): Promise<void> {
  await startRuntime({ script: build.script, wasm: await fetchedWasm(build.wasm) }, { gpu, threads });
}

function opened({ model, autoencoder }: WeightsBytes): GeneratorWeights {
  const open = ({ name, bytes, sha256 }: WeightsFile) => {
    if (sha256 !== undefined) checkSum(name, new Uint8Array(bytes), sha256);
    return { ...decodeSafetensors(new Uint8Array(bytes), name), name };
  };
  return openGenerator(
    open(model),
    () => open(autoencoder),
    () => new Sha256(),
  );
}

function checkSum(name: string, bytes: Uint8Array, expected: string): void {
  const hash = new Sha256();
  hash.update(bytes);
  const found = hash.digest('hex');
  if (found === expected) return;
  const short = (sum: string): string => `SHA-256 ${sum.slice(0, 12)}...`;
  throw unusable(`${name} is damaged: ${short(found)}`, `${short(expected)}, as the page was written with`);
}

type Made = Pick<Loaded, 'device' | 'agreement' | 'notes'> & { generator: Generator };

/** By the build with WebGPU: on the GPU where it can be trusted, else on the processor, and why. */
async function byGpuBuild(
  weights: GeneratorWeights,
  { builds, threads }: LoadRequest,
  doing: (what: string) => void,
): Promise<Made> {
  doing('starting the runtime for the GPU');
  await start(builds.gpu, true, threads);
  doing('compiling the networks for the GPU and comparing it with the processor');
  const found = await gpuGenerator(weights);
  if (!('refused' in found)) return { ...found, device: 'gpu', notes: [] };
  doing('compiling the networks');
  const generator = await Generator.create(weights);
  return { generator, device: 'cpu', notes: [`The processor is used: ${found.refused}.`] };
}

async function byCpuBuild(
  weights: GeneratorWeights,
  { builds, threads }: LoadRequest,
  doing: (what: string) => void,
): Promise<Made> {
  doing('starting the runtime');
  await start(builds.cpu, false, threads);
  doing('compiling the networks');
  return { generator: await Generator.create(weights), device: 'cpu', notes: [] };
}

/**
 * Makes a generator ready. Throws `CheckpointError` for weights that are damaged or not of a generator, `FileError` for files
 * that are missing or damaged, `RuntimeError` where the networks cannot be compiled, `GpuBuildError` for either where the
 * runtime was that of the GPU.
 */
export async function load(
  request: LoadRequest,
  doing: (what: string) => void,
): Promise<{ generator: Generator; loaded: Loaded }> {
  const { device, threads } = request;
  const begun = performance.now();
  doing('checking the weights');
  const weights = opened(request.weights);
  const noGpu = device === 'cpu' ? undefined : await whyNoGpu(device === 'gpu');
  const byGpu = device !== 'cpu' && noGpu === undefined;
  const { generator, notes, ...made } = byGpu
    ? await byGpuBuild(weights, request, doing).catch((cause) => {
        throw new GpuBuildError(cause);
      })
    : await byCpuBuild(weights, request, doing);
  const { meta, hash } = weights;
  return {
    generator,
    loaded: {
      meta,
      hash,
      solvers: SOLVERS_OF[meta.objective],
      defaults: sampleDefaults(meta),
      stepsMost: meta.diffusion?.steps ?? 1000,
      bakedGuidance: bakedGuidance(meta),
      ...made,
      threads,
      notes: noGpu === undefined ? notes : [`The processor is used: ${noGpu}.`],
      seconds: (performance.now() - begun) / 1000,
    },
  };
}
