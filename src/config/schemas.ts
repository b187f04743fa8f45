/**
 * The configurations of the trainings, their defaults and the presets `tiny` (32^3 grids: tests, the demo), `small` (64^3
 * to 96^3) and `reference` (the sizes of the method's reference configuration). One strict schema each: defaults <
 * preset < file < --set. The descriptions are what `cranioflow train settings` prints.
 */
import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().positive();

const augmentSchema = z.strictObject({
  shift: z.number().min(0).default(0).describe('Largest shift, voxels'),
  rotation: z.number().min(0).max(45).default(0).describe('Largest rotation about each axis, degrees'),
  scale: z.number().min(0).max(0.5).default(0).describe('Largest relative change of size'),
  flip: z.boolean().default(false).describe('Mirror left-right with probability 1/2'),
});

const adamSchema = {
  learningRate: positive.default(1e-4).describe("Adam's highest learning rate"),
  warmup: z.int().min(0).default(50).describe('Steps over which the learning rate rises from 0'),
  finalRate: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of the learning rate that is left at the last step; it falls as a cosine'),
  weightDecay: z.number().min(0).default(0).describe('Decoupled weight decay (AdamW); 0 for Adam'),
  clip: positive.default(1).describe('Largest global norm of the gradient'),
  ema: z.number().min(0).max(0.99999).default(0.995).describe('Decay of the moving average of the weights'),
};

const schedule = {
  seed: z.int().min(0).default(0).describe('Seed of every random number of the run'),
  steps: count.default(1000).describe('Length of the training, steps'),
  batch: count.default(4).describe('Cases a step'),
  checkpointEvery: count.default(500).describe('Steps between checkpoints'),
  evaluateEvery: count.default(250).describe('Steps between measurements on held-out cases'),
};

/** Settings of private training; a run without them has no such key, so that its configuration is what it always was. */
export const privacySchema = z.strictObject({
  epsilon: positive
    .max(1000)
    .describe('What the training may spend: for a person, outcomes are at most exp(epsilon) times as likely'),
  delta: z
    .number()
    .min(1e-10)
    .lt(1)
    .optional()
    .describe('Probability with which the guarantee may fail; default 1 / n^1.1 for n training subjects'),
  clip: positive.max(1e6).default(0.1).describe("Largest norm of a subject's gradient"),
  noise: positive
    .max(1e4)
    .optional()
    .describe('Noise in clipping norms; default: as little as epsilon allows for all steps'),
  multiplicity: z
    .int()
    .min(1)
    .max(256)
    .default(4)
    .describe('Points of a drawn subject (noise, time, copy) whose gradients are averaged before the cut'),
  classNoise: positive
    .default(10)
    .describe('Deviation of the noise on the number of subjects of each class, part of the budget'),
  accountant: z
    .enum(['pld', 'rdp'])
    .default('pld')
    .describe('How epsilon is counted; pld: privacy loss distribution, nearly exact; rdp: Renyi, larger'),
  uncovered: z
    .boolean()
    .default(false)
    .describe(
      'Go on with an autoencoder that was trained, without privacy, on the same persons; it is stated',
    ),
  seed: z.int().min(0).optional().describe('For tests: noise that anyone can repeat. Voids the guarantee'),
});

const headSchema = z.strictObject({
  kind: z
    .enum(['none', 'up', 'up_conv', 'up_res_conv', 'super'])
    .default('none')
    .describe(
      'How the decoder comes from a coarse grid to the one of the masks; none: it works on that itself',
    ),
  scale: z
    .number()
    .gt(1)
    .max(8)
    .default(2)
    .describe("With a head: how many times coarser the encoder's grid is; super takes whole numbers only"),
  channels: count.default(4).describe('Features that the heads up_conv, up_res_conv and super see'),
});

export const autoencoderSchema = z.strictObject({
  ...schedule,
  ...adamSchema,
  beta1: z.number().min(0).max(1).default(0.5).describe("Decay of Adam's first moment"),
  ema: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0)
    .describe('Decay of the moving average of the weights; 0, since the codebook follows the raw weights'),
  model: z
    .strictObject({
      patch: z
        .union([z.literal(1), z.literal(2)])
        .default(1)
        .describe('Side of the cube of voxels that enters the network as channels'),
      widths: z
        .array(count)
        .min(1)
        .default([16, 32, 64])
        .describe('Channels of each level, finest first; each further level halves the grid'),
      encoderBlocks: z.array(z.int().min(0)).default([1, 1]).describe('Residual blocks after each halving'),
      decoderBlocks: z
        .array(z.int().min(0))
        .default([2, 2, 2])
        .describe('Residual blocks of each level of the decoder, finest first'),
      latentChannels: count.default(8).describe('Channels of the latents'),
      codes: count.default(16384).describe('Entries of the codebook'),
      groups: count.default(16).describe('Groups of the group norms'),
      head: headSchema.prefault({}),
    })
    .prefault({}),
  commitment: positive.default(0.25).describe('Weight of the commitment of latents to their codes'),
  dice: z.number().min(0).default(1).describe('Weight of the soft Dice term beside the cross-entropy'),
  augment: augmentSchema.prefault({}),
});

