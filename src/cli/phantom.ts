/** `cranioflow phantom`: a dataset of procedural skulls. */
import type { Command } from 'commander';
import type { Quality } from '../skull/phantom/quality.ts';
import type { Context } from './context.ts';
import { real, whole } from './options.ts';

export function registerPhantom(program: Command, open: (command: Command) => Context): void {
  program
    .command('phantom')
    .summary('make a dataset of phantom skulls')
    .description(
      `Makes a dataset of phantom skulls: procedural shapes with plausible variation, for demonstrations and tests. They are
no scans and carry no anatomical truth; every file made from them is labelled as phantom. Skull 17 of a seed is the
same whatever the count. Run the same command again to go on after an interruption.`,
    )
    .requiredOption('--out <dir>', 'dataset folder to make')
    .option('--count <n>', 'how many skulls', whole(1), 200)
    .option('--grid <n>', 'voxels along each side of the 240 mm cube, 16 to 1024', whole(16, 1024), 32)
    .option('--seed <n>', 'seed of the shapes and of the split', whole(0), 1)
    .option(
      '--quality <class>',
      '2 (truncated or damaged) to 6 (complete) for all; default: mixed',
      whole(2, 6),
    )
    .option('--test-share <share>', 'share of the skulls held out for testing (default: 0.2)', real(0, 1))
    .addHelpText(
      'after',
      '\nExample:\n  cranioflow phantom --out data/phantoms --count 200 --grid 32 --seed 1',
    )
    .action(async (options: PhantomFlags, command: Command) => {
      const cli = open(command);
      const { makePhantomDataset } = await import('../dataset/phantoms.ts');
      const progress = cli.progress('phantom', options.count, 'skulls');
      const dataset = await cli.interruptible((signal) =>
        makePhantomDataset({
          ...options,
          signal,
          onProgress: (done) => progress.update(done),
          onWarning: cli.say,
        }).finally(() => progress.finish()),
      );
      const { size, spacing } = dataset.manifest;
      cli.report(
        {
          dataset: dataset.dir,
          phantom: true,
          cases: dataset.cases.length,
          train: dataset.split('train').length,
          test: dataset.split('test').length,
          size,
          spacing,
        },
        `${dataset.cases.length} phantom skulls of ${size.join('x')} voxels, ${spacing} mm, in ${dataset.dir}`,
      );
    });
}

interface PhantomFlags {
  out: string;
  count: number;
  grid: number;
  seed: number;
  quality?: Quality;
  testShare?: number;
}
