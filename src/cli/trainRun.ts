/** What every training command does alike: its configuration, its run folder and what it tells at the end. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { commandLine } from '../files/commandLine.ts';
import type { Context } from './context.ts';
import { repeated, whole } from './options.ts';

export interface RunFlags {
  out: string;
  preset?: string;
  config?: string;
  set?: string[];
  resume?: boolean;
  threads?: number;
}

/** Of trainings on a dataset. */
export interface TrainFlags extends RunFlags {
  data: string;
  report: boolean;
}

/** Of trainings on what a generator makes. */
export interface FewStepFlags extends RunFlags {
  run: string;
}

export const RUN_HELP = `
The configuration is made of layers, later ones winning: defaults, --preset, --config, --set. The resolved one is
written to RUN/config.yaml; \`cranioflow train settings NETWORK\` lists every setting. With --resume and neither --preset nor --config, it is read from there.
Ctrl-C writes a checkpoint and stops; --resume goes on and ends bit for bit as without the interruption.
`;

/** defaults < preset < file < --set; a resumed run that names neither preset nor file starts from its own config.yaml. */
export async function resolveConfig<S extends z.ZodType>(
  cli: Context,
  schema: S,
  presets: Record<string, unknown>,
  flags: RunFlags,
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

export function runOptions({ out, resume, threads }: RunFlags, { quiet, command }: Context) {
  return { out, resume, threads, quiet, command };
}

/** Of the report that ends a training; its page is made again by `report`. */
export function reportOptions({ out, data, threads }: TrainFlags, { quiet }: Context) {
  const commands = { report: commandLine(['report', '--run', out, '--data', data]) };
  return { run: out, threads, quiet, commands };
}

export function report(
  cli: Context,
  run: string,
  steps: number,
  name: string,
  value: number,
  more: object = {},
): void {
  const known = Number.isFinite(value);
  cli.report(
    { run, steps, [name]: known ? value : null, ...more },
    `${run}: ${steps} steps${known ? `, ${name} ${value.toPrecision(4)}` : ' (no test cases to measure on)'}`,
  );
}

export const presetOption = (text: string) =>
  new Option('--preset <name>', text).choices(['tiny', 'small', 'reference']);

/** Options of every training. */
export function commonOptions(command: Command): Command {
  return command
    .requiredOption('--out <run>', 'run folder to make or, with --resume, to go on with')
    .addOption(
      presetOption(
        'sizes and schedule; tiny: 32^3 grids, small: 64^3 to 96^3, reference: full size (default: "tiny", or none beside --config)',
      ),
    )
    .option('--config <file>', 'YAML file of settings')
    .option('--set <key=value>', 'one setting, such as steps=500; repeatable', repeated)
    .option('--resume', 'go on with the run in --out from its newest checkpoint')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024));
}

/** Options of trainings on a dataset. */
export function trainingOptions(command: Command): Command {
  return commonOptions(
    command.requiredOption('--data <dir>', 'dataset folder, as phantom and ingest make'),
  ).option('--no-report', 'do not write RUN/report.html at the end');
}

/** Options of trainings on what a generator makes. */
export function fewStepOptions(command: Command): Command {
  return commonOptions(
    command.requiredOption('--run <run>', 'run folder of a generator of the objective otfm'),
  );
}
