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
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { configHash } from '../config/hash.ts';
import type { StudySettings } from '../config/study.ts';
import { RunFolderError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { differences } from '../files/runFolder.ts';

const FORMAT = 'cranioflow-study';

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

/**
 * Refuses a folder that holds another study, naming the settings that differ; only `seeds` may grow. Throws
 * `RunFolderError`. Writes nothing.
 */
export function requireSameStudy(out: string, identity: StudyIdentity): void {
  const paths = pathsOf(out);
  const refuse = (found: string): RunFolderError =>
    new RunFolderError({
      found,
      expected: 'the study that this folder was begun with (seeds alone may be raised), or a new folder',
      todo: 'repeat its --data, --preset, --config, --set and --autoencoder, or choose another --out',
    });
  if (!existsSync(paths.study)) {
    if (['runs', 'sets', 'compare.json', 'dataset.json', 'config.yaml'].some((n) => existsSync(join(out, n))))
      throw refuse(`${out} holds something that is not a study (it has no study.json)`);
    return;
  }
  const found = readJson<StudyIdentity & { format: string }>(paths.study);
  if (found?.format !== FORMAT) throw refuse(`${paths.study} is not the record of a study`);
  const told = (a: unknown, b: unknown, what: string) =>
    differences(a, b).map((text) => text.replace('(the run has', `(${what} has`));
  const changed = told(identity.settings, found.settings, 'the study').filter(
    (text) => !(text.startsWith('seeds ') && identity.settings.seeds > found.settings.seeds),
  );
  if (identity.data.train !== found.data.train || identity.data.test !== found.data.test)
    changed.push(`data "${identity.data.name}" (the study has other cases of "${found.data.name}")`);
  if (identity.autoencoder !== found.autoencoder)
    changed.push(
      `autoencoder ${identity.autoencoder?.slice(0, 12) ?? 'of its own'} (the study has ${found.autoencoder?.slice(0, 12) ?? 'its own'})`,
    );
  if (changed.length > 0) throw refuse(`${out} holds another study: now ${changed.slice(0, 8).join(', ')}`);
}

/** Records what the folder is of. Throws `DiskError`. */
export function writeIdentity(out: string, identity: StudyIdentity): void {
  writeJson(pathsOf(out).study, { format: FORMAT, version: 1, ...identity });
}

/** The key of a unit: a hash of all it is made from. */
export const keyOf = (madeFrom: unknown): string => configHash(madeFrom);

const MARKER = 'done.json';

/** What a finished unit left: undefined where it is not finished or was made from something else. */
export function finished<T>(folder: string, key: string): T | undefined {
  const found = readJson<{ key: string; result: T }>(join(folder, MARKER));
  return found?.key === key ? found.result : undefined;
}

/** Marks a unit as finished. Throws `DiskError`. */
export const finish = <T>(folder: string, key: string, result: T): void =>
  writeJson(join(folder, MARKER), { key, result });

/** Takes a unit's folder away, so that it is made anew. */
export const removeUnit = (folder: string): void => rmSync(folder, { recursive: true, force: true });
