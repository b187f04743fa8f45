/**
 * The generator's training data: latents of the training cases before quantisation, each case as it is and in a few
 * augmented copies, normalised by mean and deviation of each channel over the whole set. Computed once, kept in memory
 * (a latent of 8x16x14x12 is 86 kB).
 */
import type { GeneratorConfig } from '../config/schemas.ts';
import type { Loader } from '../dataset/loader.ts';
import { interruptedError, nextTurn } from '../files/interrupt.ts';
import { createProgress } from '../files/progress.ts';
import { elements } from '../graph/graph.ts';
import type { AutoencoderWeights } from '../sampling/autoencoder.ts';
import { Encoder } from '../sampling/autoencoder.ts';

export interface LatentSet {
  /** [L, d, h, w] */
  shape: number[];
  /** Copies first: latent `copy * cases + case`; copy 0 is the case itself. */
  latents: Float32Array[];
  copies: number;
  cases: number;
}

/** Encodes every case of `loader`, and `copies` augmented versions of each. */
export async function encodeAll(
  autoencoder: AutoencoderWeights,
  loader: Loader,
  config: Pick<GeneratorConfig, 'seed' | 'augment' | 'dp'>,
  copies: number,
  options: { signal?: AbortSignal; quiet?: boolean; threads?: number; title: string },
): Promise<LatentSet> {
  const encoder = await Encoder.create(autoencoder, { threads: options.threads });
  const mask = new Float32Array(loader.voxels);
  const latents: Float32Array[] = [];
  const progress = createProgress({
    title: options.title,
    total: (copies + 1) * loader.length,
    unit: 'latents',
    quiet: options.quiet,
  });
  for (let copy = 0; copy <= copies; copy++)
    for (let i = 0; i < loader.length; i++) {
      if (options.signal?.aborted) throw interruptedError('no training step was done yet');
      // A private training may not let one person's copies depend on who else is in the set.
      const byCase = config.dp !== undefined;
      const step = byCase ? copy : copy * loader.length + i;
      const augment = { seed: config.seed, step, options: config.augment, byCase };
      loader.fillBatch([i], mask, copy === 0 ? undefined : augment);
      latents.push(await encoder.encode(mask));
      progress.update(latents.length);
      await nextTurn();
    }
  progress.finish();
  await encoder.release();
  return { shape: encoder.shape, latents, copies, cases: loader.length };
}

/** Mean and deviation of each channel over a set of latents. */
export function channelStatistics({ shape, latents }: Pick<LatentSet, 'shape' | 'latents'>): {
  mean: number[];
  deviation: number[];
} {
  const [channels, ...size] = shape;
  const cells = elements(size);
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let c = 0; c < channels; c++) {
    let s = 0;
    let s2 = 0;
    for (const z of latents)
      for (let i = c * cells; i < (c + 1) * cells; i++) {
        s += z[i];
        s2 += z[i] * z[i];
      }
    const n = latents.length * cells;
    mean.push(s / n);
    deviation.push(Math.sqrt(Math.max(s2 / n - (s / n) ** 2, 1e-8)));
  }
  return { mean, deviation };
}

/**
 * Mean, deviation and reach (largest |normalised number|) of each channel over the codes of an autoencoder: what latents are
 * normalised by where nothing may be measured on them. `codebook` is [codes, channels].
 */
export function codebookStatistics(
  codebook: Float32Array,
  channels: number,
): { mean: number[]; deviation: number[]; reach: number } {
  const codes = codebook.length / channels;
  const transposed = new Float32Array(codebook.length);
  for (let i = 0; i < codebook.length; i++)
    transposed[(i % channels) * codes + Math.floor(i / channels)] = codebook[i];
  const latents = [transposed];
  const shape = [channels, codes];
  const { mean, deviation } = channelStatistics({ shape, latents });
  normalise(transposed, mean, deviation);
  return { mean, deviation, reach: reachOf({ latents }) };
}

/** The mean latent of a set. */
export function meanLatent({ latents }: Pick<LatentSet, 'latents'>): Float32Array {
  const sums = new Float64Array(latents[0].length);
  for (const z of latents) for (let i = 0; i < z.length; i++) sums[i] += z[i];
  return Float32Array.from(sums, (s) => s / latents.length);
}

/** `(z - mean) / deviation`, in place: deviations of each channel, means of each channel or of each number. */
export function normalise(
  z: Float32Array,
  mean: ArrayLike<number>,
  deviation: readonly number[],
): Float32Array {
  const cells = z.length / deviation.length;
  const shared = z.length / mean.length;
  for (let i = 0; i < z.length; i++)
    z[i] = (z[i] - mean[Math.floor(i / shared)]) / deviation[Math.floor(i / cells)];
  return z;
}

/** The largest |number| of a set. */
export function reachOf({ latents }: Pick<LatentSet, 'latents'>): number {
  let most = 0;
  for (const z of latents) for (let i = 0; i < z.length; i++) most = Math.max(most, Math.abs(z[i]));
  return most;
}
