/** `cranioflow train`: its settings, `train autoencoder` and `train generator`. */
import { Argument, type Command, Option } from 'commander';
import type { PresetName } from '../config/schemas.ts';
import type { Context } from './context.ts';
import { repeated, whole } from './options.ts';
import { registerTrainDistil } from './trainDistil.ts';
import { registerTrainReflow } from './trainReflow.ts';
import { RUN_HELP, type RunFlags, report, resolveConfig, runOptions } from './trainRun.ts';

export function registerTrain(program: Command, open: (command: Command) => Context): void {
  const train = program.command('train').description('Trains a network.').summary('train a network');

  train
    .command('settings')
    .summary('print every setting, its meaning and its value, as a file for --config')
    .description(
      'Prints every setting of a training with its meaning and value, as a YAML file for --config.',
    )
    .addArgument(new Argument('<network>').choices(['autoencoder', 'generator', 'reflow', 'distil']))
    .addOption(presetOption('whose values (default: "tiny")'))
    .addHelpText('after', '\nExample:\n  cranioflow train settings generator --preset small > generator.yaml')
    .action(async (network: string, { preset = 'tiny' }: { preset?: PresetName }, command: Command) => {
      const { autoencoderSchema, AUTOENCODER_PRESETS, generatorSchema, GENERATOR_PRESETS } = await import(
        '../config/schemas.ts'
      );
      const { reflowSchema, REFLOW_PRESETS, distilSchema, DISTIL_PRESETS } = await import(
        '../config/fewStep.ts'
      );
      const { settingsYaml } = await import('../config/settings.ts');
      const [schema, presets] = {
        autoencoder: [autoencoderSchema, AUTOENCODER_PRESETS] as const,
        generator: [generatorSchema, GENERATOR_PRESETS] as const,
        reflow: [reflowSchema, REFLOW_PRESETS] as const,
        distil: [distilSchema, DISTIL_PRESETS] as const,
      }[network as 'generator'];
      const title = `cranioflow train ${network} --preset ${preset}`;
      open(command).print(schema.parse(presets[preset]), settingsYaml(schema, presets[preset], title));
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
          writeAutoencoderReport({
            run: flags.out,
            dataset,
            quiet: cli.quiet,
            signal,
            threads: flags.threads,
          }),
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
      'what is learnt; otfm: conditional-OT flow matching (default: as configured, "otfm")',
    )
    .addHelpText(
      'after',
      `${RUN_HELP}
Examples:
  cranioflow train generator --data data/phantoms --autoencoder runs/ae --out runs/gen --objective otfm --preset tiny
  cranioflow train generator --data data/phantoms --autoencoder runs/ae --out runs/gen --resume --set steps=2000`,
    )
    .action(async (flags: GeneratorFlags, command: Command) => {
      const cli = open(command);
      const { generatorSchema, GENERATOR_PRESETS } = await import('../config/schemas.ts');
      const objective = flags.objective === undefined ? [] : [`objective=${flags.objective}`];
      const config = await resolveConfig(cli, generatorSchema, GENERATOR_PRESETS, flags, objective);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const { trainGenerator } = await import('../training/generator.ts');
      const { heldOutLoss } = await cli.interruptible((signal) =>
        trainGenerator({
          ...runOptions(flags, cli),
          autoencoder: flags.autoencoder,
          dataset,
          config,
          signal,
        }),
      );
      if (flags.report) {
        const { writeGeneratorReport } = await import('../evaluation/runReport.ts');
        await cli.interruptible((signal) =>
          writeGeneratorReport({ run: flags.out, dataset, quiet: cli.quiet, signal, threads: flags.threads }),
        );
      }
      report(cli, flags.out, config.steps, 'heldOutLoss', heldOutLoss);
    });

  registerTrainReflow(train, open);
  registerTrainDistil(train, open);
}

interface TrainFlags extends RunFlags {
  data: string;
  report: boolean;
}

interface GeneratorFlags extends TrainFlags {
  autoencoder: string;
  objective?: string;
}

const presetOption = (text: string) =>
  new Option('--preset <name>', text).choices(['tiny', 'small', 'reference']);

function trainingOptions(command: Command): Command {
  return command
    .requiredOption('--data <dir>', 'dataset folder, as phantom and ingest make')
    .requiredOption('--out <run>', 'run folder to make or, with --resume, to go on with')
    .addOption(
      presetOption(
        'sizes and schedule; tiny: 32^3 grids, small: 64^3 to 96^3, reference: full size (default: "tiny", or none beside --config)',
      ),
    )
    .option('--config <file>', 'YAML file of settings')
    .option('--set <key=value>', 'one setting, such as steps=500 or model.codes=256; repeatable', repeated)
    .option('--resume', 'go on with the run in --out from its newest checkpoint')
    .option('--no-report', 'do not write RUN/report.html at the end')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024));
}
