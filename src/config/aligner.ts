/**
 * The configuration of the aligner, the network that brings a bone into the canonical frame, and its presets. One network
 * learns two things at once: far turns, from which it says roughly where the bone lies and how sure it is, and small ones,
 * which refine. What a training bone may look like (cut by the field of view, with holes, larger, wider, blurred) is said
 * under `disturb`; what `apply` does with the network under `search`.
 */
import { z } from 'zod';
import { generatorSchema, type PresetName, TRAINING_KEYS } from './schemas.ts';

const count = z.int().positive();
const share = (most: number) => z.number().min(0).max(most);

const { batch: _, ...keys } = TRAINING_KEYS;
const training = generatorSchema.pick(keys).shape;

export const alignerSchema = z.strictObject({
  ...training,
  batch: z.int().min(2).default(16).describe('Poses a step'),
  realShare: share(1)
    .default(0.5)
    .describe('Where synthetic cases are added: share of the poses of a step that show cases of --data'),
  poses: z
    .strictObject({
      near: z.number().min(1).max(90).default(30).describe('Largest of the small turns, degrees'),
      nearShare: share(1)
        .default(0.6)
        .describe('Share of poses with a small turn; small angles are the most frequent'),
      middle: z.number().min(1).max(180).default(75).describe('Largest of the middle turns, degrees'),
      middleShare: share(1).default(0.3).describe('Share of poses with a middle turn; the rest turn any way'),
    })
    .prefault({}),
  disturb: z
    .strictObject({
      truncate: share(1)
        .default(0.4)
        .describe('Probability that a plane cuts the bone; half as often a second one'),
      truncateMost: share(0.6).default(0.4).describe('Largest share of the bone that planes take'),
      holes: z.int().min(0).max(8).default(3).describe('Most balls and boxes that are taken out'),
      holeSize: share(0.6)
        .default(0.3)
        .describe('Largest half-width of one, as a share of the reach of the bone'),
      scale: share(0.3).default(0.08).describe('Largest relative change of size'),
      stretch: share(0.3).default(0.08).describe('Largest relative change along each axis by itself'),
      blur: share(0.3)
        .default(0.15)
        .describe('Largest share of a voxel that goes to each neighbour along an axis'),
      threshold: share(0.4).default(0.15).describe('Largest shift of the density, as by another threshold'),
      flip: z
        .boolean()
        .default(true)
        .describe('Mirror left-right with probability 1/2: a mirrored bone is a plausible one'),
    })
    .prefault({}),
  calibration: z
    .strictObject({
      share: share(0.5)
        .default(0.15)
        .describe('Share of training subjects kept out of learning, by which uncertainty is scaled'),
      leastSubjects: count
        .default(20)
        .describe('Below so many subjects none is kept out: turned and cut training bones serve'),
      poses: count.default(64).describe('Poses measured'),
    })
    .prefault({}),
  search: z
    .strictObject({
      keep: z.int().min(1).max(16).default(6).describe('Starting turns, of 24, that are followed'),
      rounds: z.int().min(1).max(8).default(2).describe('Rounds in which the best is refined'),
      views: z.int().min(1).max(32).default(8).describe('Slightly different views averaged in each round'),
      jitter: z.number().min(0).max(30).default(6).describe('Largest turn between such views, degrees'),
    })
    .prefault({}),
  model: z
    .strictObject({
      side: z
        .int()
        .min(8)
        .max(96)
        .multipleOf(8)
        .default(32)
        .describe('Voxels along each side of the cube that the network sees'),
      patch: z
        .union([z.literal(1), z.literal(2)])
        .default(2)
        .describe('Side of the cube of voxels that enters as channels'),
      widths: z
        .array(count)
        .min(1)
        .default([24, 48, 96])
        .describe('Channels of each level, finest first; each further level halves the grid'),
      blocks: z.int().min(0).default(0).describe('Residual blocks after each halving'),
      groups: count.default(8).describe('Groups of the group norms'),
      cells: count.max(8).default(4).describe('Parts along each axis in which the last level is averaged'),
      hidden: count.default(256).describe('Numbers between the volume and the pose'),
      freedom: z
        .number()
        .min(1)
        .max(100)
        .default(4)
        .describe("Degrees of freedom of the loss (Student's t): the fewer, the less far misses count"),
    })
    .prefault({}),
});

export type AlignerConfig = z.infer<typeof alignerSchema>;

export const ALIGNER_PRESETS: Record<PresetName, unknown> = {
  tiny: {
    steps: 1200,
    batch: 16,
    learningRate: 1.5e-3,
    finalRate: 0.02,
    warmup: 50,
    ema: 0.99,
    checkpointEvery: 300,
    evaluateEvery: 600,
    model: { widths: [16, 32, 64], hidden: 192 },
  },
  small: {
    steps: 4000,
    batch: 24,
    learningRate: 1e-3,
    finalRate: 0.02,
    ema: 0.995,
    checkpointEvery: 500,
    evaluateEvery: 1000,
    model: { side: 40, widths: [24, 48, 96], blocks: 1, cells: 5 },
  },
  reference: {
    steps: 40_000,
    batch: 32,
    learningRate: 5e-4,
    finalRate: 0.02,
    ema: 0.999,
    checkpointEvery: 1000,
    evaluateEvery: 5000,
    model: { side: 64, widths: [32, 64, 128, 256], blocks: 1, cells: 4, hidden: 512 },
  },
};
