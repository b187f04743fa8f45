/** The worker's first job: the runtime's files, the weights checked, the networks compiled on the device that serves. */
import { FileError } from '../../src/errors.ts';
import { decodeSafetensors } from '../../src/files/safetensors.ts';
import { Sha256 } from '../../src/files/sha256.ts';
import { startRuntime } from '../../src/runtime/backend.web.ts';
import { Generator, type GeneratorWeights } from '../../src/sampling/generator.ts';
import { openGenerator } from '../../src/sampling/openWeights.ts';
import { bakedGuidance, SOLVERS_OF, sampleDefaults } from '../../src/sampling/solverNames.ts';
import { gpuGenerator, whyNoGpu } from './device.ts';
import type { Loaded, LoadRequest, RuntimeBuild, WeightsBytes } from './messages.ts';

/** The bytes at an address; unpacked where they are packed by gzip, which a file server may have undone. */
async function fetched(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok)
    throw new FileError({
      found: `${address} cannot be fetched${response ? ` (${response.status})` : ''}`,
      expected: 'the files of this page, whole, beside it',
      todo: 'check the connection and reload; if it stays, export the page again',
    });
  const bytes = await response.arrayBuffer();
  const [a, b] = new Uint8Array(bytes, 0, 2);
  if (a !== 0x1f || b !== 0x8b) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(unpacked).arrayBuffer();
}

async function start(build: RuntimeBuild, gpu: boolean, threads: number): Promise<void> {
  await startRuntime({ script: build.script, wasm: await fetched(build.wasm) }, { gpu, threads });
}

function opened({ model, autoencoder }: WeightsBytes): GeneratorWeights {
  const open = ({ name, bytes }: WeightsBytes['model']) => ({
    ...decodeSafetensors(new Uint8Array(bytes), name),
    name,
  });
  return openGenerator(
    open(model),
    () => open(autoencoder),
    () => new Sha256(),
  );
}

/**
 * Makes a generator ready. Throws `CheckpointError` for weights that are damaged or not of a generator, `FileError` for files
 * of the runtime that are not there, `RuntimeError` where the networks cannot be compiled.
 */
export async function load(
  { weights: bytes, builds, device, threads }: LoadRequest,
  doing: (what: string) => void,
): Promise<{ generator: Generator; loaded: Loaded }> {
  const begun = performance.now();
  doing('checking the weights');
  const weights = opened(bytes);
  const notes: string[] = [];
  let chosen: { generator: Generator; agreement: number } | undefined;
  const noGpu = device === 'cpu' ? undefined : await whyNoGpu(device === 'gpu');
  if (device !== 'cpu' && noGpu === undefined) {
    doing('starting the runtime for the GPU');
    await start(builds.gpu, true, threads);
    doing('compiling the networks for the GPU and comparing it with the processor');
    const found = await gpuGenerator(weights);
    if ('refused' in found) notes.push(`The processor is used: ${found.refused}.`);
    else chosen = found;
  } else {
    if (noGpu !== undefined) notes.push(`The processor is used: ${noGpu}.`);
    doing('starting the runtime');
    await start(builds.cpu, false, threads);
  }
  doing('compiling the networks');
  const generator = chosen?.generator ?? (await Generator.create(weights));
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
      device: chosen ? 'gpu' : 'cpu',
      threads,
      ...(chosen && { agreement: chosen.agreement }),
      notes,
      seconds: (performance.now() - begun) / 1000,
    },
  };
}
