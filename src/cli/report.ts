/** `cranioflow report`: the self-contained page of a run. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { FileError, UsageError } from '../errors.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { commandLine } from '../files/commandLine.ts';
import type { Context } from './context.ts';

interface ReportFlags {
  run: string;
  data: string;
  autoencoder?: string;
  fake?: string;
  evaluation?: string;
  out?: string;
}

export function registerReport(program: Command, open: (command: Command) => Context): void {
  program
    .command('report')
    .summary('write the report of a run')
    .description(
      `Writes report.html, one file with all pictures and charts in it, and the contact sheets as PNG: samples beside real
bones, the way from noise to bone, nearest training cases, reconstructions, figures, and both trainings.`,
    )
    .requiredOption('--run <run>', 'run folder of a generator, an autoencoder or an encoder')
    .requiredOption('--data <dir>', 'dataset that it was trained on')
    .option('--autoencoder <run>', "the autoencoder's run folder: its curves join the report")
    .option('--fake <dir>', 'folder of generated bones (default: a few are sampled)')
    .option('--evaluation <file>', 'what `evaluate --json` printed')
    .option('--out <dir>', 'where to write (default: the run folder)')
    .addHelpText(
      'after',
      '\nExample:\n  cranioflow report --run runs/gen --data data/phantoms --fake skulls --evaluation evaluation.json',
    )
    .action(async (flags: ReportFlags, command: Command) => {
      const cli = open(command);
      const { kindOfRun } = await import('../sampling/kindOfRun.ts');
      const kind = kindOfRun(flags.run);
      if (kind === 'aligner' || kind === 'completer') throw ofTask(flags.run, kind);
      const { settingsText, writeAutoencoderReport, writeEncoderReport, writeRunReport } = await import(
        '../evaluation/runReport.ts'
      );
      const { readProvenance } = await import('../sampling/generateProvenance.ts');
      const made = flags.fake === undefined ? undefined : readProvenance(flags.fake)?.settings;
      const evaluation = flags.evaluation === undefined ? undefined : readEvaluation(flags.evaluation);
      const commands = { report: commandLine(cli.command.argv) };
      const written = await cli.interruptible((signal) => {
        const common = {
          run: flags.run,
          dataset: flags.data,
          out: flags.out,
          commands,
          quiet: cli.quiet,
          signal,
        };
        if (kind === 'encoder') return writeEncoderReport(common);
        return kind === 'autoencoder'
          ? writeAutoencoderReport(common)
          : writeRunReport({
              ...common,
              settings: made === undefined ? undefined : settingsText(made),
              autoencoderRun: flags.autoencoder,
              generated: flags.fake,
              evaluation,
            });
      });
      cli.report(written, `report: ${written.path}`);
    });
}

/** The networks of the tasks are judged by tests of their own. */
const ofTask = (run: string, kind: 'aligner' | 'completer'): UsageError =>
  new UsageError({
    found: `${run} is the run of ${kind === 'aligner' ? 'an aligner' : 'a completer'}`,
    expected: 'a generator, an autoencoder or an encoder',
    todo: `test it instead: \`cranioflow task ${kind === 'aligner' ? 'align' : 'complete'} test --run ${run}\``,
  });

/** Reads what `evaluate --json` wrote. Throws `FileError` when it is something else. */
function readEvaluation(path: string): SetEvaluation {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as SetEvaluation;
    if (value.metrics !== undefined && value.counts !== undefined) return value;
  } catch (cause) {
    throw refused(path, (cause as Error).message, cause);
  }
  throw refused(path, 'it has no metrics');
}

function refused(path: string, why: string, cause?: unknown): FileError {
  return new FileError(
    {
      found: `${path} is not an evaluation: ${why}`,
      expected: 'the JSON that `cranioflow evaluate --json` prints',
      todo: 'run `cranioflow evaluate ... --json > evaluation.json` again',
    },
    { cause },
  );
}
