/** `cranioflow train distil`. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import {
  type FewStepFlags,
  fewStepOptions,
  RUN_HELP,
  report,
  resolveConfig,
  runOptions,
} from './trainRun.ts';

export function registerTrainDistil(train: Command, open: (command: Command) => Context): void {
  fewStepOptions(train.command('distil'))
    .summary('distil a generator into one of one or two network evaluations')
    .description(
      'Distils a generator into a consistency model, which jumps from noise to the latent of a bone in one network\nevaluation, or better in 2 to 4. Guidance becomes part of it. No training data are needed.',
    )
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train distil --run runs/gen --out runs/fast --preset tiny
  cranioflow generate --run runs/fast --count 8 --seed 7 --steps 2 --out skulls`,
    )
    .action(async (flags: FewStepFlags, command: Command) => {
      const cli = open(command);
      const { distilSchema, DISTIL_PRESETS } = await import('../config/fewStep.ts');
      const config = await resolveConfig(cli, distilSchema, DISTIL_PRESETS, flags);
      const { readSource } = await import('../training/source.ts');
      const source = readSource(flags.run, config);
      const { trainDistil } = await import('../training/distil.ts');
      const { heldOutLoss } = await cli.interruptible((signal) =>
        trainDistil({ ...runOptions(flags, cli), source, config, signal }),
      );
      report(cli, flags.out, config.steps, 'heldOutLoss', heldOutLoss);
    });
}
