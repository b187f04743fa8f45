/** `cranioflow evaluate`: generated bones against real ones. */
import type { Command } from 'commander';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { UsageError } from '../errors.ts';
import type { MaskSets } from '../evaluation/evaluateSets.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import type { DescribedSpace } from '../evaluation/spaces/describedSpace.ts';
import type { FeatureSpace } from '../evaluation/spaces/space.ts';
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
precision and recall, KID and FID, likeness inside the set, specificity, variation, pieces and volume. With --encoder, --autoencoder or --extractor, also
KID, FID, precision and recall in the features of a network. All three are
dataset folders on one grid. The table says of each number what it means and what real bones score; --json has more.`,
    )
    .requiredOption(
      '--real <dir>',
      'dataset whose test cases are the held-out real bones (all, if it has none)',
    )
    .requiredOption('--train <dir>', 'dataset whose training cases were trained on; may be the same folder')
    .requiredOption('--fake <dir>', 'folder of generated bones; all cases are taken')
    .option('--seed <n>', 'seed of draws and bootstraps', whole(0), 0)
    .option('--encoder <run>', 'compare by the features of a contrastive encoder too (train encoder)')
    .option('--autoencoder <run>', 'compare by the latents of an autoencoder too')
    .option(
      '--extractor <file>',
      'compare by the features of an ONNX model too: float32 [N, 1, D, H, W] (bone 1, else 0) to [N, F] or [N, F, ..]',
    )
    .option(
      '--extractor-output <name>',
      'which output of the extractor holds the features, if it has several',
    )
    .option('--threads <n>', 'processor threads of those networks (default: all)', whole(1, 1024))
    .option('--quick', 'leave out FID, KID, MS-SSIM, EMD, specificity and variation')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow evaluate --real data/phantoms --train data/phantoms --fake skulls --json > evaluation.json
  cranioflow evaluate --real data/phantoms --train data/phantoms --fake skulls --encoder runs/encoder --autoencoder runs/ae
  cranioflow evaluate --real data/ct --train data/ct --fake skulls --extractor med3d.onnx`,
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
      const spaces = await describedSpaces(cli, flags, sets, train);
      const { evaluateSets } = await import('../evaluation/evaluateSets.ts');
      let progress: ReturnType<typeof cli.progress> | undefined;
      const onProgress = (done: number, total: number): void => {
        progress ??= cli.progress('evaluate', total, 'pairs');
        progress.update(done);
      };
      const extended = flags.quick !== true;
      const result = evaluateSets(sets, { seed: flags.seed, extended, spaces, onProgress });
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
  encoder?: string;
  autoencoder?: string;
  extractor?: string;
  extractorOutput?: string;
  threads?: number;
}

/** The sets described in each space that a flag names; nothing where none does. */
async function describedSpaces(
  cli: Context,
  flags: EvaluateFlags,
  sets: MaskSets,
  train: Dataset,
): Promise<DescribedSpace[] | undefined> {
  const { autoencoder, encoder, extractor, extractorOutput, threads } = flags;
  if (extractorOutput !== undefined && extractor === undefined)
    throw new UsageError({
      found: '--extractor-output without --extractor',
      expected: 'the model whose output it names',
      todo: 'add --extractor model.onnx',
    });
  if ((autoencoder ?? encoder ?? extractor) === undefined) return undefined;
  const { describeSets } = await import('../evaluation/spaces/describedSpace.ts');
  const opened: FeatureSpace[] = [];
  try {
    if (autoencoder !== undefined) {
      const { openLatentSpace } = await import('../evaluation/spaces/latent.ts');
      opened.push(await openLatentSpace(autoencoder, { threads }));
    }
    if (encoder !== undefined) {
      const { openEncoderSpace } = await import('../evaluation/spaces/encoder.ts');
      opened.push(await openEncoderSpace(encoder, { threads }));
    }
    if (extractor !== undefined) {
      const { openExtractorSpace } = await import('../evaluation/spaces/extractor.ts');
      opened.push(await openExtractorSpace(extractor, { threads, output: extractorOutput }));
    }
    const { dataHash } = await import('../dataset/dataHash.ts');
    const own = dataHash(train.split('train'));
    const described: DescribedSpace[] = [];
    for (const space of opened) {
      const total = sets.real.length + sets.fake.length + sets.train.length;
      const progress = cli.progress(`describe, ${space.name}`, total, 'cases');
      let done = 0;
      const result = await describeSets(space, sets, () => progress.update(++done));
      progress.finish();
      const { learntFrom } = space;
      const other = learntFrom !== undefined && learntFrom.dataHash !== own;
      const warning = `space ${space.name}: its network learnt from other cases (${learntFrom?.dataset}) than --train has; if held-out cases are among them, they look better here than they are`;
      described.push({ ...result, notes: [...(result.notes ?? []), ...(other ? [warning] : [])] });
    }
    return described;
  } finally {
    for (const space of opened) await space.release();
  }
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
