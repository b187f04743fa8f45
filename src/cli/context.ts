/**
 * What every command shares: where its words go. Results go to stdout, and only they; progress, summaries and warnings to
 * stderr. `--json` puts one JSON object on stdout in place of the summary, `--quiet` silences all but errors.
 */
import type { Command } from 'commander';
import { InterruptedError } from '../errors.ts';
import { onInterrupt } from '../files/interrupt.ts';
import { createProgress, type Progress, type ProgressStream } from '../files/progress.ts';
import type { RunCommand } from '../files/runFolder.ts';

export interface Streams {
  stdout: ProgressStream;
  stderr: ProgressStream;
  /** Stops the work as Ctrl-C does; for tests and programs. */
  signal?: AbortSignal;
}

export interface Context {
  readonly quiet: boolean;
  readonly json: boolean;
  /** The words given and where, as a training notes them in its run folder. */
  readonly command: RunCommand;
  /** A line on stderr, unless `--quiet`. */
  say(text: string): void;
  /** The result: with `--json` as one JSON object on stdout, else the text on stderr. */
  report(result: object, text: string): void;
  /** A result that is a text itself, on stdout; with `--json` the object. */
  print(result: object, text: string): void;
  /** A progress display on stderr. */
  progress(title: string, total: number, unit: string): Progress;
  /** Runs work that stops cleanly at Ctrl-C. */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** The context of one run of `command`, whose global options are parsed from `argv`. */
export function openContext(command: Command, streams: Streams, argv: readonly string[] = []): Context {
  const { quiet = false, json = false } = command.optsWithGlobals<{ quiet?: boolean; json?: boolean }>();
  const { stdout, stderr } = streams;
  const say = (text: string): void => {
    if (!quiet) stderr.write(`${text}\n`);
  };
  return {
    quiet,
    json,
    command: { argv: argv.filter((word) => word !== '--resume'), cwd: process.cwd() },
    say,
    report(result, text) {
      if (json) stdout.write(`${JSON.stringify(result, null, 2)}\n`);
      else say(text);
    },
    print(result, text) {
      stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text);
    },
    progress(title, total, unit) {
      const shown = createProgress({ title, total, unit, quiet, stream: stderr });
      // Work that was refused before it began has no progress to tell of.
      let begun = false;
      return {
        update(done, note) {
          begun = true;
          shown.update(done, note);
        },
        finish(note) {
          if (begun) shown.finish(note);
        },
      };
    },
    async interruptible(work) {
      if (streams.signal !== undefined) return work(streams.signal);
      const interrupt = onInterrupt((text) => void stderr.write(`\n${text}\n`));
      try {
        return await work(interrupt.signal);
      } finally {
        interrupt.dispose();
      }
    },
  };
}

/** The end of an interrupted command that keeps what is finished and goes on when it is run again. */
export function interrupted(found: string): InterruptedError {
  return new InterruptedError({
    found,
    expected: 'to run to the end',
    todo: 'run the same command again: what is finished is kept',
  });
}