export const decoderSchema = z.strictObject({
  ...schedule,
  ...adamSchema,
  beta1: z.number().min(0).max(1).default(0.5).describe("Decay of Adam's first moment"),
  noise: z
    .strictObject({
      low: z.number().min(0).max(2).default(0.05).describe('Least deviation of the noise'),
      high: z.number().min(0).max(2).default(0.4).describe('Largest deviation of the noise'),
    })
    .refine(({ low, high }) => low <= high, 'low must not be above high')
    .prefault({})
    .describe('Noise on the latents: deviation drawn for each case, in ranges of the codebook'),
  dice: z.number().min(0).default(1).describe('Weight of the soft Dice term beside the cross-entropy'),
  augment: augmentSchema.prefault({}),
});

export const generatorSchema = z.strictObject({
  ...schedule,
  ...adamSchema,
  beta1: z.number().min(0).max(1).default(0.9).describe("Decay of Adam's first moment"),
  objective: z
    .enum(['otfm', 'ddpm'])
    .default('otfm')
    .describe(
      'What is learnt; otfm: the velocity of conditional optimal-transport paths; ddpm: denoising diffusion',
    ),
  coupling: z
    .enum(['independent', 'minibatch-ot'])
    .default('independent')
    .describe('otfm: how noise and latents are paired within a class of the batch'),
  time: z
    .strictObject({
      kind: z
        .enum(['uniform', 'logit-normal'])
        .default('uniform')
        .describe('Which times the training looks at'),
      mean: z.number().min(-5).max(5).default(0).describe('logit-normal: above 0 leans towards the data'),
      deviation: z.number().positive().max(5).default(1).describe('logit-normal: width'),
    })
    .prefault({}),
  diffusion: z
    .strictObject({
      steps: z.int().min(20).max(10_000).default(1000).describe('ddpm: T, the length of the noising chain'),
      schedule: z.enum(['cosine', 'linear']).default('cosine').describe('ddpm: how the noise grows'),
      prediction: z
        .enum(['epsilon', 'v'])
        .default('epsilon')
        .describe('ddpm: the network predicts the noise (epsilon) or v'),
    })
    .prefault({}),
  loss: z.enum(['l1', 'l2']).default('l2').describe('Mean absolute or squared error of the prediction'),
  model: z
    .strictObject({
      width: count.default(32).describe('Channels of the finest level'),
      multipliers: z
        .array(count)
        .min(1)
        .default([1, 2, 4, 8])
        .describe('Channels of each level, in widths; each further level halves the latents'),
      blocks: count.default(2).describe('Residual blocks a level, on the way down and again on the way up'),
      groups: count.default(8).describe('Groups of the group norms'),
      attention: z
        .array(z.int().min(0))
        .default([2, 3])
        .describe('Levels (0 the finest) that end in attention; the middle always has it'),
      headChannels: count.default(32).describe('Channels of one attention head'),
      classes: count.default(5).describe('Quality classes, without the null class'),
    })
    .prefault({}),
  classDropout: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Probability that a label is replaced by the null class'),
  share: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Share of the training cases that is used, of each class, by the seed'),
  copies: z
    .int()
    .min(0)
    .default(0)
    .describe('Augmented versions of each case whose latents are kept, beside the case itself'),
  augment: augmentSchema.prefault({}),
  latents: z
    .strictObject({
      centre: z
        .enum(['channel', 'shape'])
        .default('channel')
        .describe(
          'What is taken off the latents: the mean of each channel, or the mean latent, so that residuals are learnt',
        ),
      noise: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Deviation of the normal noise added to training latents, in deviations of a channel'),
      mix: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Probability that a training latent is a random mixture with another of its class'),
    })
    .prefault({}),
  keep: z
    .strictObject({
      by: z
        .enum(['last', 'loss', 'recall'])
        .default('last')
        .describe(
          'Which weights are kept: the last, or the best by held-out loss or by recall of held-out latents',
        ),
      patience: z
        .int()
        .min(0)
        .default(0)
        .describe('Measurements without a better one after which the training stops; 0: never'),
      samples: z.int().min(8).max(1000).default(32).describe('recall: latents sampled at each measurement'),
    })
    .prefault({}),
  dp: privacySchema.optional().describe('Differentially private training; absent: none'),
});

/** Settings of the generator that every training has: how long, how it learns, how often it saves and measures. */
export const TRAINING_KEYS = {
  seed: true,
  steps: true,
  batch: true,
  checkpointEvery: true,
  evaluateEvery: true,
  learningRate: true,
  warmup: true,
  finalRate: true,
  weightDecay: true,
  clip: true,
  ema: true,
  beta1: true,
} as const;

export type AutoencoderConfig = z.infer<typeof autoencoderSchema>;
export type DecoderConfig = z.infer<typeof decoderSchema>;
export type PrivacyConfig = z.infer<typeof privacySchema>;
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
  // Masks of 456x352x512, which the encoder sees as 192x148x216.
  reference: {
    steps: 150_000,
    batch: 1,
    clip: 1,
    checkpointEvery: 1000,
    evaluateEvery: 1000,
    model: { head: { kind: 'up', scale: 2.375 } },
  },
};

export const DECODER_PRESETS: Record<PresetName, unknown> = {
  tiny: {
    steps: 200,
    batch: 4,
    learningRate: 1e-3,
    finalRate: 0.05,
    checkpointEvery: 100,
    evaluateEvery: 100,
    augment: { shift: 1, rotation: 3, scale: 0.03 },
  },
  small: {
    steps: 400,
    batch: 2,
    learningRate: 7e-4,
    finalRate: 0.05,
    checkpointEvery: 200,
    evaluateEvery: 200,
    augment: { shift: 2, rotation: 4, scale: 0.04 },
  },
  reference: { steps: 20_000, batch: 1, checkpointEvery: 1000, evaluateEvery: 1000 },
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
