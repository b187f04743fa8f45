/**
 * The folder of a task study.
 *
 *   task-study.json   the result; task-study.html the page, task-study.md its tables
 *   study.json        the settings, the data and the sources it belongs to: another study is refused here
 *   sets/SOURCE-seedS/  generated bones of a source that is a run, for a training seed
 *   runs/UNIT/        a run folder each training: TASK-MIX-seedS; beside it UNIT.unit.json, the key of what it was begun with
 *   tests/UNIT.json   its errors on the held-out cases
 *
 * Numbers of cases, tasks and seeds may change: what is new is made, what is left out is kept and not shown.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type TaskStudySettings, taskStudySchema } from '../../config/taskStudy.ts';
import { RunFolderError } from '../../errors.ts';
import { differences } from '../../files/runFolder.ts';
import { readJson, writeJson } from '../folder.ts';
import type { Source } from './sources.ts';

const FORMAT = 'cranioflow-task-study';
const VERSION = 1;

export const taskPathsOf = (out: string) => ({
  study: join(out, 'study.json'),
  lock: join(out, 'study.lock'),
  set: (source: string, training: number) => join(out, 'sets', `${source}-seed${training}`),
  run: (unit: string) => join(out, 'runs', unit),
  test: (unit: string) => join(out, 'tests', `${unit}.json`),
  json: join(out, 'task-study.json'),
  html: join(out, 'task-study.html'),
  text: join(out, 'task-study.md'),
});

export type TaskPaths = ReturnType<typeof taskPathsOf>;

export interface TaskStudyRecord {
  settings: TaskStudySettings;
  /** SHA-256 over the checksums of the training and of the held-out cases. */
  data: { name: string; train: string; test: string };
  sources: Source[];
  /** The command line that began the study, without the settings that may change. */
  command?: string;
}

const recordSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  settings: taskStudySchema,
  data: z.object({ name: z.string(), train: z.string(), test: z.string() }),
  sources: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      kind: z.enum(['set', 'run']),
      hash: z.string(),
      learntFrom: z.string().optional(),
      began: z.int().optional(),
    }),
  ),
  command: z.string().optional(),
});

/** Settings that may change: each unit is as it was, whatever others stand beside it. */
export const FREE_SETTINGS = ['seeds', 'tasks', 'real', 'synthetic'] as const;

const FREE = new RegExp(`^(${FREE_SETTINGS.join('|')})\\b`);

const refusal = (found: string, todo = 'choose another --out'): RunFolderError =>
  new RunFolderError({
    found,
    expected:
      'the study that this folder was begun with (only seeds, tasks and numbers of cases may change), or a new folder',
    todo,
  });

/** The study that a folder holds; undefined where it is absent or empty. Throws `RunFolderError` for anything else. */
export function readTaskStudy(out: string): TaskStudyRecord | undefined {
  const { study } = taskPathsOf(out);
  if (!existsSync(study)) {
    const held = existsSync(out) ? readdirSync(out).filter((name) => !/\.(lock|tmp)$/.test(name)) : [];
    if (held.length > 0) throw refusal(`${out} holds ${held.slice(0, 3).join(', ')}, and no study`);
    return undefined;
  }
  const read = recordSchema.safeParse(readJson(study));
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues;
  throw refusal(
    `${study} is no record of a task study this version can read (${path.join('.') || 'all of it'}: ${message})`,
  );
}

/** Refuses a folder `out` that holds another study, `found`, than `now`, naming what differs. Throws `RunFolderError`. */
export function requireSameTaskStudy(out: string, now: TaskStudyRecord, found: TaskStudyRecord): void {
  const changed = differences(now.settings, found.settings)
    .map((text) => text.replace('(the run has', '(the study has'))
    .filter((text) => !FREE.test(text));
  if (now.data.train !== found.data.train || now.data.test !== found.data.test)
    changed.push(`data "${now.data.name}" (the study has other cases of "${found.data.name}")`);
  // A folder of bones may have grown: its units know by themselves which cases they learnt from.
  const named = (sources: readonly Source[]) =>
    sources.map(({ name, kind, hash }) => `${name} ${kind === 'set' ? 'set' : hash.slice(0, 12)}`).join(', ');
  if (named(now.sources) !== named(found.sources))
    changed.push(`synthetic cases ${named(now.sources)} (the study has ${named(found.sources)})`);
  if (changed.length > 0)
    throw refusal(
      `${out} holds another study: now ${changed.slice(0, 8).join(', ')}`,
      'leave the settings out to go on with those of the study, or choose another --out',
    );
}

/** Records what the folder is of. Throws `DiskError`. */
export const writeTaskStudy = (out: string, record: TaskStudyRecord): void =>
  writeJson(taskPathsOf(out).study, { format: FORMAT, version: VERSION, ...record });
