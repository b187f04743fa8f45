/**
 * The configuration of the completer and its presets. Printed by `cranioflow train settings completer`. What the defects of
 * the training are like decides what the network may be trusted with, so they are part of it and of the weights' own words.
 */
import { z } from 'zod';
import { generatorSchema, type PresetName, TRAINING_KEYS } from './schemas.ts';

const count = z.int().positive();

/** The kinds and sites of downstream/defects/sites.ts, which lies above this floor. */
export const DEFECT_KINDS = [
  'spherical',
  'cubic',
  'polygonal',
  'bilateral',
  'orbital',
  'resection',
  'half',
] as const;
export const DEFECT_SITES = [
  'neurocranium',
  'face',
  'orbit',
  'jaw',
  'body',
  'ramus',
  'chin',
  'anywhere',
] as const;

const training = generatorSchema.pick({
  ...TRAINING_KEYS,
  augment: true,
}).shape;

export const completerSchema = z.strictObject({
  ...training,
  entropy: z
    .number()
    .min(0)
    .default(0.1)
    .describe('Weight of the cross-entropy, summed over the grid and divided by the voxels missing'),
  dice: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the soft Dice of the whole bone beside the cross-entropy'),
  implant: z
    .number()
    .min(0)
    .default(1)
    .describe('Weight of the soft Dice of what is missing: the bone beyond the defective one'),
  whole: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Probability of an example without a defect, which must come back as it is'),
  defects: z
    .strictObject({
      kinds: z
        .array(z.enum(DEFECT_KINDS))
        .min(1)
        .default([...DEFECT_KINDS])
        .describe('Kinds of defects; those that the bone does not have are left out'),
      sites: z
        .array(z.enum(DEFECT_SITES))
        .min(1)
        .optional()
        .describe('Where they lie; absent: anywhere the bone has'),
      share: z
        .tuple([z.number().gt(0).lt(1), z.number().gt(0).lt(1)])
        .refine(([least, largest]) => least <= largest, 'the least share must not be above the largest')
        .optional()
        .describe('Least and largest share of the bone that goes; absent: by kind'),
      roughness: z.number().min(0).max(3).default(1).describe('Of the edges; 0: smooth'),
    })
    .prefault({})
    .describe('Virtual defects that are cut into the bones'),
  realShare: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'Share of the examples that come from --data, beside --synthetic; absent: as many as there are cases',
    ),
  model: z
    .strictObject({
      patch: z
        .union([z.literal(1), z.literal(2)])
        .default(2)
        .describe('Side of the cube of voxels that enters and leaves the network as channels'),
      widths: z
        .array(count)
        .min(1)
        .default([16, 32, 64])
        .describe('Channels of each level, finest first; each further level halves the grid'),
      blocks: z
        .int()
        .min(0)
        .default(1)
        .describe('Residual blocks a level, on the way down and again on the way up'),
      groups: count.default(8).describe('Groups of the group norms'),
      mirror: z.boolean().default(true).describe('Show the network the mirror image of the bone beside it'),
    })
    .prefault({}),
});

export type CompleterConfig = z.infer<typeof completerSchema>;

export const COMPLETER_PRESETS: Record<PresetName, unknown> = {
  tiny: {
    steps: 600,
    batch: 4,
    learningRate: 2e-3,
    finalRate: 0.05,
    warmup: 30,
    ema: 0.98,
    checkpointEvery: 200,
    evaluateEvery: 200,
    model: { widths: [24, 48, 96] },
    augment: { shift: 1, rotation: 4, scale: 0.03 },
  },
  small: {
    steps: 3500,
    batch: 2,
    learningRate: 1.5e-3,
    finalRate: 0.05,
    ema: 0.99,
    checkpointEvery: 250,
    evaluateEvery: 250,
    model: { widths: [16, 32, 64, 128] },
    augment: { shift: 2, rotation: 4, scale: 0.03 },
  },
  reference: {
    steps: 50_000,
    batch: 1,
    learningRate: 5e-4,
    finalRate: 0.05,
    ema: 0.999,
    checkpointEvery: 1000,
    evaluateEvery: 1000,
    model: { widths: [32, 64, 128, 256, 256] },
    augment: { shift: 4, rotation: 4, scale: 0.03 },
  },
};
