/** `cranioflow ingest`: masks of real bone into a dataset. */
import type { Command } from 'commander';
import type { IngestOptions, IngestResult } from '../dataset/ingest.ts';
import type { FrameKind } from '../skull/orient.ts';
import type { Vec3 } from '../volume/volume.ts';
import type { Context } from './context.ts';
import { gridSize, real, thresholdValue, whole } from './options.ts';

export function registerIngest(program: Command, open: (command: Command) => Context): void {
  program
    .command('ingest')
    .summary('make a dataset of bone masks')
    .description(
      `Makes a dataset of bone masks (NRRD, NIfTI, MHA): each is brought into a common frame, resampled onto one grid,
then split into training and test subjects. A file that cannot be used is refused with the reason and the
others go on. Run the same command again to go on after an interruption.`,
    )
    .argument('<inputs...>', 'files, or folders that are searched through')
    .requiredOption('--out <dir>', 'dataset folder to make')
    .requiredOption('--spacing <mm>', 'distance between voxels in mm', real())
    .requiredOption('--grid <XxYxZ>', 'voxels along x, y, z: multiples of 4, such as 64x56x48', gridSize)
    .option('--threshold <value>', 'scans: bone is what lies above; a number or "otsu"', thresholdValue)
    .option('--label <value>', 'label maps: bone is this value', real())
    .option('--components <n>', 'keep only the n largest connected components (default: all)', whole(1))
    .option('--frame <kind>', 'patient: axes of the patient; principal: axes of the bone', 'patient')
    .option('--align-to <file>', 'turn and shift every bone to lie as the one in this file (never scaled)')
    .option('--cut <share>', 'a resampled voxel is bone from this share on; less for thin bone', real(), 0.5)
    .option('--max-cut <share>', 'share of a bone that the grid may cut off', real(), 0)
    .option(
      '--subject-pattern <regex>',
      'one group that catches the subject in the path (default: each file a subject)',
    )
    .option('--subject-table <csv>', 'table with the columns file,subject,quality (quality optional)')
    .option('--test-share <share>', 'share of subjects held out for testing', real(), 0.2)
    .option('--seed <n>', 'seed of the split', whole(0), 0)
    .option('--name <text>', 'name of the dataset (default: from the bone)')
    .option('--bone <text>', 'what the bone is called, such as mandible', 'bone')
    .option('--attribution <text>', 'who made the masks', 'unknown')
    .option('--licence <text>', 'the licence they are under', 'unknown')
    .option('--quality <class>', 'class of all files, 2 (damaged) to 6 (complete)', whole(2, 6), 6)
    .addHelpText(
      'after',
      `
Example:
  cranioflow ingest masks/ --out data/mandibles --spacing 2 --grid 64x56x48 --bone mandible \\
    --subject-pattern 'masks/([^/]+)/' --attribution 'A. Author 2024' --licence CC-BY-4.0`,
    )
    .action(async (inputs: string[], flags: IngestFlags, command: Command) => {
      const cli = open(command);
      const { ingest } = await import('../dataset/ingest.ts');
      const options = await ingestOptions(inputs, flags);
      let progress: ReturnType<typeof cli.progress> | undefined;
      const result = await cli.interruptible((signal) =>
        ingest({
          ...options,
          signal,
          onWarning: cli.say,
          onProgress({ done, total, refused }) {
            progress ??= cli.progress('ingest', total, 'files');
            progress.update(done, refused > 0 ? `${refused} refused` : '');
          },
        }).finally(() => progress?.finish()),
      );
      cli.report(resultJson(result), resultText(result));
    });
}

interface IngestFlags extends Omit<IngestOptions, 'inputs' | 'grid' | 'frame' | 'subjects'> {
  grid: Vec3;
  frame: string;
  subjectPattern?: string;
  subjectTable?: string;
}

/** Options of `ingest` from the flags. Throws `UsageError` where two flags exclude each other. */
async function ingestOptions(inputs: string[], flags: IngestFlags): Promise<IngestOptions> {
  const { subjectPattern, subjectTable, frame, ...rest } = flags;
  const { UsageError } = await import('../errors.ts');
  const { subjectsByPattern, subjectsByTable } = await import('../dataset/inputs.ts');
  const both = (a: string, b: string) =>
    new UsageError({
      found: `both ${a} and ${b}`,
      expected: 'one of them',
      todo: `leave ${a} or ${b} out`,
    });
  if (subjectPattern !== undefined && subjectTable !== undefined)
    throw both('--subject-pattern', '--subject-table');
  if (rest.threshold !== undefined && rest.label !== undefined) throw both('--threshold', '--label');
  if (frame !== 'patient' && frame !== 'principal')
    throw new UsageError({
      found: `--frame ${frame}`,
      expected: 'patient or principal',
      todo: 'choose one of them',
    });
  const subjects =
    subjectPattern !== undefined
      ? subjectsByPattern(subjectPattern)
      : subjectTable !== undefined
        ? subjectsByTable(subjectTable)
        : undefined;
  return { ...rest, inputs, frame: frame satisfies FrameKind, subjects };
}

function resultJson({ dataset, accepted, kept, refused, smallestGrid }: IngestResult): object {
  return {
    dataset: dataset.dir,
    cases: dataset.cases.length,
    train: dataset.split('train').length,
    test: dataset.split('test').length,
    size: dataset.manifest.size,
    spacing: dataset.manifest.spacing,
    accepted,
    kept,
    refused,
    smallestGrid,
  };
}

function resultText({ dataset, accepted, kept, refused, smallestGrid }: IngestResult): string {
  const { size, spacing } = dataset.manifest;
  const cut = accepted.filter((a) => a.cutShare > 0);
  return [
    `${accepted.length} accepted, ${kept.length} kept from before, ${refused.length} refused; ${dataset.cases.length} cases (${dataset.split('train').length} train, ${dataset.split('test').length} test) of ${size.join('x')} voxels, ${spacing} mm, in ${dataset.dir}`,
    ...(cut.length > 0
      ? [
          `cut off by the grid: ${cut.map((a) => `${a.id} ${(100 * a.cutShare).toPrecision(2)} %`).join(', ')}`,
        ]
      : []),
    ...(accepted.length > 0
      ? [`smallest grid that holds every bone read, at this spacing: ${smallestGrid.join('x')}`]
      : []),
    ...refused.map((r) => `refused: ${r.reason}`),
  ].join('\n');
}
