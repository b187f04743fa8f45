/** `cranioflow evaluate`: generated bones against real ones. */
import type { Command } from 'commander';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import type { Context, Streams } from './context.ts';
import { whole } from './options.ts';

export function registerEvaluate(
  program: Command,
  open: (command: Command) => Context,
  { stdout }: Streams,
): void {
  program
    .command('evaluate')
    .summary('compare generated bones with real ones')
    .description(
      `Compares generated bones with held-out real ones and with those trained on: nearest distances, 1-NNA, coverage,
precision and recall, KID and FID, likeness inside the set, specificity, variation, pieces and volume. All three are
dataset folders on one grid. The table says of each number what it means and what real bones score; --json has more.`,
    )
    .requiredOption(
      '--real <dir>',
      'dataset whose test cases are the held-out real bones (all, if it has none)',
    )
    .requiredOption('--train <dir>', 'dataset whose training cases were trained on; may be the same folder')
    .requiredOption('--fake <dir>', 'folder of generated bones; all cases are taken')
    .option('--seed <n>', 'seed of draws and bootstraps', whole(0), 0)
    .option('--quick', 'leave out FID, KID, MS-SSIM, EMD, specificity and variation')
    .addHelpText(
      'after',
      '\nExample:\n  cranioflow evaluate --real data/phantoms --train data/phantoms --fake skulls --json > evaluation.json',
    )
    .action(async (flags: EvaluateFlags, command: Command) => {
      const cli = open(command);
      const { openDataset } = await import('../dataset/dataset.ts');
      const { readProvenance } = await import('../sampling/generateProvenance.ts');
      const [real, train, fake] = [flags.real, flags.train, flags.fake].map(openDataset);
      const test = real.split('test');
      const fakes = masks(fake, fake.cases);
      // Bones that came out empty have no case in the folder, but count as generated.
      for (const bone of readProvenance(fake.dir)?.bones ?? [])
        if (bone.empty) fakes.push({ ...fake.grid, data: new Uint8Array(voxelCount(fake.grid.size)) });
      const sets = {
        real: masks(real, test.length > 0 ? test : real.cases),
        train: masks(train, train.split('train')),
        fake: fakes,
      };
      const { evaluateSets } = await import('../evaluation/evaluateSets.ts');
      let progress: ReturnType<typeof cli.progress> | undefined;
      const onProgress = (done: number, total: number): void => {
        progress ??= cli.progress('evaluate', total, 'pairs');
        progress.update(done);
      };
      const result = evaluateSets(sets, { seed: flags.seed, extended: flags.quick !== true, onProgress });
      progress?.finish();
      if (cli.json) cli.report(result, '');
      else stdout.write(evaluationTable(result));
    });
}

interface EvaluateFlags {
  real: string;
  train: string;
  fake: string;
  seed: number;
  quick?: boolean;
}

function masks(dataset: Dataset, cases: readonly DatasetCase[]): Mask[] {
  return cases.map((c) => dataset.loadMask(c));
}

/** The numbers of an evaluation as aligned text. */
export function evaluationTable({ counts, grid, metrics, notes }: SetEvaluation): string {
  const number = (x: number | undefined): string =>
    x === undefined ? '-' : Number(x.toPrecision(3)).toString();
  const rows = Object.entries(metrics).map(([name, m]) => [
    name,
    `${number(m.value)}${m.unit === '' ? '' : ` ${m.unit}`}`,
    m.low === undefined ? '' : `${number(m.low)} to ${number(m.high)}`,
    number(m.reference),
    m.better,
    m.meaning,
  ]);
  const table = [['', 'value', '95 % interval', 'real bones', 'better', 'meaning'], ...rows];
  const widths = table[0].map((_, c) => (c === 5 ? 0 : Math.max(...table.map((row) => row[c].length))));
  const lines = table.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]))
      .join('  ')
      .trimEnd(),
  );
  const head = `${counts.fake} generated, ${counts.real} held-out real, ${counts.train} training bones of ${grid.size.join('x')} voxels, ${grid.spacing[0]} mm`;
  return `${[head, '', ...lines, ...notes.map((note) => `note: ${note}`)].join('\n')}\n`;
}
