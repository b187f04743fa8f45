/**
 * Stopping a training and going on with it. Stopping is what Ctrl-C does: a signal to the process that holds the run, and only
 * where its start proves that it is that very process, and its command line that it trains. Going on is the command that began the run (command.json), with
 * --resume: a process of its own that outlives the server; what it says goes to RUN/resume.log.
 *
 * A run folder may come from anywhere, so its command is only believed where it is a training of ours whose --out is this
 * very folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { asDiskError } from '../files/atomic.ts';
import { checkpointSteps, stepFolderName } from '../files/checkpoint.ts';
import { COMMAND, type RunCommand } from '../files/runFolder.ts';
import type { RunState } from './api.ts';
import { cannotNow } from './errors.ts';
import { fileOf, type Place, textOf } from './files.ts';
import { settingsOf, stepOf, stepsOf, writerOf } from './run.ts';

const LOG = 'resume.log';

/** `train NETWORK`, `task align train` and `task complete train`. */
const TRAINING =
  /^(train (autoencoder|generator|encoder|decoder|reflow|distil)|task (align|complete) train)( |$)/;

/** What writes runs of trainings among other work. */
const WITH_TRAININGS = /^(compare|demo|task study)( |$)/;

/** The words of a command of ours, without those that say how much it prints. */
const plain = (words: readonly string[]): string =>
  words.filter((word) => !/^--(json|quiet)$/.test(word)).join(' ');

/** Whether a process is one of ours that trains: a lock file may name any process of this user. Only where there is /proc. */
function isTraining(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const script = words.findIndex((word) => /^(main\.[jt]s|cranioflow)$/.test(basename(word)));
    const rest = plain(words.slice(script + 1));
    return script >= 0 && (TRAINING.test(rest) || WITH_TRAININGS.test(rest));
  } catch {
    return false;
  }
}

/** Whether the process that holds a run can be sent a signal from here. */
const canSignal = (pid: number | undefined): pid is number =>
  pid !== undefined && pid !== process.pid && isTraining(pid);

/** The command that began a run; undefined where it is not known, or not of this folder. */
export function commandOf(place: Place): RunCommand | undefined {
  if (fileOf(place, COMMAND) === undefined) return undefined;
  let found: RunCommand;
  try {
    found = JSON.parse(textOf(place, COMMAND));
  } catch {
    return undefined;
  }
  const { argv, cwd } = found ?? {};
  const words = Array.isArray(argv) && argv.every((word) => typeof word === 'string') ? argv : [];
  const training = TRAINING.test(plain(words));
  if (!training || typeof cwd !== 'string') return undefined;
  // One word of that name and no second: an option before it could swallow it, and another would count.
  const [out, ...more] = words.flatMap((word, i) =>
    word === '--out' ? (words[i + 1] ?? '') : word.startsWith('--out') ? word.slice('--out='.length) : [],
  );
  try {
    if (out === undefined || more.length > 0) return undefined;
    if (realpathSync(resolve(cwd, out)) !== realpathSync(place.dir)) return undefined;
  } catch {
    return undefined;
  }
  return { argv: words, cwd };
}

/** Tells whether patience ended a run before its last step. */
function isOutOfPatience(place: Place): boolean {
  const { patience } = (settingsOf(place).keep ?? {}) as { patience?: number };
  const step = checkpointSteps(place.dir).pop();
  if (!patience || step === undefined) return false;
  try {
    const dir = join(place.dir, 'checkpoints', stepFolderName(step));
    const { state } = JSON.parse(textOf({ ...place, dir }, 'state.json'));
    return typeof state?.stale === 'number' && state.stale >= patience;
  } catch {
    return false;
  }
}

