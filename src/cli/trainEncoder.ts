/** `cranioflow train encoder`. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import {
  RUN_HELP,
  report,
  reportOptions,
  resolveConfig,
  runOptions,
  type TrainFlags,
  trainingOptions,
} from './trainRun.ts';

export function registerTrainEncoder(train: Command, open: (command: Command) => Context): void {
  trainingOptions(train.command('encoder'))
    .summary('train the contrastive encoder, whose features evaluations compare')
    .description(
      'Trains a contrastive encoder on the training cases of a dataset: it learns to know a shape again that is moved a little\nand partly hidden. `evaluate --encoder` compares sets by its features. Measured is how many views of test cases find\ntheir partner.',
    )
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train encoder --data data/phantoms --out runs/encoder --preset tiny
  cranioflow train encoder --data data/phantoms --out runs/encoder --preset small --set batch=24
  cranioflow train encoder --data data/phantoms --out runs/encoder --resume`,
    )
    .action(async (flags: TrainFlags, command: Command) => {
      const cli = open(command);
      const { encoderSchema, ENCODER_PRESETS } = await import('../config/encoder.ts');
      const config = await resolveConfig(cli, encoderSchema, ENCODER_PRESETS, flags);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const { trainEncoder } = await import('../training/encoder.ts');
      const { heldOutRetrieval } = await cli.interruptible((signal) =>
        trainEncoder({ ...runOptions(flags, cli), dataset, config, signal }),
      );
      if (flags.report) {
        const { writeEncoderReport } = await import('../evaluation/runReport.ts');
        await cli.interruptible((signal) =>
          writeEncoderReport({ ...reportOptions(flags, cli), dataset, signal }),
        );
      }
      report(cli, flags.out, config.steps, 'heldOutRetrieval', heldOutRetrieval);
    });
}
