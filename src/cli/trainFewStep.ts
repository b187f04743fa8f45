/** `cranioflow train reflow` and `cranioflow train distil`: trainings on what a generator makes. */
import type { Command } from 'commander';
import type { FewStepOptions } from '../training/fewStep.ts';
import type { SourceUse } from '../training/source.ts';
import type { Context } from './context.ts';
import {
  type FewStepFlags,
  fewStepOptions,
  RUN_HELP,
  report,
  resolveConfig,
  runOptions,
} from './trainRun.ts';

export function registerTrainFewStep(train: Command, open: (command: Command) => Context): void {
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
      const { reflowSchema, REFLOW_PRESETS } = await import('../config/fewStep.ts');
      const { trainReflow } = await import('../training/reflow.ts');
      const cli = open(command);
      const config = await resolveConfig(cli, reflowSchema, REFLOW_PRESETS, flags);
      await trainOn(cli, flags, config, trainReflow);
    });

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
      const { distilSchema, DISTIL_PRESETS } = await import('../config/fewStep.ts');
      const { trainDistil } = await import('../training/distil.ts');
      const cli = open(command);
      const config = await resolveConfig(cli, distilSchema, DISTIL_PRESETS, flags);
      await trainOn(cli, flags, config, trainDistil);
    });
}

/** Reads the source, which must fit the configuration, trains on it, and tells the end. */
async function trainOn<C extends SourceUse & { steps: number }>(
  cli: Context,
  flags: FewStepFlags,
  config: C,
  train: (options: FewStepOptions<C>) => Promise<{ heldOutLoss: number }>,
): Promise<void> {
  const { readSource } = await import('../training/source.ts');
  const source = readSource(flags.run, config);
  const { heldOutLoss } = await cli.interruptible((signal) =>
    train({ ...runOptions(flags, cli), source, config, signal }),
  );
  report(cli, flags.out, config.steps, 'heldOutLoss', heldOutLoss);
}
