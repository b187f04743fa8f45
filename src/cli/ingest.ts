/** `cranioflow ingest`: head CT, bone masks and meshes into a dataset. */
import { type Command, Option } from 'commander';
import type { IngestOptions, IngestResult } from '../dataset/ingest.ts';
import { commandLine } from '../files/commandLine.ts';
import type { Vec3 } from '../volume/volume.ts';
import type { Context } from './context.ts';
import { gridSize, real, whole } from './options.ts';
import { readOptions } from './readOptions.ts';

/** Holds a head in the Frankfort frame, 200 x 260 x 260 mm. */
const HEAD = { grid: [80, 104, 104] as Vec3, spacing: 2.5 };

export function registerIngest(program: Command, open: (command: Command) => Context): void {
  readOptions(
    program
      .command('ingest')
      .summary('make a dataset of head CT, bone masks or meshes')
      .description(
        `Makes a dataset of bone: head CT (DICOM folders and zips, NIfTI, NRRD, MHA, VTI; the bone is segmented), bone masks, or
meshes (STL, PLY). Each case is brought into a common frame, resampled onto one grid, and graded; then subjects are
split into training and test. What cannot be used is refused with the reason and the others go on; OUT/cases.html
shows every case. A cranium and a mandible in two files, P1_cranium.stl and P1_mandible.stl in one folder, are one case
(so they are where a table or pattern of subjects puts one of each under one subject). Run the same command again to go on after an interruption.

Nothing that names a patient reaches the dataset: ids are made under a secret salt, kept with the list of what they
stand for in OUT.private.json. Do not pass that file on.`,
      )
      .argument('<inputs...>', 'files, or folders that are searched through')
      .requiredOption('--out <dir>', 'dataset folder to make')
      .option('--spacing <mm>', 'distance between voxels in mm', real(), HEAD.spacing)
      .addOption(
        new Option('--grid <XxYxZ>', 'voxels along x, y, z: multiples of 4')
          .argParser(gridSize)
          .default(HEAD.grid, `${HEAD.grid.join('x')}, a head`),
      ),
  )
    .addOption(
      new Option(
        '--frame <kind>',
        'frankfort: aligned to the human template; patient: axes of the scan; principal: axes of the bone (default: frankfort for CT, patient for masks and meshes)',
      ).choices(['frankfort', 'patient', 'principal']),
    )
    .option(
      '--aligner <run>',
      'bring every bone into the frame of a network that `task align train` made, in whatever pose it lies',
    )
    .option(
      '--align-to <file>',
      'turn and shift every bone to lie as the one in this file, a mask, mesh or scan (never scaled)',
    )
    .option(
      '--landmarks <file>',
      'one case: 3D Slicer markups (porion, orbitale) that define its Frankfort frame',
    )
    .option(
      '--max-slice-spacing <mm>',
      'thickest and farthest slices of a scan (default: 3; volume files 3.5)',
      real(0.1, 20),
    )
    .option('--min-slices <n>', 'fewest slices of a DICOM series (default: 16)', whole(2))
    .option(
      '--longest-run',
      'of a DICOM series with missing slices or mixed steps take the longest even run, and say what was cut, instead of refusing it',
    )
    .option('--no-pairs', 'each file a case, also where cranium and mandible of one subject lie in two files')
    .option('--keep-names', 'public data: call cases by their files instead of by secret ids')
    .option(
      '--jobs <n>',
      'cases at work at once (default: as cores and memory allow, 2 GB each)',
      whole(1, 256),
    )
    .option('--no-pictures', 'no records of cases and no cases.html')
    .option('--cut <share>', 'a resampled voxel is bone from this share on; less for thin bone', real(), 0.5)
    .option('--max-cut <share>', 'share of a bone that the grid may cut off', real(), 0)
    .option(
      '--subject-pattern <regex>',
      'one group that catches the subject in the path (default: each file a subject)',
    )
    .option(
      '--subject-table <csv>',
      'table with the columns file,subject and, if wanted, quality, and case (the same for two files of one case)',
    )
    .option('--test-share <share>', 'share of subjects held out for testing', real(), 0.2)
    .option('--seed <n>', 'seed of the split', whole(0), 0)
    .option('--name <text>', 'name of the dataset (default: from the bone)')
    .option('--bone <text>', 'what the bone is called, such as mandible', 'bone')
    .option(
      '--attribution <text>',
      'who made the masks (default: unknown); given again, finished cases take it over',
    )
    .option('--licence <text>', 'the licence they are under (default: unknown)')
    .option(
      '--quality <class>',
      'class of all cases, 2 (damaged) to 6 (complete) (default: as measured in scans and in the Frankfort frame, else 6)',
      whole(2, 6),
    )
    .option(
      '--quality-file <csv>',
      'what a person decided: a table with the columns file,quality or case,quality (case: the id in cases.html), quality 2 to 6 or "drop"; counts above all else, and changes finished cases without reading them again',
    )
    .option('--retry', 'read cases again that were refused before, though nothing changed since')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow ingest study/ --out data/heads
  cranioflow ingest study/ --out data/heads --quality-file seen.csv   (after a look at cases.html)
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
          command: commandLine(cli.command.argv, untold(inputs, flags)),
          signal,
          onWarning: cli.say,
          onProgress({ done, total, refused }) {
            progress ??= cli.progress('ingest', total, 'cases');
            progress.update(done, refused > 0 ? `${refused} refused` : '');
          },
        }).finally(() => progress?.finish()),
      );
      cli.report(resultJson(result), resultText(result));
    });
}

