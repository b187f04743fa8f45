/**
 * The configurations of the two trainings that make a generator need few network evaluations: `reflow` (its noise and its
 * own samples, joined by straight lines) and `distil` (a consistency model of it). Both start from a trained generator, so
 * the network's sizes are not theirs to choose. Printed by `cranioflow train settings`.
 */
import { z } from 'zod';
import { generatorSchema, type PresetName, TRAINING_KEYS } from './schemas.ts';

const optimisation = generatorSchema.pick({
  ...TRAINING_KEYS,
  loss: true,
}).shape;

const fixedSolver = z.enum(['euler', 'midpoint', 'heun', 'rk4']);

const pairsSchema = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(4096)
    .describe('Pairs of noise and the sample that the source makes of it; they stay in memory'),
  solver: fixedSolver.default('heun').describe('How the source is sampled'),
  steps: z.int().min(1).max(1000).default(16).describe('Steps of that solver'),
});

const guidance = z.number().min(0).max(20);

export const reflowSchema = z.strictObject({
  ...optimisation,
  pairs: pairsSchema.prefault({}),
  guidance: guidance
    .default(1)
    .describe(
      'Guidance scale of the source; 1: none, and the result can be guided; any other is part of the result, which cannot',
    ),
  classDropout: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('guidance 1: probability that a label is replaced by the null class'),
  noiseEnd: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the samples whose time is 0, where a single step starts; the others are uniform'),
});

export const distilSchema = z.strictObject({
  ...optimisation,
  pairs: pairsSchema.prefault({}),
  guidance: guidance.default(1.5).describe('Guidance scale of the source; it becomes part of the result'),
  intervals: z
    .strictObject({
      from: z.int().min(1).max(1024).default(2).describe('Intervals of time at the first step'),
      to: z
        .int()
        .min(1)
        .max(1024)
        .default(16)
        .describe('and at the last; the number doubles in between, each for an equal share of the steps'),
    })
    .refine(({ from, to }) => Number.isInteger(Math.log2(to / from)) && to >= from, {
      error: '`to` must be `from`, or 2, 4, 8, .. times it',
    })
    .prefault({}),
  teacher: z
    .strictObject({
      solver: fixedSolver.default('heun').describe('How the source crosses one interval'),
      steps: z.int().min(1).max(64).default(1).describe('Steps of that solver, an interval'),
    })
    .prefault({}),
});

export type PairsConfig = z.infer<typeof pairsSchema>;
export type ReflowConfig = z.infer<typeof reflowSchema>;
export type DistilConfig = z.infer<typeof distilSchema>;

/** Budgets that both trainings share. */
const TINY = {
  steps: 400,
  batch: 8,
  learningRate: 5e-4,
  finalRate: 0.05,
  checkpointEvery: 200,
  evaluateEvery: 100,
};
const SMALL = { steps: 2000, batch: 8, learningRate: 5e-4, finalRate: 0.05, ema: 0.998 };
const REFERENCE = { steps: 50_000, batch: 8, checkpointEvery: 1000, evaluateEvery: 1000, ema: 0.999 };

export const REFLOW_PRESETS: Record<PresetName, unknown> = {
  tiny: { ...TINY, pairs: { count: 512, steps: 8 } },
  small: { ...SMALL, pairs: { count: 4096 } },
  reference: { ...REFERENCE, pairs: { count: 20_000 } },
};

export const DISTIL_PRESETS: Record<PresetName, unknown> = {
  tiny: { ...TINY, pairs: { count: 256, steps: 8 } },
  small: { ...SMALL, pairs: { count: 2048 } },
  reference: { ...REFERENCE, pairs: { count: 10_000 }, intervals: { from: 4, to: 64 } },
};
