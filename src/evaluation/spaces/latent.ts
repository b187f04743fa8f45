/**
 * The latents of an autoencoder as a space. A mask's latents before quantisation, L channels on a grid of d x h x w, are cut
 * into c x c x c boxes, and each box gives two numbers a channel, the mean of the latents in it and their deviation:
 *
 *   2 L c^3 numbers (all means first: channel slowest, then z, y, x), c the largest from 4 down to 1 with
 *   2 L c^3 <= 512 and at least two latents along each side of a box;
 *
 * L = 4 gives 4^3 boxes and 512 numbers, L = 8 gives 3^3 and 432. Single latents would be thousands of numbers for a few
 * hundred shapes; a mean over all places would forget where bone is. The latents are trained to give a mask back, so these
 * features see what the autoencoder keeps and nothing that it loses.
 */
import type { SessionOptions } from '../../runtime/session.ts';
import { Encoder, latentShape } from '../../sampling/autoencoder.ts';
import { readAutoencoder } from '../../sampling/readAutoencoder.ts';
import { describeEach } from './ofRun.ts';
import type { FeatureSpace } from './space.ts';

const MOST_BOXES = 4;
const MOST_NUMBERS = 512;

/** Boxes along each of z, y, x for latents of shape [L, d, h, w]. */
export function latentBoxes([channels, ...sides]: readonly number[]): number[] {
  let c = MOST_BOXES;
  while (c > 1 && 2 * channels * c ** 3 > MOST_NUMBERS) c--;
  return sides.map((side) => Math.max(1, Math.min(c, Math.floor(side / 2))));
}

/** Means, then deviations (the count below the root), of latents [L, d, h, w] in `boxes` along z, y, x. */
export function poolLatent(
  z: Float32Array,
  [channels, d, h, w]: readonly number[],
  [bz, by, bx]: readonly number[],
): Float32Array {
  const boxes = bz * by * bx;
  const sum = new Float64Array(channels * boxes);
  const square = new Float64Array(channels * boxes);
  const count = new Float64Array(boxes);
  const boxOf = (n: number, parts: number) =>
    Int32Array.from({ length: n }, (_, i) => Math.floor((i * parts) / n));
  const [oz, oy, ox] = [boxOf(d, bz), boxOf(h, by), boxOf(w, bx)];
  for (let c = 0, at = 0; c < channels; c++)
    for (let k = 0; k < d; k++)
      for (let j = 0; j < h; j++)
        for (let i = 0; i < w; i++, at++) {
          const box = ox[i] + bx * (oy[j] + by * oz[k]);
          sum[c * boxes + box] += z[at];
          square[c * boxes + box] += z[at] * z[at];
          if (c === 0) count[box]++;
        }
  const out = new Float32Array(2 * channels * boxes);
  for (let i = 0; i < sum.length; i++) {
    const mean = sum[i] / count[i % boxes];
    out[i] = mean;
    out[sum.length + i] = Math.sqrt(Math.max(0, square[i] / count[i % boxes] - mean * mean));
  }
  return out;
}

/** Opens the autoencoder of a run folder. Throws `CheckpointError` where the folder holds no autoencoder. */
export async function openLatentSpace(run: string, options: SessionOptions = {}): Promise<FeatureSpace> {
  const { meta, weights } = readAutoencoder(run);
  const encoder = await Encoder.create({ meta, weights }, options);
  const shape = latentShape(meta);
  const boxes = latentBoxes(shape);
  const numbers = 2 * shape[0] * boxes.reduce((a, b) => a * b, 1);
  return {
    name: 'Latent',
    words: `latents of the autoencoder in ${boxes.join('x')} boxes`,
    notes: [
      `latents of the autoencoder: ${numbers} numbers, mean and deviation of ${shape[0]} channels in ${boxes.join('x')} boxes, learnt from ${meta.dataset}`,
    ],
    learntFrom: { dataset: meta.dataset, dataHash: meta.dataHash },
    describe: (masks, onCase) =>
      describeEach(
        masks,
        meta,
        run,
        async (mask) => poolLatent(await encoder.encode(mask), shape, boxes),
        onCase,
      ),
    release: () => encoder.release(),
  };
}