interface IngestFlags
  extends Omit<IngestOptions, 'inputs' | 'subjects' | 'withoutPictures' | 'withoutPairs'> {
  pictures: boolean;
  pairs: boolean;
  subjectPattern?: string;
  subjectTable?: string;
}

/** Files by what they are: their names may be those of patients, and the page of cases goes along with the dataset. */
function untold(
  inputs: readonly string[],
  { landmarks, alignTo, subjectTable, qualityFile }: IngestFlags,
): Map<string, string> {
  const files = [landmarks, alignTo, subjectTable, qualityFile].flatMap((file) => file ?? []);
  return new Map([
    ...files.map((file) => [file, 'FILE'] as const),
    ...inputs.map((path) => [path, 'INPUT'] as const),
  ]);
}

/** Options of `ingest` from the flags. Throws `UsageError` where two flags exclude each other. */
async function ingestOptions(inputs: string[], flags: IngestFlags): Promise<IngestOptions> {
  const { subjectPattern, subjectTable, pictures, pairs, ...rest } = flags;
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
  const subjects =
    subjectPattern !== undefined
      ? subjectsByPattern(subjectPattern)
      : subjectTable !== undefined
        ? subjectsByTable(subjectTable)
        : undefined;
  return {
    ...rest,
    inputs,
    withoutPictures: !pictures,
    withoutPairs: !pairs,
    subjects,
  };
}

function resultJson({ dataset, ...rest }: IngestResult): object {
  return {
    dataset: dataset.dir,
    cases: dataset.cases.length,
    train: dataset.split('train').length,
    test: dataset.split('test').length,
    size: dataset.manifest.size,
    spacing: dataset.manifest.spacing,
    ...rest,
  };
}

function resultText(result: IngestResult): string {
  const { dataset, accepted, kept, refused, smallestGrid, casesPage, privateFile } = result;
  const { dropped, regraded, changed, attributed, remembered, withoutScore } = result;
  const { size, spacing } = dataset.manifest;
  const cut = accepted.filter((a) => a.cutShare > 0);
  return [
    `${accepted.length} accepted, ${kept.length} kept from before, ${refused.length} refused; ${dataset.cases.length} cases (${dataset.split('train').length} train, ${dataset.split('test').length} test) of ${size.join('x')} voxels, ${spacing} mm, in ${dataset.dir}`,
    ...(regraded.length > 0 ? [`quality changed: ${regraded.join(', ')}`] : []),
    ...(attributed.length > 0 ? [`attribution or licence changed: ${attributed.join(', ')}`] : []),
    ...(changed.length > 0 ? [`made again, for their files had changed: ${changed.join(', ')}`] : []),
    ...(withoutScore
      ? [`${withoutScore} cases that the quality file does not name keep the quality they have`]
      : []),
    ...(dropped.length > 0
      ? [`dropped by a person: ${dropped.join(', ')} (a number in --quality-file takes a case back)`]
      : []),
    ...(cut.length > 0
      ? [
          `cut off by the grid: ${cut.map((a) => `${a.id} ${(100 * a.cutShare).toPrecision(2)} %`).join(', ')}`,
        ]
      : []),
    ...(accepted.length > 0
      ? [`smallest grid that holds every bone read, at this spacing: ${smallestGrid.join('x')}`]
      : []),
    ...refused.map(
      (r) => `refused: case ${r.id}: ${r.reason.startsWith(r.file) ? '' : `${r.file}: `}${r.reason}`,
    ),
    ...(remembered > 0
      ? [
          `${remembered} of these were refused before and not read again: nothing changed (--retry reads them)`,
        ]
      : []),
    ...(casesPage === undefined ? [] : [`look at every case: ${casesPage}`]),
    ...(privateFile === undefined ? [] : [`what the ids stand for (keep it secret): ${privateFile}`]),
  ].join('\n');
}
