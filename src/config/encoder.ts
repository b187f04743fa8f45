/**
 * The configuration of the contrastive encoder and its presets. Printed by `cranioflow train settings encoder`. What two
 * views of a case may differ in is what the features will not see, so views differ in pose and in what is hidden, not in
 * blur or thickness: those are faults that an evaluation must see.
 */
import { z } from 'zod';
import { generatorSchema, type PresetName, TRAINING_KEYS } from './schemas.ts';

const count = z.int().positive();

const { batch: _, ...keys } = TRAINING_KEYS;
const training = generatorSchema.pick({
  ...keys,
  augment: true,
}).shape;

export const encoderSchema = z.strictObject({
  ...training,
  batch: z.int().min(2).default(16).describe('Cases a step; each is seen in two views'),
  temperature: z
    .number()
    .min(0.03)
    .max(1)
    .default(0.1)
    .describe('Of the contrastive loss: the smaller, the more the nearest other cases count'),
  hide: z
    .strictObject({
      boxes: z.int().min(0).max(8).default(2).describe('Boxes of each view that are emptied of bone'),
      share: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.3)
        .describe('Longest side of such a box, as a share of the grid; the shortest is half of it'),
    })
    .prefault({}),
  model: z
    .strictObject({
      patch: z
        .union([z.literal(1), z.literal(2)])
        .default(2)
        .describe('Side of the cube of voxels that enters the network as channels'),
      widths: z
        .array(count)
        .min(1)
        .default([16, 32, 64])
        .describe('Channels of each level, finest first; each further level halves the grid'),
      blocks: z.int().min(0).default(1).describe('Residual blocks after each halving'),
      groups: count.default(8).describe('Groups of the group norms'),
      cells: count
        .max(16)
        .default(3)
        .describe('Parts along each axis in which the last level is averaged, so that features know where'),
      features: count.default(128).describe('Numbers that describe a shape'),
      projection: count.default(64).describe('Numbers that the loss compares, made from the features'),
    })
    .prefault({}),
});

export type EncoderConfig = z.infer<typeof encoderSchema>;

export const ENCODER_PRESETS: Record<PresetName, unknown> = {
  tiny: {
    steps: 300,
    batch: 16,
    learningRate: 1e-3,
    finalRate: 0.05,
    warmup: 20,
    ema: 0.98,
    checkpointEvery: 100,
    evaluateEvery: 50,
    model: { widths: [16, 32, 64], blocks: 0 },
    augment: { shift: 1, rotation: 3, scale: 0.03 },
  },
  small: {
    steps: 1000,
    batch: 16,
    learningRate: 1e-3,
    finalRate: 0.05,
    ema: 0.99,
    checkpointEvery: 250,
    evaluateEvery: 100,
    model: { widths: [16, 32, 64, 128] },
    augment: { shift: 2, rotation: 5, scale: 0.03 },
  },
  reference: {
    steps: 20_000,
    batch: 16,
    learningRate: 5e-4,
    finalRate: 0.05,
    ema: 0.999,
    checkpointEvery: 1000,
    evaluateEvery: 1000,
    model: { widths: [16, 32, 64, 128, 128], features: 256, projection: 128 },
    augment: { shift: 4, rotation: 5, scale: 0.03 },
  },
};
