/**
 * The case sheet: what became of every scan, so that a person accepts or drops each in seconds.
 *
 *   a case is finished -> writeCaseRecord: DATASET/cases/<id>.json, pictures inside, whole or not at all
 *   all are            -> writeCasesPage:  DATASET/cases.html from the records alone, no volume is read again
 *
 * A record holds what it is given and nothing else: no path, no time, no name of a machine. Records are checked when they
 * are read back, so that one that was cut short or altered is named on the page instead of breaking it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { asDiskError, makeFolder, writeFileAtomic } from '../files/atomic.ts';
import { type CasesPageOptions, caseCard, casesFrame, type Summary } from './casesPage.ts';

const picture = z.strictObject({
  title: z.string(),
  png: z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/),
  width: z.int().min(1).max(10000),
  height: z.int().min(1).max(10000),
  alt: z.string(),
});

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const recordSchema = z.strictObject({
  /** Letters, digits, dots, hyphens: the record's file name. */
  id: z.string().regex(ID),
  /** Shown beside the id. */
  label: z.string().optional(),
  /** 'kept': accepted in an earlier run and not done again. */
  status: z.enum(['accepted', 'refused', 'kept']),
  /** Why it was refused, or accepted in spite of something. */
  reason: z.string().optional(),
  /** Measured values, in the order they are shown. */
  numbers: z.array(
    z.strictObject({
      label: z.string(),
      value: z.union([z.number(), z.string()]),
      unit: z.string().optional(),
    }),
  ),
  /** 2 (truncated or damaged) to 6 (complete), and what took points off. */
  quality: z.strictObject({ score: z.number(), reasons: z.array(z.string()) }).optional(),
  warnings: z.array(z.string()),
  steps: z.array(
    z.strictObject({ title: z.string(), picture: picture.optional(), note: z.string().optional() }),
  ),
  slices: z.array(picture),
  views: z.array(picture),
});

/** One case as plain JSON; `renderCase` makes its slices, views and steps. */
export type CaseRecord = z.infer<typeof recordSchema>;

export type { CasesPageOptions } from './casesPage.ts';

/** A record beyond this is not read: pictures of a case take a few hundred KB. */
const LARGEST = 32 * 2 ** 20;

const folderOf = (dir: string): string => join(dir, 'cases');

function pathOf(dir: string, id: string): string {
  if (ID.test(id)) return join(folderOf(dir), `${id}.json`);
  throw new UsageError({
    found: `the case id ${JSON.stringify(id)}`,
    expected: 'at most 100 letters, digits, dots, underscores and hyphens, a letter or digit first',
    todo: 'give another id; the label may be any text',
  });
}

/**
 * Writes `dir/cases/<id>.json` whole or not at all and returns its path. Throws `UsageError` for an id that cannot be a file
 * name or values that are not plain (NaN among them), `DiskError` when the disk refuses.
 */
export function writeCaseRecord(dir: string, record: CaseRecord): string {
  const path = pathOf(dir, record.id);
  const checked = recordSchema.safeParse(record);
  if (!checked.success)
    throw new UsageError({
      found: `a record of case ${record.id} that does not fit: ${z.prettifyError(checked.error).replace(/\s+/g, ' ')}`,
      expected: 'the fields of CaseRecord and nothing else, numbers finite',
      todo: 'correct the record; a value that is not known can be left out or be a text',
    });
  writeFileAtomic(path, JSON.stringify(checked.data));
  return path;
}

/** The record of a case; undefined when there is none, or none that can be read: then the case is to be done again. */
export function readCaseRecord(dir: string, id: string): CaseRecord | undefined {
  const path = pathOf(dir, id);
  try {
    if (statSync(path).size > LARGEST) return undefined;
    const read = recordSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return read.success && read.data.id === id ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** The ids that have a record in `dir`, sorted. */
export function recordedCases(dir: string): string[] {
  try {
    makeFolder(folderOf(dir));
    return readdirSync(folderOf(dir))
      .filter((name) => name.endsWith('.json') && ID.test(name.slice(0, -5)))
      .map((name) => name.slice(0, -5))
      .sort();
  } catch (error) {
    throw asDiskError(error, folderOf(dir));
  }
}

/**
 * Writes `dir/cases.html` from the records in `dir/cases` and returns its path: one page with everything in it, no request
 * to any host. Without `ids` all records are shown, refused ones first. Throws `DiskError` when the disk refuses.
 */
export function writeCasesPage(dir: string, options: CasesPageOptions): string {
  const kept = new Set(options.kept ?? []);
  const summary: Summary = { entries: [], unreadable: [] };
  const cards: { refused: boolean; text: string }[] = [];
  // One record at a time: of its pictures only the finished card stays in memory.
  for (const id of options.ids ?? recordedCases(dir)) {
    const record = readCaseRecord(dir, id);
    if (!record) {
      summary.unreadable.push(id);
      continue;
    }
    const wasKept = record.status === 'kept' || kept.has(id);
    const { slices: _s, views: _v, steps: _t, ...entry } = record;
    summary.entries.push({ ...entry, wasKept });
    cards.push({ refused: record.status === 'refused', text: caseCard(record, wasKept).text });
  }
  if (!options.ids) cards.sort((a, b) => Number(b.refused) - Number(a.refused));
  const path = join(dir, 'cases.html');
  const { head, foot } = casesFrame(options, summary);
  writeFileAtomic(path, head.text, ...cards.map((c) => c.text), foot.text);
  return path;
}
