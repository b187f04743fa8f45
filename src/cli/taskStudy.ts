/** `cranioflow task study`: what synthetic bones are worth in the two tasks. */
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { quoted } from '../files/commandLine.ts';
import type { Context } from './context.ts';
import { repeated, whole } from './options.ts';
import type { SettingsFlags } from './studySettings.ts';

interface TaskStudyFlags extends SettingsFlags {
  synthetic?: string[];
  dryRun?: boolean;
  threads?: number;
}

export function registerTaskStudy(task: Command, open: (command: Command) => Context): void {
  task
    .command('study')
    .summary('prove what synthetic bones are worth: train on them, test on real ones')
    .description(
      `Trains the networks of both tasks on real cases alone, on synthetic ones alone and on both, at growing numbers and several
seeds, and tests all of them on the same held-out real cases. Writes task-study.html, .json and .md with paired ratios of
errors, 95 % intervals and what they support, whichever way it comes out. Every unit is kept: run it again with the same --out
to go on after an interruption, or with other seeds, tasks or numbers of cases.`,
    )
    .option(
      '--data <dir>',
      'dataset folder of real cases: its training cases are learnt from, its test cases tested on',
    )
    .option(
      '--synthetic <name=path>',
      'synthetic cases: a folder of bones, or the run of a generator; the first is mixed with real ones; repeatable (a path alone is called by its folder)',
      repeated,
    )
    .option('--out <dir>', 'folder of the study')
    .addOption(
      new Option(
        '--preset <name>',
        'sizes and schedule of both networks; tiny: 32^3 grids, small: 64^3 to 96^3 (default: tiny, or those of the study in --out)',
      ).choices(['tiny', 'small']),
    )
    .option('--config <file>', 'YAML file of settings')
    .option(
      '--set <key=value>',
      'one setting, such as real=[5,20] or completer.steps=300; repeatable',
      repeated,
    )
    .option('--seeds <n>', 'training seeds (as --set seeds=n)', whole(1, 50))
    .option('--dry-run', 'print the trainings that would be done, and which are')
    .option('--print-settings', 'print every setting, its meaning and its value, as a file for --config')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024))
    .addHelpText(
      'after',
      `
Examples:
  cranioflow task study --data data/ct --synthetic otfm=runs/otfm --synthetic ddpm=runs/ddpm --out worth
  cranioflow task study --data data/ct --synthetic otfm=skulls --out worth --set tasks=[complete] --set synthetic=[100]`,
    )
    .action(async (flags: TaskStudyFlags, command: Command) => {
      const cli = open(command);
      const { taskStudySchema, TASK_STUDY_PRESETS } = await import('../config/taskStudy.ts');
      const { studySettings } = await import('./studySettings.ts');
      const { FREE_SETTINGS, readTaskStudy } = await import('../study/task/folder.ts');
      const begun = flags.out === undefined ? undefined : readTaskStudy(flags.out);
      const kind = { command: 'cranioflow task study', schema: taskStudySchema, presets: TASK_STUDY_PRESETS };
      const given = studySettings(cli, flags, { ...kind, begun });
      if (given === undefined) return;
      const { settings, data, out } = given;
      const { openDataset } = await import('../dataset/dataset.ts');
      const options = {
        settings,
        dataset: openDataset(data),
        synthetic: flags.synthetic?.map(sourceOf) ?? begun?.sources ?? [],
        out,
        command: commandOf(flags, FREE_SETTINGS),
        quiet: cli.quiet,
        threads: flags.threads,
        say: cli.say,
      };
      if (flags.dryRun) {
        const { dryTaskStudy } = await import('../study/task/taskStudy.ts');
        const units = dryTaskStudy(options);
        const done = units.filter((u) => u.done).length;
        cli.print(
          units,
          `${units.map((u) => `${u.done ? 'done  ' : 'to do '}${u.unit}`).join('\n')}\n${units.length} trainings, ${done} done\n`,
        );
        return;
      }
      const { runTaskStudy } = await import('../study/task/taskStudy.ts');
      const result = await cli.interruptible((signal) => runTaskStudy({ ...options, signal }));
      const said = [
        ...result.notes.map((note) => `note: ${note}`),
        ...result.tasks.flatMap((t) => [`${t.title}:`, ...t.sentences.map((s) => `  ${s}`)]),
      ];
      cli.report(result, `${said.join('\n')}\n${out}/task-study.html`);
    });
}

/** `name=path`, or a path that is called by its last folder. */
function sourceOf(text: string): { name: string; path: string } {
  const at = text.indexOf('=');
  const path = at < 0 ? text : text.slice(at + 1);
  const last =
    path
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .pop() ?? '';
  const name = at < 0 ? last : text.slice(0, at);
  if (/^[A-Za-z][A-Za-z_-]{0,30}$/.test(name) && name !== 'real' && path !== '') return { name, path };
  throw new UsageError({
    found: `--synthetic ${text}`,
    expected: 'NAME=PATH, the name of letters and hyphens, and not "real"',
    todo: 'give such as --synthetic otfm=runs/otfm',
  });
}

/** The command line, with what decides the result but the settings that may change (study/task/folder.ts). */
function commandOf(
  { data, synthetic = [], out, preset, config, set = [] }: TaskStudyFlags,
  free: readonly string[],
): string {
  const words = [
    'cranioflow task study',
    `--data ${quoted(data ?? '')}`,
    ...synthetic.map((text) => `--synthetic ${quoted(text)}`),
    `--out ${quoted(out ?? '')}`,
    `--preset ${preset ?? 'tiny'}`,
    ...(config === undefined ? [] : [`--config ${quoted(config)}`]),
    ...set.filter((text) => !free.includes(text.split('=')[0].trim())).map((text) => `--set ${quoted(text)}`),
  ];
  return words.join(' ');
}
