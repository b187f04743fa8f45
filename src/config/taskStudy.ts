/**
 * The configuration of the task study: which training sets, how large, how the two networks are trained on them and tested.
 * All networks of a task have one configuration and one number of steps, whatever they learn from.
 */
import { z } from 'zod';
import { ALIGNER_PRESETS, alignerSchema } from './aligner.ts';
import { COMPLETER_PRESETS, completerSchema } from './completer.ts';

const count = z.int().positive();
const counts = z.array(count.max(100_000));

export const TASKS = ['align', 'complete'] as const;

export const taskStudySchema = z.strictObject({
  seed: z.int().min(0).default(0).describe('Seed of generated sets and of the tests'),
  seeds: z
    .int()
    .min(1)
    .max(50)
    .default(3)
    .describe('Training seeds, 0 .. seeds - 1; may be raised later, the rest is kept'),
  tasks: z
    .array(z.enum(TASKS))
    .min(1)
    .default([...TASKS])
    .describe('Alignment, completion or both'),
  real: counts.default([5, 10]).describe('Numbers of real cases; all of them come as well'),
  synthetic: counts
    .min(1)
    .default([100, 300])
    .describe('Numbers of synthetic cases; as many as there are real ones come as well'),
  aligner: alignerSchema.omit({ seed: true }).prefault({}).describe('Every alignment network'),
  completer: completerSchema.omit({ seed: true }).prefault({}).describe('Every completion network'),
  test: z
    .strictObject({
      poses: count
        .max(100)
        .default(2)
        .describe(
          'Poses of each held-out case, turned any way: whole, cut off by the field of view, with defects',
        ),
      defects: count.max(100).default(4).describe('Defects of each held-out case'),
    })
    .prefault({}),
});

export type TaskStudySettings = z.infer<typeof taskStudySchema>;
export type TaskName = (typeof TASKS)[number];
export type TaskStudyPreset = 'tiny' | 'small';

/**
 * Measurements during a training would cost time and are not used. Where real and synthetic cases are mixed, half of what is shown
 * is real, however many there are of each. No real case is kept out of learning to calibrate by: the others would have none to
 * spare.
 */
const ALIKE = { evaluateEvery: 1_000_000, realShare: 0.5 };

const preset = (name: TaskStudyPreset): object => ({
  aligner: { ...(ALIGNER_PRESETS[name] as object), ...ALIKE, calibration: { share: 0 } },
  completer: { ...(COMPLETER_PRESETS[name] as object), ...ALIKE },
});

export const TASK_STUDY_PRESETS: Record<TaskStudyPreset, unknown> = {
  tiny: preset('tiny'),
  small: { synthetic: [100, 300, 1000], ...preset('small') },
};
