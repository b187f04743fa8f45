/** What a test of completion says, as plain data: `complete.json`. One row a case, defect and method; nothing is dropped. */
import { z } from 'zod';
import { DEFECT_KINDS, DEFECT_SITES } from '../defects/sites.ts';
import { rowsOf } from '../testFolder.ts';
import { TestRows } from '../testRows.ts';
import { completionFiguresSchema } from './measure.ts';

/** What stands beside the best-ranked answer of a method that gives several. */
export const severalAnswersSchema = z.strictObject({
  /** Answers given, and those of them that gave an implant. */
  given: z.int().min(1),
  usable: z.int().min(0),
  /** Figures of the answer whose implant has the best Dice with the true one: what a person choosing by the truth would have. */
  best: completionFiguresSchema,
  /** Mean of 1 - Dice over all pairs of implants, 0 where all are one; null for one usable answer. */
  spread: z.number().nullable(),
});

export const completionRowSchema = z.strictObject({
  /** Of the dataset. */
  case: z.string(),
  subject: z.string(),
  /** Number of the defect of this case, from 0; the same for all methods. */
  defect: z.int().min(0),
  kind: z.enum(DEFECT_KINDS),
  site: z.enum(DEFECT_SITES),
  /** Removed share of the bone. */
  share: z.number(),
  diameterMm: z.number(),
  method: z.string(),
  /** Of the method alone, without cutting and measuring. */
  seconds: z.number(),
  /** Of the best-ranked answer; absent where it failed. */
  figures: completionFiguresSchema.optional(),
  several: severalAnswersSchema.optional(),
  /** Why it failed. */
  failure: z.string().optional(),
});

export const completionRecordSchema = z.strictObject({
  format: z.literal('cranioflow-completion-test'),
  version: z.literal(1),
  data: z.strictObject({
    name: z.string(),
    bone: z.string(),
    phantom: z.boolean(),
    size: z.tuple([z.number(), z.number(), z.number()]),
    spacing: z.number(),
    heldOut: z.strictObject({ cases: z.int(), subjects: z.int() }),
  }),
  seed: z.int(),
  defectsPerCase: z.int(),
  /** Cases of a lower quality, 2 to 6, were left out. */
  leastQuality: z.number(),
  kinds: z.array(z.enum(DEFECT_KINDS)),
  answers: z.int(),
  borderMm: z.number(),
  toleranceMm: z.number(),
  methods: z.array(z.strictObject({ name: z.string(), words: z.string() })),
  /** Cases in which no defect could be drawn, and why. */
  undrawn: z.array(z.strictObject({ case: z.string(), defect: z.int(), why: z.string() })),
  /** What throws doubt on the figures, in sentences. */
  warnings: z.array(z.string()),
  rows: z.array(completionRowSchema),
});

export type SeveralAnswers = z.infer<typeof severalAnswersSchema>;
export type CompletionRow = z.infer<typeof completionRowSchema>;
export type CompletionRecord = z.infer<typeof completionRecordSchema>;

type RowPlace = Pick<CompletionRow, 'case' | 'defect'>;
export type CompletionRows = TestRows<CompletionRow, RowPlace>;

/** The rows that are kept in the folder of a test. Throws `DiskError`. */
export const openCompletionRows = (out: string): CompletionRows =>
  new TestRows<CompletionRow, RowPlace>(
    rowsOf(out, 'complete'),
    completionRowSchema,
    (row) => `${row.defect} ${row.case}`,
  );
