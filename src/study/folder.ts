/**
 * The folder of a study, and how its parts know that they are done.
 *
 *   study.json            the settings and the data it belongs to: another study is refused here
 *   autoencoder/          a run folder, unless one was given
 *   runs/NAME/            a run folder each training
 *   sets/NAME/            a generated set, a dataset of its own
 *   measures/NAME.json    figures of a set
 *   compare.json, compare.html
 *
 * A finished training or set holds `done.json` with the key of what it was made from (settings and hashes of what it rests
 * on). Same key: skipped. Another key, or none: taken up where it stopped, or made again.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { configHash } from '../config/hash.ts';
import { type StudySettings, studySchema } from '../config/study.ts';
import { RunFolderError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { differences } from '../files/runFolder.ts';

const FORMAT = 'cranioflow-study';
const VERSION = 1;

export const pathsOf = (out: string) => ({
  study: join(out, 'study.json'),
  lock: join(out, 'study.lock'),
  autoencoder: join(out, 'autoencoder'),
  run: (name: string) => join(out, 'runs', name),
  set: (name: string) => join(out, 'sets', name),
  measure: (name: string) => join(out, 'measures', `${name}.json`),
  json: join(out, 'compare.json'),
  html: join(out, 'compare.html'),
});

export type StudyPaths = ReturnType<typeof pathsOf>;

/** What a study is of; one folder holds one. */
export interface StudyIdentity {
  settings: StudySettings;
  /** SHA-256 over the checksums of the training and of the held-out cases. */
  data: { name: string; train: string; test: string };
  /** SHA-256 of the autoencoder that was given; null: the study trains its own. */
  autoencoder: string | null;
}

/** A JSON file, or undefined where it is absent or cut short. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

export const writeJson = (path: string, value: unknown): void =>
  writeFileAtomic(path, `${JSON.stringify(value, null, 1)}\n`);

/** Settings that only say which units there are: each unit is as it was, whatever others stand beside it. */
const AXES = [
  'evaluations',
  'guidance',
  'shares',
  'classes',
] as const satisfies readonly (keyof StudySettings)[];
type Axes = Partial<Pick<StudySettings, (typeof AXES)[number]>>;

/** Those axes of `now` that differ from those of `before`. */
export const changedAxes = (now: StudySettings, before: StudySettings): Axes =>
  Object.fromEntries(
    AXES.filter((axis) => JSON.stringify(now[axis]) !== JSON.stringify(before[axis])).map((axis) => [
      axis,
      now[axis],
    ]),
  );

const FREE = new RegExp(`^(seeds|${AXES.join('|')})\\b`);

/** What study.json holds beside what the study is of. */
export interface StudyRecord extends StudyIdentity {
  /** The command line that began the study. */
  command?: string;
  /** Axes that were changed since, which its settings have already. */
  axes?: Axes;
  /** Where the autoencoder was that was given. */
  autoencoderPath?: string;
}

const recordSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  settings: studySchema,
  data: z.object({ name: z.string(), train: z.string(), test: z.string() }),
  autoencoder: z.string().nullable(),
  command: z.string().optional(),
  // Only those that were changed: a schema of settings would fill in the others.
  axes: z.partialRecord(z.enum(AXES), z.unknown()).optional(),
  autoencoderPath: z.string().optional(),
});

const refusal = (found: string): RunFolderError =>
  new RunFolderError({
    found,
    expected:
      'the study that this folder was begun with (only the number of seeds and the axes may change), or a new folder',
    todo: 'leave the settings out to go on with those of the study, or choose another --out',
  });

/**
 * The study that a folder holds; undefined where the folder is absent or empty. Throws `RunFolderError` for a folder of
 * something else, and for a study.json that is damaged or of another version.
 */
export function readStudy(out: string): StudyRecord | undefined {
  const { study, lock } = pathsOf(out);
  if (!existsSync(study)) {
    const held = existsSync(out) ? entriesOf(out).filter((name) => join(out, name) !== lock) : [];
    if (held.length === 0) return undefined;
    throw refusal(`${out} holds ${told(held)}, and is not a study (it has no study.json)`);
  }
  const found = readJson<{ format?: unknown; version?: unknown }>(study);
  if (found?.format !== FORMAT) throw refusal(`${study} is not the record of a study`);
  if (found.version !== VERSION)
    throw refusal(`${study} is of version ${JSON.stringify(found.version)}; this program knows ${VERSION}`);
  const read = recordSchema.safeParse(found);
  if (read.success) {
    const { format: _, version: __, ...record } = read.data;
    return record as StudyRecord;
  }
  const { path, message } = read.error.issues[0];
  throw refusal(`${study} is damaged, or of another release (${path.join('.') || 'all of it'}: ${message})`);
}

/** What a folder holds, temporary files of writes that were cut short left out. */
function entriesOf(out: string): string[] {
  if (!statSync(out).isDirectory()) throw refusal(`${out} is a file`);
  return readdirSync(out).filter((name) => !name.endsWith('.tmp'));
}

const told = (names: readonly string[]): string =>
  names.length === 1 ? 'one thing' : `${names.length} things`;

/**
 * Refuses a folder that holds another study, naming the settings that differ. `seeds` and the axes may change: what is new
 * is made, what is left out is kept and not shown. Throws `RunFolderError`. Writes nothing. Returns what the folder holds.
 */
export function requireSameStudy(out: string, identity: StudyIdentity): StudyRecord | undefined {
  const found = readStudy(out);
  if (found === undefined) return undefined;
  const told = (a: unknown, b: unknown, what: string) =>
    differences(a, b).map((text) => text.replace('(the run has', `(${what} has`));
  const changed = told(identity.settings, found.settings, 'the study').filter((text) => !FREE.test(text));
  if (identity.data.train !== found.data.train || identity.data.test !== found.data.test)
    changed.push(`data "${identity.data.name}" (the study has other cases of "${found.data.name}")`);
  if (identity.autoencoder !== found.autoencoder)
    changed.push(
      `autoencoder ${identity.autoencoder?.slice(0, 12) ?? 'of its own'} (the study has ${found.autoencoder?.slice(0, 12) ?? 'its own'})`,
    );
  if (changed.length > 0) throw refusal(`${out} holds another study: now ${changed.slice(0, 8).join(', ')}`);
  return found;
}

/** Records what the folder is of. Throws `DiskError`. */
export function writeStudy(out: string, record: StudyRecord): void {
  writeJson(pathsOf(out).study, { format: FORMAT, version: VERSION, ...record });
}

/** The key of a unit: a hash of all it is made from. */
export const keyOf = (madeFrom: unknown): string => configHash(madeFrom);

const MARKER = 'done.json';

/** What a finished unit left: undefined where it is not finished, was made from something else, or is damaged. */
export function finished<T>(folder: string, key: string, form: z.ZodType<T>): T | undefined {
  const found = readJson<{ key?: unknown; result?: unknown } | null>(join(folder, MARKER));
  if (found?.key !== key) return undefined;
  const read = form.safeParse(found.result);
  return read.success ? read.data : undefined;
}

/** Marks a unit as finished. Throws `DiskError`. */
export const finish = <T>(folder: string, key: string, result: T): void =>
  writeJson(join(folder, MARKER), { key, result });

/** Takes a unit's folder away, so that it is made anew. */
export const removeUnit = (folder: string): void => rmSync(folder, { recursive: true, force: true });
