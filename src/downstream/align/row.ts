/** One row of the test of alignment: what a method said of one scan, and how far that is off. */
import { z } from 'zod';
import { rowsOf } from '../testFolder.ts';
import { TestRows } from '../testRows.ts';
import { CONDITIONS } from './disturb.ts';
import { POSE_KINDS } from './poses.ts';

export const rowSchema = z.strictObject({
  case: z.string(),
  subject: z.string(),
  pose: z.enum(POSE_KINDS),
  condition: z.enum(CONDITIONS),
  /** Which of the case's poses. */
  draw: z.int(),
  /** `whole`, `top`, `oblique`, `2 defects` .. and the share of the bone that is gone. */
  what: z.string(),
  removedShare: z.number(),
  method: z.string(),
  /** Null: no answer, for the reason given. */
  error: z.strictObject({ rotationDeg: z.number(), translationMm: z.number(), treMm: z.number() }).nullable(),
  reason: z.string().optional(),
  seconds: z.number(),
  uncertainty: z.strictObject({ rotationDeg: z.number(), translationMm: z.number() }).nullable(),
});
export type AlignRow = z.infer<typeof rowSchema>;

type RowPlace = Pick<AlignRow, 'case' | 'pose' | 'condition' | 'draw' | 'method'>;
export type AlignRows = TestRows<AlignRow, RowPlace>;

/** The rows that are kept in the folder of a test. Throws `DiskError`. */
export const openAlignRows = (out: string): AlignRows =>
  new TestRows<AlignRow, RowPlace>(rowsOf(out, 'align'), rowSchema, (row) =>
    [row.case, row.pose, row.condition, row.draw, row.method].join(' '),
  );
