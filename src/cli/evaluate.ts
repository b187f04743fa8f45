/** `cranioflow evaluate`: generated bones against real ones, or two generated sets against the same real ones. */
import type { Command } from 'commander';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { UsageError } from '../errors.ts';
import type { Aside } from '../evaluation/aside.ts';
import type { MaskSets } from '../evaluation/setChecks.ts';
import type { CaseNames } from '../evaluation/sharedCases.ts';
import { commandLine } from '../files/commandLine.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import type { Context, Streams } from './context.ts';
import type { SpaceFlags } from './evaluateSpaces.ts';
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
precision and recall, KID and FID, likeness inside the set, specificity, variation, pieces, thickness and volume. All are
dataset folders on one grid. Each number comes with its 95 % interval, with what real bones score in the place of the
generated ones, and with a verdict: as good as real, worse than real, or cannot tell. Held-out bones that were trained on
(the same subject, the same or nearly the same voxels, mirrored too) are found first and refused. With --encoder,
--autoencoder or --extractor, distributions are compared in the features of a network too.`,
    )
    .option('--real <dir>', 'dataset whose test cases are the held-out real bones (all, if it has none)')
    .option('--train <dir>', 'dataset whose training cases were trained on; may be the same folder')
    .option('--fake <dir>', 'folder of generated bones; all cases are taken')
    .option('--against <dir>', 'a second folder of generated bones: both against the same real ones')
    .option('--out <dir>', 'folder for evaluation.json and evaluation.html')
    .option('--seed <n>', 'seed of draws, bootstraps and shuffles', whole(0), 0)
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
    .option('--allow-overlap', 'evaluate although held-out bones were trained on; the result says so')
    .option('--explain [metric]', 'print what every metric means, or one of them, and do nothing else')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow evaluate --real data/phantoms --train data/phantoms --fake skulls --out evaluation
  cranioflow evaluate --real data/phantoms --train data/phantoms --fake skulls --against older-skulls
  cranioflow evaluate --real data/ct --train data/ct --fake skulls --encoder runs/encoder --extractor med3d.onnx
  cranioflow evaluate --explain kidFeatures`,
    )
    .action(async (flags: EvaluateFlags, command: Command) => {
      const cli = open(command);
      if (flags.explain !== undefined) {
        await explain(cli, flags.explain);
        return;
      }
      const [realDir, trainDir, fakeDir] = (['real', 'train', 'fake'] as const).map((name) =>
        required(flags[name], name),
      );
      const { openDataset } = await import('../dataset/dataset.ts');
      if (flags.out !== undefined) (await import('../files/atomic.ts')).requireWritableFolder(flags.out);
      const [real, train, fake] = [realDir, trainDir, fakeDir].map(openDataset);
      const against = flags.against === undefined ? undefined : openDataset(flags.against);
      const test = real.split('test');
      const held = test.length > 0 ? test : real.cases;
      const sides = { real: masks(real, held), train: masks(train, train.split('train')) };
      const names = { real: namesOf(real, held), train: namesOf(train, train.split('train')) };
      const options = {
        seed: flags.seed,
        extended: flags.quick !== true,
        allowOverlap: flags.allowOverlap === true,
      };
      const { dataHash } = await import('../dataset/dataHash.ts');
      const learntFrom = (await import('../sampling/generateProvenance.ts')).readProvenance(
        fake.dir,
      )?.generator;
      const stranger =
        learntFrom !== undefined &&
        learntFrom.dataHash !== 'withheld' &&
        learntFrom.dataHash !== dataHash(train.split('train'));
      const origin = stranger
        ? [
            `the generator of ${fakeDir} was trained on other cases ("${learntFrom.dataset}") than ${trainDir} has, or on a share of them: figures against training shapes say less of copying`,
          ]
        : [];
      for (const [what, cases] of [
        ['training', train.split('train')],
        ['held-out', held],
      ] as const) {
        const known = new Set(cases.map((c) => c.sha256));
        const copies = fake.cases.filter((c) => known.has(c.sha256)).length;
        if (copies > 0)
          origin.push(
            `${copies} of ${fake.cases.length} generated bones are ${what} cases, voxel for voxel: these figures say nothing of a generator`,
          );
      }
      for (const note of origin) cli.say(`warning: ${note}`);
      const naming = { bone: real.manifest.bone, phantom: real.manifest.phantom || train.manifest.phantom };
      const line = commandLine(cli.command.argv);
      const spacesOf = async (sets: MaskSets) => {
        if ((flags.autoencoder ?? flags.encoder ?? flags.extractor ?? flags.extractorOutput) === undefined)
          return undefined;
        return (await import('./evaluateSpaces.ts')).describedSpaces(cli, flags, sets, train);
      };
      const { compareAside, evaluateAside } = await import('../evaluation/aside.ts');
      const text = await import('../evaluation/report/evaluationText.ts');
      const page = await import('../evaluation/report/evaluationPage.ts');
      if (against !== undefined) {
        const [a, b] = [await generated(fake), await generated(against)];
        const spaces = await spacesOf({ ...sides, fake: [...a, ...b] });
        const result = await listening(cli, (aside) =>
          compareAside(
            [
              { ...sides, a, b },
              { ...options, spaces, names: { ...names, a: namesOf(fake), b: namesOf(against) } },
            ],
            aside,
          ),
        );
        await write(cli, flags.out, result, () => page.comparisonPage(result, naming, line));
        cli.json ? cli.report(result, '') : stdout.write(text.comparisonTable(result));
        return;
      }
      const sets = { ...sides, fake: await generated(fake) };
      const spaces = await spacesOf(sets);
      const result = await listening(cli, (aside) =>
        evaluateAside([sets, { ...options, spaces, names: { ...names, fake: namesOf(fake) } }], aside),
      );
      // Which sets these figures are of: a card refuses those of another.
      const hashed = {
        ...result,
        notes: [...origin, ...result.notes],
        sets: { real: dataHash(held), train: dataHash(train.split('train')), fake: dataHash(fake.cases) },
      };
      await write(cli, flags.out, hashed, () => page.evaluationPage(hashed, naming, line));
      cli.json ? cli.report(hashed, '') : stdout.write(text.evaluationTable(hashed));
    });
}

