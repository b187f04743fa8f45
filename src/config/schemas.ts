/**
 * The configurations of the two trainings, their defaults and the presets `tiny` (32^3 grids: tests, the demo), `small` (64^3
 * to 96^3) and `reference` (the sizes of the method's reference configuration). One strict schema each: defaults <
 * preset < file < --set.
 */
import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().positive();

const augmentSchema = z.strictObject({
  /** Largest shift, voxels. */
  shift: z.number().min(0).default(0),
  /** Largest rotation about each axis, degrees. */
  rotation: z.number().min(0).max(45).default(0),
  /** Largest relative change of size. */
  scale: z.number().min(0).max(0.5).default(0),
  /** Mirror left-right with probability 1/2. */
  flip: z.boolean().default(false),
});

const adamSchema = {
  learningRate: positive.default(1e-4),
  /** Steps over which the learning rate rises from 0. */
  warmup: z.int().min(0).default(50),
  /** Share of the learning rate that is left at the last step; it falls as a cosine. */
  finalRate: z.number().min(0).max(1).default(1),
  weightDecay: z.number().min(0).default(0),
  /** Largest global norm of the gradient. */
  clip: positive.default(1),
  /** Decay of the moving average of the weights. */
  ema: z.number().min(0).max(0.99999).default(0.995),
};

const schedule = {
  seed: z.int().min(0).default(0),
  steps: count.default(1000),
  batch: count.default(4),
  /** Steps between checkpoints. */
  checkpointEvery: count.default(500),
  /** Steps between measurements on held-out cases. */
  evaluateEvery: count.default(250),
};

export const autoencoderSchema = z.strictObject({
  ...schedule,
  ...adamSchema,
  beta1: z.number().min(0).max(1).default(0.5),
  /** The codebook follows the raw weights, so the autoencoder keeps no average of them. */
  ema: z.number().min(0).max(0.99999).default(0),
  model: z
    .strictObject({
      patch: z.union([z.literal(1), z.literal(2)]).default(1),
      widths: z.array(count).min(1).default([16, 32, 64]),
      encoderBlocks: z.array(z.int().min(0)).default([1, 1]),
      decoderBlocks: z.array(z.int().min(0)).default([2, 2, 2]),
      latentChannels: count.default(8),
      codes: count.default(16384),
      groups: count.default(16),
    })
    .prefault({}),
  /** Weight of the commitment of latents to their codes. */
  commitment: positive.default(0.25),
  /** Weight of the soft Dice term beside the cross-entropy. */
  dice: z.number().min(0).default(1),
  augment: augmentSchema.prefault({}),
});

export const generatorSchema = z.strictObject({
  ...schedule,
  ...adamSchema,
  beta1: z.number().min(0).max(1).default(0.9),
  objective: z.enum(['otfm']).default('otfm'),
  coupling: z.enum(['independent', 'minibatch-ot']).default('independent'),
  loss: z.enum(['l1', 'l2']).default('l2'),
  model: z
    .strictObject({
      width: count.default(32),
      multipliers: z.array(count).min(1).default([1, 2, 4, 8]),
      blocks: count.default(2),
      groups: count.default(8),
      attention: z.array(z.int().min(0)).default([2, 3]),
      headChannels: count.default(32),
      classes: count.default(5),
    })
    .prefault({}),
  /** Probability that a label is replaced by the null class. */
  classDropout: z.number().min(0).max(1).default(0.1),
  /** Augmented versions of each case whose latents are kept, beside the case itself. */
  copies: z.int().min(0).default(0),
  augment: augmentSchema.prefault({}),
});

export type AutoencoderConfig = z.infer<typeof autoencoderSchema>;
export type GeneratorConfig = z.infer<typeof generatorSchema>;

export type PresetName = 'tiny' | 'small' | 'reference';

export const AUTOENCODER_PRESETS: Record<PresetName, unknown> = {
  tiny: {
    steps: 450,
    batch: 4,
    learningRate: 2e-3,
    finalRate: 0.05,
    checkpointEvery: 150,
    evaluateEvery: 150,
    model: {
      patch: 2,
      widths: [32, 64],
      encoderBlocks: [1],
      decoderBlocks: [0, 1],
      latentChannels: 4,
      codes: 512,
    },
    augment: { shift: 1, rotation: 3, scale: 0.03 },
  },
  small: {
    steps: 1200,
    batch: 2,
    learningRate: 1.5e-3,
    finalRate: 0.03,
    model: {
      patch: 2,
      widths: [32, 64],
      encoderBlocks: [1],
      decoderBlocks: [1, 1],
      latentChannels: 8,
      codes: 1024,
    },
    augment: { shift: 2, rotation: 4, scale: 0.04 },
  },
  reference: { steps: 150_000, batch: 1, clip: 1, checkpointEvery: 1000, evaluateEvery: 1000 },
};

export const GENERATOR_PRESETS: Record<PresetName, unknown> = {
  tiny: {
    steps: 700,
    batch: 8,
    learningRate: 1e-3,
    finalRate: 0.05,
    checkpointEvery: 350,
    evaluateEvery: 350,
    model: { width: 32, multipliers: [1, 2], blocks: 1, attention: [1] },
    copies: 2,
    augment: { shift: 0.5, rotation: 2, scale: 0.02 },
  },
  small: {
    steps: 1000,
    batch: 8,
    learningRate: 1e-3,
    finalRate: 0.05,
    ema: 0.998,
    model: { width: 32, multipliers: [1, 2, 4], blocks: 1, attention: [2] },
    copies: 4,
    augment: { shift: 1, rotation: 3, scale: 0.03 },
  },
  reference: { steps: 100_000, batch: 8, checkpointEvery: 1000, evaluateEvery: 1000 },
};
