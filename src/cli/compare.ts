/** `cranioflow compare`: OTFM against DDPM, trained, sampled and measured alike. */
import { type Command, Option } from 'commander';
import { quoted } from '../files/commandLine.ts';
import type { Context } from './context.ts';
import { repeated, whole } from './options.ts';
import type { SettingsFlags } from './studySettings.ts';

export function registerCompare(program: Command, open: (command: Command) => Context): void {
  program
    .command('compare')
    .summary('compare OTFM with DDPM, fairly and repeatably')
    .description(
      `Trains flow matching (OTFM) and denoising diffusion (DDPM) on the same network, data order, noise and budget over several
seeds, samples both at equal seeds, measures quality and how it holds as evaluations, guidance, seed, training-set size and
class change, and writes compare.html and compare.json with 95 % intervals and what the numbers support. Every unit is
kept: run it again with the same --data and --out to go on after an interruption (the study knows its settings; those given
must agree), with more --seeds to add some, or with fewer to see the study with those alone. The axes (evaluations, guidance,
shares, classes) may be changed with --set too: what is new is made, and the study keeps the axes it was last asked for.`,
    )
    .option('--data <dir>', 'dataset folder, as phantom and ingest make')
    .option('--out <dir>', 'folder of the study')
    .addOption(
      new Option(
        '--preset <name>',
        'sizes and schedule; tiny: 32^3 grids, small: 64^3 to 96^3 (default: tiny, or those of the study in --out)',
      ).choices(['tiny', 'small']),
    )
    .option('--config <file>', 'YAML file of settings')
    .option('--set <key=value>', 'one setting, such as samples.main=200; repeatable', repeated)
    .option('--seeds <n>', 'training seeds of each arm (as --set seeds=n)', whole(1, 50))
    .option('--autoencoder <run>', 'run folder of an autoencoder to use (default: one is trained)')
    .option('--dry-run', 'print what would be done, what is done already and how long it will take')
    .option('--print-settings', 'print every setting, its meaning and its value, as a file for --config')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024))
    .addHelpText(
      'after',
      `
Examples:
  cranioflow compare --data data/phantoms --out study --preset tiny
  cranioflow compare --data data/phantoms --out study --preset tiny --dry-run
  cranioflow compare --data data/phantoms --out study --seeds 5
  cranioflow compare --print-settings --preset small > study.yaml`,
    )
    .action(async (flags: CompareFlags, command: Command) => {
      const cli = open(command);
      const { studySchema, STUDY_PRESETS } = await import('../config/study.ts');
      const { studySettings } = await import('./studySettings.ts');
      const { readStudy } = await import('../study/folder.ts');
      const begun = flags.out === undefined ? undefined : readStudy(flags.out);
      const kind = { command: 'cranioflow compare', schema: studySchema, presets: STUDY_PRESETS };
      const given = studySettings(cli, flags, { ...kind, begun });
      if (given === undefined) return;
      const { settings, data, out } = given;
      const { openDataset } = await import('../dataset/dataset.ts');
      const options = {
        settings,
        dataset: openDataset(data),
        out,
        autoencoder: flags.autoencoder ?? (begun?.autoencoder == null ? undefined : begun.autoencoderPath),
        threads: flags.threads,
        quiet: cli.quiet,
        command: commandOf(flags),
        say: cli.say,
      };
      if (flags.dryRun) {
        const { dryRun, dryRunText } = await import('../study/estimate.ts');
        const plan = await dryRun(options);
        cli.print(plan, dryRunText(plan));
        return;
      }
      const { runStudy } = await import('../study/study.ts');
      const result = await cli.interruptible((signal) => runStudy({ ...options, signal }));
      const { quality } = result.verdict;
      cli.report(
        result,
        `${out}/compare.html: OTFM better in ${quality.otfm} of ${quality.otfm + quality.ddpm + quality.undecided} figures, DDPM in ${quality.ddpm}, ${quality.undecided} not told apart${result.verdict.rubble ? '; neither makes bones near real ones' : ''}`,
      );
    });
}

interface CompareFlags extends SettingsFlags {
  autoencoder?: string;
  dryRun?: boolean;
  threads?: number;
}

/** The command line, with what decides the result. */
function commandOf({ data, out, preset, config, set = [], seeds, autoencoder }: CompareFlags): string {
  const words = [
    'cranioflow compare',
    `--data ${quoted(data ?? '')}`,
    `--out ${quoted(out ?? '')}`,
    `--preset ${preset ?? 'tiny'}`,
    ...(config === undefined ? [] : [`--config ${quoted(config)}`]),
    ...set.map((text) => `--set ${quoted(text)}`),
    ...(seeds === undefined ? [] : [`--seeds ${seeds}`]),
    ...(autoencoder === undefined ? [] : [`--autoencoder ${quoted(autoencoder)}`]),
  ];
  return words.join(' ');
}
