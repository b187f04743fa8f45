/**
 * What finished units leave on disk, and how it is believed: a measure carries the SHA-256 of its own content and must have
 * every figure a verdict rests on, or say that it failed; a marker must have the form of its unit. What is cut short,
 * altered or of another form counts as not there, and the unit is made again.
 */
import { z } from 'zod';
import type { SetMetric } from '../evaluation/setReport.ts';
import { keyOf, readJson, writeJson } from './folder.ts';
import { HEADLINES, type Sampled } from './headline.ts';

export const autoencoderResultSchema = z.object({
  /** SHA-256 of its weights. */
  hash: z.string().min(1),
  heldOutDice: z.number().nullable(),
});
export type AutoencoderResult = z.infer<typeof autoencoderResultSchema>;

export const trainingResultSchema = z.object({
  /** SHA-256 of the weights of both networks. */
  hash: z.string().min(1),
  dataHash: z.string().min(1),
  cases: z.int().positive(),
  parameters: z.int().positive(),
  heldOutLoss: z.number().nullable(),
  /** Wall time; null for a training that was interrupted. */
  seconds: z.number().nullable(),
});
export type TrainingResult = z.infer<typeof trainingResultSchema>;

export const setResultSchema = z.object({
  /** SHA-256 over the checksums of the bones; empty where every bone is. */
  hash: z.string(),
  empty: z.int().min(0),
  /** Median wall time of a bone, warm session, decoding and writing included. */
  seconds: z.number().min(0),
});
export type SetResult = z.infer<typeof setResultSchema>;

const sampledSchema = z.object({
  value: z.number(),
  cases: z.int().min(2),
  trials: z.int().positive().optional(),
  halves: z.array(z.number()).min(2),
});

const recordSchema = z.object({
  key: z.string(),
  bones: z.int().min(0),
  empty: z.int().min(0),
  failed: z.string().optional(),
  headline: z.record(z.string(), sampledSchema),
  metrics: z.record(z.string(), z.looseObject({ unit: z.string(), better: z.string(), meaning: z.string() })),
  notes: z.array(z.string()),
});

/** Figures of (the first bones of) a set. */
export interface MeasureRecord {
  key: string;
  bones: number;
  empty: number;
  /** Why there are no figures. */
  failed?: string;
  /** All of `HEADLINES`, or none where it failed. */
  headline: Record<string, Sampled>;
  metrics: Record<string, SetMetric>;
  notes: string[];
}

const CONTENT = 'content';

/** Writes a measure with the checksum of its content. Throws `DiskError`. */
export function writeMeasure(path: string, record: MeasureRecord): void {
  // As it will be read: JSON has no NaN.
  const plain = JSON.parse(JSON.stringify(record));
  writeJson(path, { ...plain, [CONTENT]: keyOf(plain) });
}

/** A measure of this key, whole and as it was written; undefined: there is none to believe. */
export function readMeasure(path: string, key: string): MeasureRecord | undefined {
  const found = readJson<Record<string, unknown>>(path);
  if (typeof found !== 'object' || found === null || found.key !== key) return undefined;
  const { [CONTENT]: checksum, ...record } = found;
  if (checksum !== keyOf(record) || !recordSchema.safeParse(record).success) return undefined;
  const measure = record as unknown as MeasureRecord;
  const names = Object.keys(measure.headline);
  const all = HEADLINES.every(({ name }) => names.includes(name));
  return all || (measure.failed !== undefined && names.length === 0) ? measure : undefined;
}
