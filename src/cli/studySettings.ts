/** What a study is begun with: its two folders, and settings from those it has, a preset, a file and `--set`, or printed as such a file. */
import type { z } from 'zod';
import { loadConfig } from '../config/load.ts';
import { settingsYaml } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';

export interface SettingsFlags {
  data?: string;
  out?: string;
  preset?: string;
  config?: string;
  set?: string[];
  seeds?: number;
  printSettings?: boolean;
}

export interface Study<S extends z.ZodType<object>> {
  /** `cranioflow compare`. */
  command: string;
  schema: S;
  presets: Record<string, unknown>;
  /** What the folder of `--out` was begun with. */
  begun?: { settings: z.output<S> };
}

/** Throws `UsageError` where a folder is missing, and `ConfigError`; undefined where the settings were asked for, and are printed. */
export function studySettings<S extends z.ZodType<object>>(
  cli: Context,
  flags: SettingsFlags,
  { command, schema, presets, begun }: Study<S>,
): { settings: z.output<S>; data: string; out: string } | undefined {
  const { data, out, config, seeds, set = [] } = flags;
  if (seeds !== undefined && set.some((text) => /^\s*seeds\s*=/.test(text)))
    throw new UsageError({
      found: 'the number of seeds twice: --seeds and --set seeds=',
      expected: 'one of them',
      todo: 'leave --set seeds= out',
    });
  const preset = flags.preset ?? (begun === undefined ? 'tiny' : undefined);
  const settings = loadConfig(schema, {
    ...(begun && { base: { name: `the study in ${out}`, values: begun.settings } }),
    ...(preset && { preset: { name: preset, values: presets[preset] } }),
    file: config,
    set: [...set, ...(seeds === undefined ? [] : [`seeds=${seeds}`])],
  });
  if (flags.printSettings) {
    const title = preset === undefined ? command : `${command} --preset ${preset}`;
    cli.print(settings, settingsYaml(schema, settings, title));
    return undefined;
  }
  if (data === undefined) throw missingFolder('--data');
  if (out === undefined) throw missingFolder('--out');
  return { settings, data, out };
}

/** A study without one of its two folders. */
const missingFolder = (option: string): UsageError =>
  new UsageError({
    found: `no ${option}`,
    expected: '--data, the dataset folder, and --out, the folder of the study',
    todo: `give ${option}; --help shows examples`,
  });
