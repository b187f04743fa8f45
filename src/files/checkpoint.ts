/**
 * Checkpoints: `checkpoints/step-000123/{model.safetensors, optimizer.safetensors, state.json}`.
 *
 * A checkpoint is written into a temporary folder, flushed, and renamed: under its final name it is whole. `state.json`,
 * written last, holds the step, the hash of the configuration, and the sha256 of every other file; reading checks them,
 * so a checkpoint is either exactly what was written or an error, never a slightly other network.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { asDiskError, discard, syncFolder, writeFileAtomic } from './atomic.ts';
import { encodeSafetensors, type StoredMetadata, type StoredTensors } from './safetensors.ts';
import { readSafetensors } from './safetensorsFile.ts';

/** What a checkpoint is made of; each of `files` becomes NAME.safetensors: 'model', 'optimizer', ... */
export interface CheckpointContent {
  step: number;
  files: Readonly<Record<string, StoredTensors>>;
  /** Whatever else resuming needs, as JSON: position in the data, best loss, ... */
  state?: unknown;
  /** Written into every safetensors file. */
  metadata?: StoredMetadata;
}

export interface Checkpoint {
  path: string;
  step: number;
  configHash: string;
  files: Record<string, StoredTensors>;
  state: unknown;
}

/** state.json. */
interface StateFile {
  step: number;
  configHash: string;
  sha256: Record<string, string>;
  state: unknown;
}

const STEP_FOLDER = /^step-(\d{6,})$/;

/** `7` -> `step-000007`. */
export function stepFolderName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** The steps with a finished checkpoint in a run folder, ascending. */
export function checkpointSteps(runPath: string): number[] {
  const folder = join(runPath, 'checkpoints');
  if (!existsSync(folder)) return [];
  const steps = readdirSync(folder).flatMap((name) => STEP_FOLDER.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}

/**
 * Writes a checkpoint and then removes all but the `keep` newest. The previous ones stay until the new one is whole.
 * Throws `DiskError`, leaving the earlier checkpoints as they were. Returns the checkpoint's folder.
 */
export function writeCheckpoint(
  runPath: string,
  content: CheckpointContent,
  configHash: string,
  keep = 2,
): string {
  const folder = join(runPath, 'checkpoints');
  const target = join(folder, stepFolderName(content.step));
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { recursive: true, force: true });
    const sha256: Record<string, string> = {};
    for (const [name, tensors] of Object.entries(content.files)) {
      const chunks = encodeSafetensors(tensors, content.metadata);
      const hash = createHash('sha256');
      for (const chunk of chunks) hash.update(chunk);
      sha256[`${name}.safetensors`] = hash.digest('hex');
      writeFileAtomic(join(temporary, `${name}.safetensors`), ...chunks);
    }
    const state: StateFile = { step: content.step, configHash, sha256, state: content.state ?? null };
    writeFileAtomic(join(temporary, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
    // The same step written again (a run resumed from an earlier checkpoint): aside first, a folder cannot replace one.
    const replaced = `${target}.replaced`;
    if (existsSync(target)) renameSync(target, replaced);
    renameSync(temporary, target);
    syncFolder(folder);
    rmSync(replaced, { recursive: true, force: true });
  } catch (error) {
    discard(temporary);
    throw asDiskError(error, target);
  }
  for (const step of checkpointSteps(runPath).slice(0, -keep))
    if (step !== content.step) rmSync(join(folder, stepFolderName(step)), { recursive: true, force: true });
  return target;
}

/** Removes what a killed process left half-written, and puts back a checkpoint that was about to be replaced. */
export function tidyCheckpoints(runPath: string): void {
  const folder = join(runPath, 'checkpoints');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const whole = name.endsWith('.replaced') ? join(folder, name.slice(0, -'.replaced'.length)) : undefined;
    if (whole !== undefined && !existsSync(whole)) renameSync(path, whole);
    else if (whole !== undefined || name.endsWith('.tmp')) rmSync(path, { recursive: true, force: true });
  }
}

function damaged(path: string, found: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    {
      found: `${path}: ${found}`,
      expected: 'a checkpoint as it was written',
      todo: 'use another checkpoint',
    },
    { cause },
  );
}

/** Reads `state.json` of one checkpoint folder. Throws `CheckpointError` naming the file. */
function readState(path: string): StateFile {
  const file = join(path, 'state.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw damaged(file, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  try {
    const state = JSON.parse(text);
    const hashes = Object.values(state.sha256);
    if (
      Number.isSafeInteger(state.step) &&
      typeof state.configHash === 'string' &&
      hashes.every((h) => typeof h === 'string')
    )
      return state;
  } catch (cause) {
    throw damaged(file, 'cut short or not JSON', cause);
  }
  throw damaged(file, 'not the state of a checkpoint');
}

/** Checks that every file of a checkpoint folder has the sha256 written in its state. Throws `CheckpointError`. */
export function verifyCheckpoint(path: string): { step: number; configHash: string } {
  const { step, configHash, sha256 } = readState(path);
  for (const [name, expected] of Object.entries(sha256)) {
    const file = join(path, name);
    let hash: string;
    try {
      hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    } catch (cause) {
      throw damaged(file, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
    }
    if (hash !== expected)
      throw damaged(file, 'cut short or altered since it was written (its sha256 differs)');
  }
  return { step, configHash };
}

/**
 * Reads one checkpoint folder, checksums verified; `only` limits which files are loaded (sampling needs 'model' alone).
 * Throws `CheckpointError` naming the file that is missing, cut short or altered.
 */
export function readCheckpoint(path: string, only?: readonly string[]): Checkpoint {
  verifyCheckpoint(path);
  const { step, configHash, sha256, state } = readState(path);
  const files: Record<string, StoredTensors> = {};
  for (const fileName of Object.keys(sha256)) {
    const name = basename(fileName, '.safetensors');
    if (only === undefined || only.includes(name))
      files[name] = readSafetensors(join(path, fileName)).tensors;
  }
  for (const name of only ?? [])
    if (files[name] === undefined) throw damaged(path, `has no ${name}.safetensors`);
  return { path, step, configHash, files, state };
}

/** The newest checkpoint's folder, verified; undefined where there is none. Throws as `latestCheckpoint`. */
export function latestCheckpointPath(runPath: string): string | undefined {
  const paths = checkpointSteps(runPath).map((step) => join(runPath, 'checkpoints', stepFolderName(step)));
  const newest = paths.pop();
  if (newest === undefined) return undefined;
  try {
    verifyCheckpoint(newest);
    return newest;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const whole = paths.reverse().find((path) => {
      try {
        verifyCheckpoint(path);
        return true;
      } catch {
        return false;
      }
    });
    throw new CheckpointError(
      {
        ...error.explanation,
        todo:
          whole === undefined
            ? `no earlier checkpoint is whole: delete ${dirname(newest)} and train again`
            : `delete ${newest} to go on from the earlier checkpoint ${basename(whole)}, which is whole`,
      },
      { cause: error },
    );
  }
}

/**
 * The newest checkpoint of a run folder, or undefined where there is none. Throws `CheckpointError` where it is damaged:
 * the message names the file and the newest earlier checkpoint that is whole. Needs no lock: it reads only.
 */
export function latestCheckpoint(runPath: string, only?: readonly string[]): Checkpoint | undefined {
  const path = latestCheckpointPath(runPath);
  return path === undefined ? undefined : readCheckpoint(path, only);
}
