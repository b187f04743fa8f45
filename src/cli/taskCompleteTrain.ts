/** `cranioflow task complete train`. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { repeated } from './options.ts';
import { commonOptions, RUN_HELP, type RunFlags, report, resolveConfig, runOptions } from './trainRun.ts';

interface CompleteTrainFlags extends RunFlags {
  data: string;
  synthetic?: string[];
  syntheticOnly?: boolean;
}

export function registerTaskCompleteTrain(complete: Command, open: (command: Command) => Context): void {
  commonOptions(
    complete
      .command('train')
      .requiredOption(
        '--data <dir>',
        'dataset folder; its training cases are learnt from, its test cases measured on',
      )
      .option(
        '--synthetic <dir>',
        'a set on the same grid, all of whose cases are learnt from too; repeatable',
        repeated,
      )
      .option('--synthetic-only', 'learn from the synthetic sets alone; --data is only measured on'),
  )
    .summary('train the network that makes a defective bone whole')
    .description(
      'Trains a 3D U-Net on bones with virtual defects: it learns to give the whole bone back. Measured are the Dice of the whole\nand of the implant on test cases with fixed defects.',
    )
    .addHelpText(
      'after',
      `${RUN_HELP.replace('NETWORK', 'completer')}
Examples:
  cranioflow task complete train --data data/phantoms --out runs/completer --preset tiny
  cranioflow task complete train --data data/mandibles --synthetic generated --out runs/completer --set defects.share=[0.05,0.2]
  cranioflow task complete train --data data/phantoms --out runs/completer --resume`,
    )
    .action(async (flags: CompleteTrainFlags, command: Command) => {
      const cli = open(command);
      const { completerSchema, COMPLETER_PRESETS } = await import('../config/completer.ts');
      const config = await resolveConfig(cli, completerSchema, COMPLETER_PRESETS, flags);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const synthetic = (flags.synthetic ?? []).map((dir) => ({ dataset: openDataset(dir) }));
      const { trainCompleter } = await import('../downstream/complete/train.ts');
      const cases = flags.syntheticOnly ? [] : undefined;
      const { heldOutImplantDice, heldOutDice, heldOutNothingDice, heldOutCases } = await cli.interruptible(
        (signal) => trainCompleter({ ...runOptions(flags, cli), dataset, cases, synthetic, config, signal }),
      );
      const known = heldOutCases > 0 ? { heldOutDice, heldOutNothingDice } : {};
      report(cli, flags.out, config.steps, 'heldOutImplantDice', heldOutImplantDice, {
        ...known,
        heldOutCases,
      });
    });
}
