/**
 * The configuration of the study OTFM against DDPM, and its presets. One strict schema: defaults < preset < file < --set.
 * What both arms share (autoencoder, network, optimiser, steps, data) is set once; what the study varies itself (objective,
 * training seed, share of the training set) cannot be set in `generator`.
 */
import { z } from 'zod';
import { AUTOENCODER_PRESETS, autoencoderSchema, GENERATOR_PRESETS, generatorSchema } from './schemas.ts';

const count = z.int().positive();
/** Least bones of a generated set: below, no figure of a set means anything. */
const bones = z.int().min(8).max(100_000);
const guidance = z.number().min(0).max(20);

/** Counts of network evaluations, one list a solver. */
const evaluationsOf = (text: string) => z.array(z.int().min(1).max(10_000)).describe(text);

export const studySchema = z.strictObject({
  seed: z.int().min(0).default(0).describe('Seed of the generated sets and of the measures'),
  seeds: z
    .int()
    .min(1)
    .max(50)
    .default(3)
    .describe('Training seeds of each arm, 0 .. seeds - 1; may be raised later, the rest is kept'),
  autoencoder: autoencoderSchema.prefault({}).describe('The one autoencoder; unused with --autoencoder'),
  generator: generatorSchema
    .omit({ objective: true, seed: true, share: true, dp: true })
    .prefault({})
    .describe('Both arms: they differ in the objective alone'),
  main: z
    .strictObject({
      otfm: z
        .strictObject({
          solver: z
            .enum(['heun', 'euler', 'midpoint', 'rk4'])
            .default('heun')
            .describe('Solver of the main sets'),
          steps: count
            .default(16)
            .describe('Steps of the solver; heun takes 2 network evaluations a step, euler 1'),
        })
        .prefault({}),
      ddpm: z
        .strictObject({
          solver: z.enum(['ddim', 'ancestral']).default('ddim').describe('Solver of the main sets'),
          steps: count.default(32).describe('Steps of the solver, one network evaluation each'),
        })
        .prefault({}),
      guidance: guidance.default(1.5).describe('Guidance scale of all sets but those of the guidance axis'),
    })
    .prefault({})
    .describe('How each arm is sampled where the axis does not say otherwise'),
  evaluations: z
    .strictObject({
      euler: evaluationsOf('otfm').default([1, 2, 4, 8, 16, 32, 64]),
      heun: evaluationsOf('otfm; even').default([2, 4, 8, 16, 32, 64]),
      midpoint: evaluationsOf('otfm; even').default([]),
      rk4: evaluationsOf('otfm; multiples of 4').default([]),
      ddim: evaluationsOf('ddpm; at most generator.diffusion.steps').default([1, 2, 4, 8, 16, 32, 64, 150]),
      ancestral: evaluationsOf('ddpm; at most generator.diffusion.steps').default([64, 300]),
    })
    .prefault({})
    .describe('Axis of network evaluations: the counts tried with each solver; an empty list leaves it out'),
  guidance: z.array(guidance).default([0, 1, 1.5, 2, 3, 5]).describe('Axis of guidance scales'),
  shares: z
    .array(z.number().positive().lt(1))
    .default([0.5, 0.25, 0.1])
    .describe('Axis of training-set size: shares of the training cases'),
  shareSeeds: count.default(1).describe('Training seeds at each share; at most `seeds`'),
  classes: z
    .array(z.int().min(2).max(6))
    .default([])
    .describe('Axis of quality classes; empty: every class with enough held-out cases'),
  axisSeeds: count
    .default(1)
    .describe('Training seeds sampled on the axes of evaluations, guidance and class; at most `seeds`'),
  samples: z
    .strictObject({
      main: bones.default(100).describe('Bones of each main set'),
      axis: bones.default(50).describe('Bones of each point of an axis; at most `samples.main`'),
    })
    .prefault({}),
  measure: z
    .strictObject({
      train: bones.default(400).describe('Most training cases compared with, a seeded draw'),
      chamfer: bones.default(50).describe('Most cases of each set compared by surface distance'),
      points: z.int().min(64).max(65_536).default(2048).describe('Surface points of a shape'),
      extended: z
        .boolean()
        .default(true)
        .describe('FID, MS-SSIM, earth mover, specificity, variation and others too, of the main sets'),
      resamples: z.int().min(50).max(10_000).default(200).describe('Half-samples behind an interval'),
      within: z
        .number()
        .positive()
        .max(1)
        .default(0.1)
        .describe(
          'Equal quality: within this share of the best score (of 0.5 for 1-NNA; KID: within its interval)',
        ),
    })
    .prefault({}),
  sheet: z.int().min(1).max(24).default(6).describe('Bones of each arm on the contact sheet, at equal seeds'),
});

export type StudySettings = z.infer<typeof studySchema>;
export type StudyPreset = 'tiny' | 'small';

export const STUDY_PRESETS: Record<StudyPreset, unknown> = {
  tiny: {
    autoencoder: AUTOENCODER_PRESETS.tiny,
    generator: { ...(GENERATOR_PRESETS.tiny as object), diffusion: { steps: 300 } },
    samples: { main: 64, axis: 40 },
    measure: { chamfer: 40, points: 1024 },
  },
  small: {
    autoencoder: AUTOENCODER_PRESETS.small,
    generator: GENERATOR_PRESETS.small,
    evaluations: { ddim: [1, 2, 4, 8, 16, 32, 64, 150, 300], ancestral: [64, 300, 1000] },
  },
};