/** Sends the process that writes a run the signal of Ctrl-C. Throws `ServerError` (409) where there is none, or it is not certain. */
export function stopRun(place: Place): void {
  const holder = writerOf(place);
  if (holder === undefined)
    throw cannotNow('the training does not run', 'a running training', 'nothing is to be stopped');
  const { pid, words } = holder;
  const refused = (why: string) =>
    cannotNow(
      `the training is written by ${words}, ${why}`,
      'a process of this machine that is certain to be the training',
      'stop it where it was started, with Ctrl-C',
    );
  if (!canSignal(pid)) throw refused('which cannot be stopped from here');
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    throw refused(`which takes no signal from here (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** How long the answer to `resume` waits for the training to hold its folder, or to fail; ms. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;
/** Of what a failed training said, the end that is told. */
const TOLD_BYTES = 4000;

export class Resumes {
  readonly #cli: readonly string[];
  readonly #starting = new Set<string>();
  readonly #failed = new Map<string, string>();

  /** `cli`: the words that start this program: node, its options, and the script. */
  constructor(cli: readonly string[]) {
    this.#cli = cli;
  }

  /** How a run stands. Throws `ConfigError` where its settings are damaged. */
  state(place: Place, rate: number | null = null): RunState {
    const { dir } = place;
    const holder = writerOf(place);
    const running = holder !== undefined;
    const [step, steps] = [stepOf(place), stepsOf(place)];
    const failed = this.#failed.get(dir);
    return {
      running,
      canStop: canSignal(holder?.pid),
      canResume: !running && !this.#starting.has(dir) && this.#canResume(place, step, steps),
      step,
      steps,
      rate: running ? rate : null,
      ...(!running && failed !== undefined && { failed }),
    };
  }

  #canResume(place: Place, step: number, steps: number | null): boolean {
    return steps !== null && step < steps && !isOutOfPatience(place) && commandOf(place) !== undefined;
  }

  /**
   * Starts the training anew and waits until it holds its folder, or has failed, or a minute is over. Throws `ServerError` (409)
   * where it runs, is at its end, or its command is not known.
   */
  async resume(place: Place): Promise<void> {
    const { dir } = place;
    if (writerOf(place) !== undefined || this.#starting.has(dir))
      throw cannotNow('the training runs already', 'a training that stopped', 'wait for its end, or stop it');
    const command = commandOf(place);
    if (command === undefined || !this.#canResume(place, stepOf(place), stepsOf(place)))
      throw cannotNow(
        command === undefined
          ? 'the command that began the training is not known, or was for another folder'
          : 'the training is at its end',
        'a training that stopped before its end and was begun by `cranioflow train` or `cranioflow task .. train`',
        'run its command again with --resume',
      );
    this.#failed.delete(dir);
    this.#starting.add(dir);
    try {
      await this.#start(place, command);
    } finally {
      this.#starting.delete(dir);
    }
  }

  async #start(place: Place, { argv, cwd }: RunCommand): Promise<void> {
    const { dir } = place;
    const log = join(dir, LOG);
    const [node, ...script] = this.#cli;
    const fd = newFile(log);
    let child: ChildProcess;
    try {
      child = spawn(node, [...script, ...argv, '--resume'], {
        cwd,
        detached: true,
        stdio: ['ignore', fd, fd],
      });
    } finally {
      closeSync(fd);
    }
    child.unref();
    let ended = false;
    child.on('error', (error) => {
      ended = true;
      this.#failed.set(dir, `cannot be started: ${error.message}`);
    });
    child.on('exit', (code, signal) => {
      ended = true;
      // 130: it was stopped, and what it did is saved.
      if (code !== 0 && code !== 130) this.#failed.set(dir, endOf(log) || `it ended with ${signal ?? code}`);
    });
    for (let waited = 0; waited < PATIENCE_MS && !ended; waited += LOOK_MS) {
      // A program that cannot be started has no pid, as a lock that nobody holds.
      if (child.pid !== undefined && writerOf(place)?.pid === child.pid) return;
      await new Promise((next) => setTimeout(next, LOOK_MS));
    }
  }
}

/** Made anew: a link of that name would be written through. Throws `DiskError`. */
function newFile(path: string): number {
  try {
    rmSync(path, { force: true });
    return openSync(path, 'wx');
  } catch (error) {
    throw asDiskError(error, path);
  }
}

function endOf(log: string): string {
  try {
    return readFileSync(log, 'utf8').slice(-TOLD_BYTES).trim();
  } catch {
    return '';
  }
}
