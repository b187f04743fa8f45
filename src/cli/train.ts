/** `cranioflow train autoencoder` and `cranioflow train generator`, and what all trainings share. `train decoder` is beside. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import type { z } from 'zod';
import type { PresetName } from '../config/schemas.ts';
import type { Context } from './context.ts';
import { repeated, whole } from './options.ts';

export const RUN_HELP = `
The configuration is made of layers, later ones winning: defaults, --preset, --config, --set. The resolved one is
written to RUN/config.yaml; \`cranioflow train settings\` lists every setting. With --resume and neither --preset nor --config, it is read from there.
Ctrl-C writes a checkpoint and stops; --resume goes on and ends bit for bit as without the interruption.
`;

/** Adds `train` and its commands; returns it, for the trainings that have a file of their own. */
export function registerTrain(program: Command, open: (command: Command) => Context): Command {
  const train = program.command('train').description('Trains a network.').summary('train a network');

  train
    .command('settings')
    .summary('print every setting, its meaning and its value, as a file for --config')
    .description(
      'Prints every setting of a training with its meaning and value, as a YAML file for --config.',
    )
    .addArgument(new Argument('<network>').choices(['autoencoder', 'decoder', 'generator']))
    .addOption(presetOption('whose values (default: "tiny")'))
    .addHelpText('after', '\nExample:\n  cranioflow train settings generator --preset small > generator.yaml')
    .action(async (network: string, { preset = 'tiny' }: { preset?: PresetName }, command: Command) => {
      const schemas = await import('../config/schemas.ts');
      const { settingsYaml } = await import('../config/settings.ts');
      const known: Record<string, [z.ZodType, Record<PresetName, unknown>]> = {
        autoencoder: [schemas.autoencoderSchema, schemas.AUTOENCODER_PRESETS],
        decoder: [schemas.decoderSchema, schemas.DECODER_PRESETS],
        generator: [schemas.generatorSchema, schemas.GENERATOR_PRESETS],
      };
      const [schema, presets] = known[network];
      const title = `cranioflow train ${network} --preset ${preset}`;
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
  return train;
}

export interface TrainFlags {
  data: string;
  out: string;
  preset?: string;
  config?: string;
  set?: string[];
  resume?: boolean;
  report: boolean;
  threads?: number;
}

interface GeneratorFlags extends TrainFlags {
  autoencoder: string;
  objective?: string;
}

const presetOption = (text: string) =>
  new Option('--preset <name>', text).choices(['tiny', 'small', 'reference']);

export function trainingOptions(command: Command): Command {
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

/** defaults < preset < file < --set; a resumed run that names neither preset nor file starts from its own config.yaml. */
export async function resolveConfig<S extends z.ZodType>(
  cli: Context,
  schema: S,
  presets: Record<string, unknown>,
  flags: TrainFlags,
  extra: readonly string[] = [],
): Promise<z.output<S>> {
  const { loadConfig } = await import('../config/load.ts');
  const own = join(flags.out, 'config.yaml');
  if (flags.resume && !existsSync(own)) cli.say(`no run in ${flags.out} yet: a new one is started`);
  const resumes = flags.resume && flags.preset === undefined && flags.config === undefined && existsSync(own);
  const file = resumes ? own : flags.config;
  const name = flags.preset ?? (file === undefined ? 'tiny' : undefined);
  const preset = name === undefined ? undefined : { name, values: presets[name] };
  return loadConfig(schema, { preset, file, set: [...(flags.set ?? []), ...extra] });
}

export function runOptions({ out, resume, threads }: TrainFlags, { quiet }: Context) {
  return { out, resume, threads, quiet };
}

function report(cli: Context, run: string, steps: number, name: string, value: number): void {
  const known = Number.isFinite(value);
  cli.report(
    { run, steps, [name]: known ? value : null },
    `${run}: ${steps} steps${known ? `, ${name} ${value.toPrecision(4)}` : ' (no test cases to measure on)'}`,
  );
}