interface EvaluateFlags extends SpaceFlags {
  real?: string;
  train?: string;
  fake?: string;
  against?: string;
  out?: string;
  seed: number;
  quick?: boolean;
  allowOverlap?: boolean;
  explain?: string | true;
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new UsageError({
    found: `no --${name}`,
    expected: 'the three sets: --real, --train and --fake',
    todo: `add --${name} DIR; --explain alone prints what the metrics mean`,
  });
}

async function explain(cli: Context, metric: string | true): Promise<void> {
  const { explainMetric, explainMetrics, metricsLike } = await import(
    '../evaluation/report/evaluationText.ts'
  );
  const { allMetricDocs, metricDoc } = await import('../evaluation/metricDocs.ts');
  if (metric === true) {
    cli.print(Object.fromEntries(allMetricDocs().map(({ name, doc }) => [name, doc])), explainMetrics());
    return;
  }
  const text = explainMetric(metric);
  if (text === undefined) {
    const like = metricsLike(metric);
    throw new UsageError({
      found: `no metric called ${metric}`,
      expected: 'a name as the table of `evaluate` shows it, such as kidFeatures or components',
      todo: `${like.length > 0 ? `take one of ${like.join(', ')}, or ` : ''}see --explain without a name`,
    });
  }
  cli.print({ [metric]: metricDoc(metric) }, text);
}

/** Shows how far the work is, and ends it at Ctrl-C. */
async function listening<T>(cli: Context, work: (aside: Aside) => Promise<T>): Promise<T> {
  let progress: ReturnType<typeof cli.progress> | undefined;
  const onProgress = (done: number, total: number): void => {
    progress ??= cli.progress('evaluate', total, 'pairs');
    progress.update(done);
  };
  try {
    return await cli.interruptible((signal) => work({ signal, onProgress }));
  } finally {
    progress?.finish();
  }
}

/** Writes evaluation.json and evaluation.html where asked to. */
async function write(
  cli: Context,
  out: string | undefined,
  result: object,
  page: () => string,
): Promise<void> {
  if (out === undefined) return;
  const { join } = await import('node:path');
  const { writeFileAtomic } = await import('../files/atomic.ts');
  writeFileAtomic(join(out, 'evaluation.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeFileAtomic(join(out, 'evaluation.html'), page());
  cli.say(`${join(out, 'evaluation.html')}: open it in any browser`);
}

function masks(dataset: Dataset, cases: readonly DatasetCase[]): Mask[] {
  return cases.map((c) => dataset.loadMask(c));
}

/** Masks of a generated set. Bones that came out empty have no case in the folder, but count as generated. */
async function generated(set: Dataset): Promise<Mask[]> {
  const { readProvenance } = await import('../sampling/generateProvenance.ts');
  const found = masks(set, set.cases);
  for (const bone of readProvenance(set.dir)?.bones ?? [])
    if (bone.empty) found.push({ ...set.grid, data: new Uint8Array(voxelCount(set.grid.size)) });
  return found;
}

/** Phantoms of two sets share numbers, not subjects: theirs is the seed and index they were drawn from. */
function namesOf({ manifest }: Dataset, cases: readonly DatasetCase[] = manifest.cases): CaseNames {
  return {
    ids: cases.map((c) => c.id),
    subjects: cases.map((c) => (manifest.phantom ? c.source : c.subject)),
  };
}
