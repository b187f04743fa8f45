/**
 * Which device samples. A GPU's driver may be wrong without a word, so before it is trusted the network and the decoder are
 * run once on both: it must agree with the processor. What is refused is told, never silently replaced.
 */
import { Generator, type GeneratorWeights } from '../../src/sampling/generator.ts';

/** A GPU that differs by more from the processor, relative to the largest number, is refused. float32 rounds at 1e-6. */
const AGREEMENT = 1e-3;
/** Share of the voxels in which the decoded masks may differ: logits near 0 fall either way. */
const VOXELS = 1e-3;

interface Adapter {
  /** Where browsers told it before. */
  isFallbackAdapter?: boolean;
  info?: { isFallbackAdapter?: boolean; architecture?: string };
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

/** Why there is no GPU to use, in words; undefined where there is one. `asked`: an emulated one will do. */
export async function whyNoGpu(asked: boolean): Promise<string | undefined> {
  const gpu = (navigator as { gpu?: Gpu }).gpu;
  if (gpu === undefined) return 'this browser has no WebGPU';
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) return 'this browser finds no GPU that it may use';
  const emulated = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  if (!asked && (emulated || adapter.info?.architecture === 'swiftshader'))
    return 'the GPU here is emulated by the processor, which is slower than the processor itself';
  return undefined;
}

/** The largest difference relative to the largest number; infinite where one is not finite. */
function difference(a: Float32Array, b: Float32Array): number {
  let [worst, scale] = [0, 1e-12];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    scale = Math.max(scale, Math.abs(b[i]));
    if (!Number.isFinite(a[i])) return Number.POSITIVE_INFINITY;
  }
  return worst / scale;
}

/** One evaluation of the network and one of the decoder, from the same noise. */
async function first(generator: Generator, steps: { solver: 'euler' | 'ddim' | 'consistency' }) {
  const settings = { ...steps, steps: 1, guidance: 1, seed: 1, index: 0 };
  const quality = generator.meta.qualities[0];
  const latent = await generator.sampleLatent({ ...settings, quality });
  return { latent, mask: (await generator.decode(latent)).data };
}

/**
 * A generator on the GPU, with its agreement, or why not: it cannot run there, or gives other numbers than the processor does.
 */
export async function gpuGenerator(
  weights: GeneratorWeights,
): Promise<{ generator: Generator; agreement: number } | { refused: string }> {
  const { objective } = weights.meta;
  const solver = ({ otfm: 'euler', ddpm: 'ddim', consistency: 'consistency' } as const)[objective];
  let generator: Generator | undefined;
  try {
    generator = await Generator.create(weights, { device: 'webgpu' });
    const there = await first(generator, { solver });
    const onCpu = await Generator.create(weights, { device: 'cpu' });
    const here = await first(onCpu, { solver });
    await onCpu.release();
    const agreement = difference(there.latent, here.latent);
    const apart = there.mask.reduce((n, v, i) => n + (v === here.mask[i] ? 0 : 1), 0) / here.mask.length;
    if (agreement <= AGREEMENT && apart <= VOXELS) return { generator, agreement };
    await generator.release();
    return {
      refused: `the GPU gives other numbers than the processor (by ${agreement.toExponential(1)}, ${(100 * apart).toFixed(2)} % of the voxels)`,
    };
  } catch (error) {
    await generator?.release().catch(() => {});
    return { refused: `the GPU failed: ${error instanceof Error ? error.message.split('\n')[0] : error}` };
  }
}
