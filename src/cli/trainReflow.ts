/** `cranioflow train reflow`. */
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

export function registerTrainReflow(train: Command, open: (command: Command) => Context): void {
  fewStepOptions(train.command('reflow'))
    .summary("straighten a generator's paths, so that few steps follow them")
    .description(
      'Trains a generator again on straight lines between noise and the samples it makes of it (rectified flow), so that\n2 Heun or 4 Euler steps do. The result is an ordinary generator, complete in itself; no training data are needed.',
    )
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train reflow --run runs/gen --out runs/reflow --preset tiny
  cranioflow generate --run runs/reflow --count 8 --seed 7 --solver heun --steps 2 --out skulls`,
    )
    .action(async (flags: FewStepFlags, command: Command) => {
      const cli = open(command);
      const { reflowSchema, REFLOW_PRESETS } = await import('../config/fewStep.ts');
      const config = await resolveConfig(cli, reflowSchema, REFLOW_PRESETS, flags);
      const { readSource } = await import('../training/source.ts');
      const source = readSource(flags.run, config);
      const { trainReflow } = await import('../training/reflow.ts');
      const { heldOutLoss } = await cli.interruptible((signal) =>
        trainReflow({ ...runOptions(flags, cli), source, config, signal }),
      );
      report(cli, flags.out, config.steps, 'heldOutLoss', heldOutLoss);
    });
}
