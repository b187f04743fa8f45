/** `cranioflow train decoder`. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import {
  RUN_HELP,
  reportOptions,
  resolveConfig,
  runOptions,
  type TrainFlags,
  trainingOptions,
} from './trainRun.ts';

interface DecoderFlags extends TrainFlags {
  autoencoder: string;
}

export function registerTrainDecoder(train: Command, open: (command: Command) => Context): void {
  trainingOptions(train.command('decoder'))
    .summary("train an autoencoder's decoder on, with noisy latents")
    .description(
      'Trains the decoder of an autoencoder on with noise on the latents, as those of a generator are never quite those of\nan encoder. Encoder and codebook stay as they are, byte for byte, so generators trained before can use the result, which is the run folder of an autoencoder like any other.',
    )
    .requiredOption('--autoencoder <run>', 'run folder of the autoencoder to start from')
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train decoder --data data/phantoms --autoencoder runs/ae --out runs/decoder --preset tiny
  cranioflow train decoder --data data/phantoms --autoencoder runs/ae --out runs/decoder --resume --set steps=400`,
    )
    .action(async (flags: DecoderFlags, command: Command) => {
      const cli = open(command);
      const { decoderSchema, DECODER_PRESETS } = await import('../config/schemas.ts');
      const config = await resolveConfig(cli, decoderSchema, DECODER_PRESETS, flags);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const { trainDecoder } = await import('../training/decoder.ts');
      const { autoencoder } = flags;
      const { before, after } = await cli.interruptible((signal) =>
        trainDecoder({ ...runOptions(flags, cli), autoencoder, dataset, config, signal }),
      );
      if (flags.report) {
        const { writeAutoencoderReport } = await import('../evaluation/runReport.ts');
        await cli.interruptible((signal) =>
          writeAutoencoderReport({ ...reportOptions(flags, cli), dataset, signal }),
        );
      }
      const told = Object.keys(after).map(
        (name) => `\n  ${name}: ${before[name].toFixed(4)} before, ${after[name].toFixed(4)} after`,
      );
      cli.report(
        { run: flags.out, steps: config.steps, before, after },
        `${flags.out}: ${config.steps} steps${told.join('') || ' (no test cases to measure on)'}`,
      );
    });
}
