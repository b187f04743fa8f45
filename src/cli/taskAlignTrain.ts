/** `cranioflow task align train`. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { repeated } from './options.ts';
import { commonOptions, RUN_HELP, type RunFlags, report, resolveConfig, runOptions } from './trainRun.ts';

interface AlignTrainFlags extends RunFlags {
  data: string;
  synthetic?: string[];
}

export function registerTaskAlignTrain(align: Command, open: (command: Command) => Context): void {
  commonOptions(
    align
      .command('train')
      .requiredOption(
        '--data <dir>',
        'dataset folder, as phantom and ingest make; its training cases are learnt from',
      )
      .option(
        '--synthetic <dir>',
        'a generated set on the same grid, all of whose cases are learnt from too; repeatable',
        repeated,
      ),
  )
    .summary('train the network that tells the pose of a bone')
    .description(
      'Trains a network that sees a bone in any pose, cut or damaged, and tells the rigid move into the frame of the dataset and\nhow far that may be off. Test cases are not looked at. Where there are 20 training subjects or more, some are kept out of\nlearning to scale the uncertainty by; else turned and cut training cases serve.',
    )
    .addHelpText(
      'after',
      `${RUN_HELP.replace('NETWORK', 'aligner')}
Examples:
  cranioflow task align train --data data/mandibles --out runs/aligner --preset tiny
  cranioflow task align train --data data/mandibles --synthetic generated --out runs/aligner
  cranioflow task align train --data data/mandibles --out runs/aligner --resume`,
    )
    .action(async (flags: AlignTrainFlags, command: Command) => {
      const cli = open(command);
      const { alignerSchema, ALIGNER_PRESETS } = await import('../config/aligner.ts');
      const config = await resolveConfig(cli, alignerSchema, ALIGNER_PRESETS, flags);
      const { openDataset } = await import('../dataset/dataset.ts');
      const dataset = openDataset(flags.data);
      const synthetic = (flags.synthetic ?? []).map((dir) => ({ dataset: openDataset(dir) }));
      const { trainAligner } = await import('../downstream/align/train.ts');
      const result = await cli.interruptible((signal) =>
        trainAligner({ ...runOptions(flags, cli), dataset, synthetic, config, signal }),
      );
      report(cli, flags.out, config.steps, 'medianRotationDeg', result.medianRotationDeg, {
        medianTranslationMm: result.medianTranslationMm,
        calibrationSubjects: result.calibrationSubjects,
      });
    });
}
