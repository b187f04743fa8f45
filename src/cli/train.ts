/** `cranioflow train`: its settings, `train autoencoder` and `train generator`; the other trainings have files of their own. */

import { Argument, type Command } from 'commander';
import type { z } from 'zod';
import type { PresetName } from '../config/schemas.ts';
import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';
import { positive, real } from './options.ts';
import { rememberData } from './runData.ts';
import { registerTrainDecoder } from './trainDecoder.ts';
import { registerTrainEncoder } from './trainEncoder.ts';
import { registerTrainFewStep } from './trainFewStep.ts';
import {
  presetOption,
  RUN_HELP,
  report,
  reportOptions,
  resolveConfig,
  runOptions,
  type TrainFlags,
  trainingOptions,
} from './trainRun.ts';

export function registerTrain(program: Command, open: (command: Command) => Context): void {
  const train = program.command('train').description('Trains a network.').summary('train a network');

  train
    .command('settings')
    .summary('print every setting, its meaning and its value, as a file for --config')
    .description(
      'Prints every setting of a training with its meaning and value, as a YAML file for --config.',
    )
    .addArgument(
      new Argument('<network>').choices([
        'autoencoder',
        'decoder',
        'encoder',
        'generator',
        'reflow',
        'distil',
        'aligner',
        'completer',
      ]),
    )
    .addOption(presetOption('whose values (default: "tiny")'))
    .addHelpText('after', '\nExample:\n  cranioflow train settings generator --preset small > generator.yaml')
    .action(async (network: string, { preset = 'tiny' }: { preset?: PresetName }, command: Command) => {
      const schemas = await import('../config/schemas.ts');
      const contrastive = await import('../config/encoder.ts');
      const few = await import('../config/fewStep.ts');
      const aligner = await import('../config/aligner.ts');
      const completer = await import('../config/completer.ts');
      const { settingsYaml } = await import('../config/settings.ts');
      const known: Record<string, [z.ZodType, Record<PresetName, unknown>]> = {
        autoencoder: [schemas.autoencoderSchema, schemas.AUTOENCODER_PRESETS],
        decoder: [schemas.decoderSchema, schemas.DECODER_PRESETS],
        encoder: [contrastive.encoderSchema, contrastive.ENCODER_PRESETS],
        generator: [schemas.generatorSchema, schemas.GENERATOR_PRESETS],
        reflow: [few.reflowSchema, few.REFLOW_PRESETS],
        distil: [few.distilSchema, few.DISTIL_PRESETS],
        aligner: [aligner.alignerSchema, aligner.ALIGNER_PRESETS],
        completer: [completer.completerSchema, completer.COMPLETER_PRESETS],
      };
      const [schema, presets] = known[network];
      const tasks: Record<string, string> = { aligner: 'task align train', completer: 'task complete train' };
      const words = tasks[network] ?? `train ${network}`;
      const title = `cranioflow ${words} --preset ${preset}`;
      open(command).print(
        schema.parse(presets[preset]) as object,
        settingsYaml(schema, presets[preset], title),
      );
    });

  trainingOptions(train.command('autoencoder'))
    .summary('train the autoencoder, from masks to latents and back')
    .description(
      'Trains the autoencoder (a VQ-VAE) on the training cases of a dataset, and measures the Dice of its reconstructions\non the test cases.',
    )
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train autoencoder --data data/phantoms --out runs/ae --preset tiny
  cranioflow train autoencoder --data data/phantoms --out runs/ae --preset small --set steps=3000 --set model.codes=512
  cranioflow train autoencoder --data data/phantoms --out runs/ae --resume`,
    )
    .action(async (flags: TrainFlags, command: Command) => {
      const cli = open(command);
      const { autoencoderSchema, AUTOENCODER_PRESETS } = await import('../config/schemas.ts');
      const config = await resolveConfig(cli, autoencoderSchema, AUTOENCODER_PRESETS, flags);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const { trainAutoencoder } = await import('../training/autoencoder.ts');
      const { heldOutDice } = await cli.interruptible((signal) =>
        trainAutoencoder({ ...runOptions(flags, cli), dataset, config, signal }),
      );
      if (flags.report) {
        const { writeAutoencoderReport } = await import('../evaluation/runReport.ts');
        await cli.interruptible((signal) =>
          writeAutoencoderReport({ ...reportOptions(flags, cli), dataset, signal }),
        );
      }
      report(cli, flags.out, config.steps, 'heldOutDice', heldOutDice);
    });

  trainingOptions(train.command('generator'))
    .summary('train the generator on the latents of an autoencoder')
    .description(
      'Trains the generator, a velocity network over the latents of a trained autoencoder, conditioned on the quality class.\nThe run folder keeps a copy of the autoencoder and is complete in itself.',
    )
    .requiredOption('--autoencoder <run>', 'run folder of the autoencoder')
    .option(
      '--objective <name>',
      'what is learnt; otfm: conditional-OT flow matching, ddpm: denoising diffusion (default: as configured, "otfm")',
    )
    .option(
      '--coupling <name>',
      'otfm: how noise and data are paired, independent or minibatch-ot (default: as configured, "independent")',
    )
    .option(
      '--dp-epsilon <e>',
      'train with differential privacy for each subject, spending at most this epsilon; 1 is strong, 8 usual, 50 little',
      positive,
    )
    .option(
      '--dp-delta <d>',
      'probability with which that may fail (default: 1/n^1.1 for n subjects)',
      real(0, 1),
    )
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train generator --data data/phantoms --autoencoder runs/ae --out runs/gen --objective otfm --preset tiny
  cranioflow train generator --data data/phantoms --autoencoder runs/ae --out runs/gen --resume --set steps=2000
  cranioflow train generator --data data/skulls --autoencoder runs/ae --out runs/private --dp-epsilon 8 --set batch=100

Private training (--dp-epsilon) takes more settings: dp.clip (largest norm of a subject's gradient, 0.1), dp.noise (default:
planned from epsilon), dp.multiplicity (points of a subject a step, 4), dp.classNoise, dp.accountant (pld, rdp). It needs large
batches, and an autoencoder of other data.`,
    )
    .action(async (flags: GeneratorFlags, command: Command) => {
      const cli = open(command);
      if (flags.dpDelta !== undefined && flags.dpEpsilon === undefined)
        throw new UsageError({
          found: '--dp-delta without --dp-epsilon',
          expected: 'the budget that it belongs to',
          todo: 'add --dp-epsilon, or leave --dp-delta out',
        });
      const { generatorSchema, GENERATOR_PRESETS } = await import('../config/schemas.ts');
      const given = {
        objective: flags.objective,
        coupling: flags.coupling,
        'dp.epsilon': flags.dpEpsilon,
        'dp.delta': flags.dpDelta,
      };
      const chosen = Object.entries(given).flatMap(([key, value]) =>
        value === undefined ? [] : [`${key}=${value}`],
      );
      const config = await resolveConfig(cli, generatorSchema, GENERATOR_PRESETS, flags, chosen);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const { trainGenerator } = await import('../training/generator.ts');
      const { heldOutLoss, steps, kept, privacy } = await cli.interruptible((signal) =>
        trainGenerator({
          ...runOptions(flags, cli),
          autoencoder: flags.autoencoder,
          dataset,
          config,
          signal,
          notice: cli.say,
        }),
      );
      rememberData(flags.out, flags.data);
      if (privacy !== undefined) {
        const { epsilon, delta, planned } = privacy;
        cli.say(
          `privacy: epsilon ${epsilon.toPrecision(4)} of ${planned.epsilon} spent at delta ${delta.toPrecision(2)}, for each subject; the whole statement is in ${flags.out}/privacy.json`,
        );
        if (flags.report)
          cli.say(
            'no report.html: it would show training cases. For your own eyes, `cranioflow report --run` makes one',
          );
      } else if (flags.report) {
        const { writeGeneratorReport } = await import('../evaluation/runReport.ts');
        await cli.interruptible((signal) =>
          writeGeneratorReport({ ...reportOptions(flags, cli), dataset, signal }),
        );
      }
      if (steps < config.steps && privacy === undefined)
        cli.say(`stopped after ${steps} of ${config.steps} steps: keep.patience is at its end`);
      if (kept < steps) cli.say(`kept are the weights of step ${kept}, the best by ${config.keep.by}`);
      report(cli, flags.out, steps, 'heldOutLoss', heldOutLoss, privacy && { privacy });
    });

  registerTrainDecoder(train, open);
  registerTrainEncoder(train, open);
  registerTrainFewStep(train, open);
}

interface GeneratorFlags extends TrainFlags {
  autoencoder: string;
  objective?: string;
  coupling?: string;
  dpEpsilon?: number;
  dpDelta?: number;
}
