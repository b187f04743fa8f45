/** What every training command does alike: its configuration, its run folder and what it tells at the end. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Context } from './context.ts';

export interface RunFlags {
  out: string;
  preset?: string;
  config?: string;
  set?: string[];
  resume?: boolean;
  threads?: number;
}

export const RUN_HELP = `
The configuration is made of layers, later ones winning: defaults, --preset, --config, --set. The resolved one is
written to RUN/config.yaml; \`cranioflow train settings\` lists every setting. With --resume and neither --preset nor --config, it is read from there.
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

export function runOptions({ out, resume, threads }: RunFlags, { quiet }: Context) {
  return { out, resume, threads, quiet };
}

export function report(cli: Context, run: string, steps: number, name: string, value: number): void {
  const known = Number.isFinite(value);
  cli.report(
    { run, steps, [name]: known ? value : null },
    `${run}: ${steps} steps${known ? `, ${name} ${value.toPrecision(4)}` : ' (no test cases to measure on)'}`,
  );
}
