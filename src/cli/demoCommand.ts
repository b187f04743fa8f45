/** `cranioflow demo`: the whole way in one command. */
import type { Command } from 'commander';
import type { Context, Streams } from './context.ts';
import { whole } from './options.ts';

export function registerDemo(
  program: Command,
  open: (command: Command) => Context,
  { stderr }: Streams,
): void {
  program
    .command('demo')
    .summary('from nothing to new skulls and a report, in minutes')
    .description(
      `Makes phantom skulls, trains an autoencoder and a generator on them, generates new skulls, evaluates them and writes
report.html: about 5 minutes on 2 cores. All of it is phantom data. Run it again with the same --out to go on after an
interruption.`,
    )
    .option('--out <dir>', 'folder of everything', 'demo-output')
    .option('--seed <n>', 'seed of phantoms, trainings and samples', whole(0), 1)
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024))
    .addHelpText('after', '\nExample:\n  cranioflow demo --out demo-output')
    .action(async (flags: DemoFlags, command: Command) => {
      const cli = open(command);
      const { runDemo } = await import('./demo.ts');
      const result = await cli.interruptible((signal) =>
        runDemo({ ...flags, quiet: cli.quiet, signal, stream: stderr }),
      );
      if (cli.json) cli.report(result, '');
    });
}

interface DemoFlags {
  out: string;
  seed: number;
  threads?: number;
}
