/**
 * What the autoencoder keeps of a bone: held-out masks through encoder, codebook and decoder and back, side by side with
 * their differences, and the Dice of all that were tried. No generated bone can be finer than these.
 */

import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { nextTurn } from '../../files/interrupt.ts';
import { contactSheet } from '../../mesh/contactSheet.ts';
import { renderDifference, renderMask } from '../../mesh/views.ts';
import { type AutoencoderWeights, Decoder, Encoder } from '../../sampling/autoencoder.ts';
import { type Mask, voxelCount } from '../../volume/volume.ts';
import { diceOf, overlap } from '../overlap.ts';
import { bootstrapMean } from '../statistics.ts';
import { kindOf, type Part, sharedFramings, spread } from './part.ts';

export interface Reconstruction {
  id: string;
  quality: number;
  original: Mask;
  made: Mask;
  dice: number;
}

export interface ReconstructionOptions {
  /** Cases in the picture. */
  shown: number;
  /** Voxels decoded in all, at least those of the cases shown: bounds the time on large grids. */
  voxels: number;
  threads?: number;
  onCase?: (done: number, total: number) => void;
}

export const RECONSTRUCTION_DEFAULTS: ReconstructionOptions = { shown: 6, voxels: 4e6 };

/** Encodes and decodes masks of the autoencoder's grid, one by one. */
export async function reconstruct(
  autoencoder: AutoencoderWeights,
  dataset: Dataset,
  cases: readonly DatasetCase[],
  options: Pick<ReconstructionOptions, 'threads' | 'onCase'> = {},
): Promise<Reconstruction[]> {
  const channels = autoencoder.meta.config.latentChannels;
  const session = { threads: options.threads };
  const encoder = await Encoder.create(autoencoder, session);
  const decoder = await Decoder.create(
    autoencoder,
    Array<number>(channels).fill(0),
    Array<number>(channels).fill(1),
    session,
  );
  const out: Reconstruction[] = [];
  for (const c of cases) {
    const original = dataset.loadMask(c);
    const logits = await decoder.decode(
      await encoder.encode(Float32Array.from(original.data, (v) => 2 * v - 1)),
    );
    const made: Mask = { ...original, data: Uint8Array.from(logits, (v) => (v > 0 ? 1 : 0)) };
    const dice = diceOf(overlap(original.data, made.data));
    out.push({ id: c.id, quality: c.quality, original, made, dice });
    options.onCase?.(out.length, cases.length);
    await nextTurn();
  }
  await encoder.release();
  await decoder.release();
  return out;
}

/** The section, and the sheet `reconstructions`. Falls back to training cases, and says so, where none is held out. */
export async function reconstructionPart(
  autoencoder: AutoencoderWeights,
  dataset: Dataset,
  options: Partial<ReconstructionOptions> = {},
  command?: string,
): Promise<Part & { meanDice: number }> {
  const full = { ...RECONSTRUCTION_DEFAULTS, ...options };
  const { bone, phantom } = dataset.manifest;
  const heldOut = dataset.split('test').length > 0;
  const side = heldOut ? 'held-out' : 'training';
  const pool = dataset.split(heldOut ? 'test' : 'train');
  const most = Math.max(full.shown, Math.floor(full.voxels / voxelCount(dataset.grid.size)));
  const all = await reconstruct(autoencoder, dataset, spread(pool, most), full);
  const { mean, low, high, n } = bootstrapMean(all.map((r) => r.dice));
  // From the best to the worst, evenly spread: an honest picture of the range.
  const shown = spread(
    [...all].sort((a, b) => b.dice - a.dice),
    full.shown,
  );
  const of = pool.length > n ? ` of ${pool.length}` : '';
  const [framing] = sharedFramings(
    shown.flatMap((r) => [r.original, r.made]),
    ['threeQuarter'],
    190,
  );
  const sheet = contactSheet(
    [
      {
        title: `${side} ${bone}s (${kindOf(dataset.manifest)})`,
        cells: shown.map((r) => ({ image: renderMask(r.original, framing), caption: r.id })),
      },
      {
        title: 'reconstructions',
        cells: shown.map((r) => ({ image: renderMask(r.made, framing) })),
      },
      {
        title: 'difference: missing bone blue, added bone orange',
        cells: shown.map((r) => ({
          image: renderDifference(r.original, r.made, framing),
          caption: `Dice ${r.dice.toFixed(3)}`,
        })),
      },
    ],
    { title: 'Reconstructions', columns: full.shown, phantom },
  );
  return {
    meanDice: mean,
    pictures: { reconstructions: sheet },
    section: {
      heading: 'Reconstructions',
      prose: `What the autoencoder keeps of a ${bone}: ${n}${of} ${side} cases went through its ${autoencoder.meta.config.codes} codes and back. A generated ${bone} cannot be finer than these.`,
      quantities: [
        {
          name: `Dice of reconstructions, ${side} cases`,
          value: mean,
          interval: [low, high],
          better: 'higher',
          meaning: `2 |A and B| / (|A| + |B|) of mask and reconstruction; mean of ${n} cases with 95 % bootstrap interval`,
        },
      ],
      images: [
        {
          image: sheet,
          caption: `${shown.length} ${side} cases from the best (left) to the worst Dice (right): the mask, its reconstruction, and where they differ (blue: bone that is missing; orange: bone that was added).`,
        },
      ],
      command,
    },
  };
}
