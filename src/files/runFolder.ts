/**
 * The run folder of a training: `config.yaml` (as resolved), `metrics.jsonl`, `checkpoints/`, `command.json` where a command
 * line began it, and while it is written `run.lock`. Opening it takes the lock; a folder that holds a run is refused unless
 * the run is resumed.
 *
 * Resuming rolls the log back to the newest checkpoint, so that metrics.jsonl of an interrupted and resumed run is line
 * for line that of an uninterrupted one (as long as its lines hold no wall time).
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { CheckpointError, RunFolderError } from '../errors.ts';
import { asDiskError, writeFileAtomic } from './atomic.ts';
import {
  type Checkpoint,
  type CheckpointContent,
  latestCheckpoint,
  latestCheckpointPath,
  tidyCheckpoints,
  verifyCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';
import { acquireLock } from './lock.ts';
import { requireOwnFolder } from './ownFolder.ts';

/** In the run folder: how the run was begun. A note for who wants to go on with it: no hash and no export holds it. */
export const COMMAND = 'command.json';

/** The command line of a training: its words without node, script and `--resume`, and the folder they were given in. */
export interface RunCommand {
  argv: readonly string[];
  cwd: string;
}

export interface RunFolderOptions {
  /** Steps of the whole run: a checkpoint beyond them is refused. */
  steps?: number;
  /** The resolved configuration, written to config.yaml. */
  config: unknown;
  /** Hash of the part of the configuration that a resumed run must share (see `configHash`). */
  configHash: string;
  resume?: boolean;
  /** Noted in command.json. */
  command?: RunCommand;
  /** How many checkpoints stay on disk; 2. */
  keep?: number;
  /** Told what a person should know (a dead lock taken over); stderr. */
  notice?: (text: string) => void;
}

export interface RunFolder {
  readonly path: string;
  /** The newest checkpoint, verified and read; undefined where there is none yet. Throws `CheckpointError`. */
  latestCheckpoint(): Checkpoint | undefined;
  /** Writes a checkpoint whole or not at all, then drops old ones. Throws `DiskError`. */
  writeCheckpoint(content: CheckpointContent): string;
  /** Appends one JSON line to metrics.jsonl. Throws `DiskError`. */
  appendMetrics(line: { step: number } & Record<string, unknown>): void;
  /** Gives the lock back. The end of the process does so too. */
  close(): void;
}

/** The dotted keys in which two configurations differ, with both values: `model.width 64 (the run has 32)`. */
export function differences(now: unknown, before: unknown, key = ''): string[] {
  if (typeof now === 'object' && now && typeof before === 'object' && before && !Array.isArray(now)) {
    const [a, b] = [now as Record<string, unknown>, before as Record<string, unknown>];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((k) =>
      differences(a[k], b[k], key === '' ? k : `${key}.${k}`),
    );
  }
  const [a, b] = [JSON.stringify(now), JSON.stringify(before)];
  return a === b ? [] : [`${key} ${a ?? 'absent'} (the run has ${b ?? 'none'})`];
}

function checkConfiguration(path: string, checkpoint: string, options: RunFolderOptions): void {
  if (verifyCheckpoint(checkpoint).configHash === options.configHash) return;
  let changed: string[] = [];
  try {
    changed = differences(
      JSON.parse(JSON.stringify(options.config)),
      parse(readFileSync(join(path, 'config.yaml'), 'utf8')),
    );
  } catch {
    // Without a readable config.yaml the message does without the keys.
  }
  // How long and how often may change; it is never the reason.
  changed = changed.filter((text) => !/^(steps|checkpointEvery|evaluateEvery) /.test(text));
  throw new CheckpointError({
    found: `${checkpoint} was made with another configuration${changed.length > 0 ? `: now ${changed.slice(0, 6).join(', ')}` : '; its settings are these, so its data (or autoencoder) were others'}`,
    expected: 'the configuration and the data that the run was started with',
    todo: 'resume with the same preset, --config, --set and --data, or start a new run in another --out',
  });
}

/** A run is not shortened: its log and its schedule would tell of another training than the one that was done. */
function checkSteps(checkpoint: string, steps = Number.POSITIVE_INFINITY): void {
  const done = verifyCheckpoint(checkpoint).step;
  if (done <= steps) return;
  throw new CheckpointError({
    found: `${checkpoint} is beyond step ${steps}, where the run is to end`,
    expected: `at least ${done} steps`,
    todo: `give --set steps=${done} or more, or start a new run in another --out`,
  });
}

/** Drops the lines of metrics.jsonl after `step`, and a last line that was cut short. */
function rollBackMetrics(file: string, step: number): void {
  if (!existsSync(file)) return;
  const text = readFileSync(file, 'utf8');
  const kept = text.split('\n').filter((line) => {
    try {
      return (JSON.parse(line) as { step: number }).step <= step;
    } catch {
      return false;
    }
  });
  const rolledBack = kept.map((line) => `${line}\n`).join('');
  if (rolledBack !== text) writeFileAtomic(file, rolledBack);
}

/**
 * Opens a run folder for writing. Throws `FileError` where it holds other things than a run, `RunFolderError` where another
 * process writes it or, without `resume`, where it already holds a run; with `resume`, `CheckpointError` where the newest checkpoint is damaged or of another
 * configuration (nothing is changed then). Resuming a folder without a run starts one.
 */
export function openRunFolder(path: string, options: RunFolderOptions): RunFolder {
  const notice = options.notice ?? ((text) => void process.stderr.write(`${text}\n`));
  const release = acquireLock(join(path, 'run.lock'), notice);
  const metrics = join(path, 'metrics.jsonl');
  try {
    const held = ['config.yaml', 'metrics.jsonl', 'checkpoints'].filter((name) =>
      existsSync(join(path, name)),
    );
    if (held.length > 0 && !options.resume)
      throw new RunFolderError({
        found: `${path} already holds a run (${held.join(', ')})`,
        expected: 'a new or empty folder, or --resume',
        todo: 'add --resume to go on with that run, or choose another --out',
      });
    // A run is never begun among other things: a dataset's folder that holds weights is neither.
    if (held.length === 0) requireOwnFolder(path, /^$/);
    tidyCheckpoints(path);
    const checkpoint = latestCheckpointPath(path);
    if (checkpoint !== undefined) {
      checkConfiguration(path, checkpoint, options);
      checkSteps(checkpoint, options.steps);
    }
    rollBackMetrics(metrics, checkpoint === undefined ? -1 : verifyCheckpoint(checkpoint).step);
    writeFileAtomic(join(path, 'config.yaml'), stringify(options.config));
    if (options.command !== undefined)
      writeFileAtomic(join(path, COMMAND), `${JSON.stringify(options.command, null, 1)}\n`);
  } catch (error) {
    release();
    throw error;
  }
  return {
    path,
    latestCheckpoint: () => latestCheckpoint(path),
    writeCheckpoint: (content) => writeCheckpoint(path, content, options.configHash, options.keep),
    appendMetrics(line) {
      try {
        appendFileSync(metrics, `${JSON.stringify(line)}\n`);
      } catch (error) {
        throw asDiskError(error, metrics);
      }
    },
    close: release,
  };
}
