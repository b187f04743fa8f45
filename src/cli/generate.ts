/** `cranioflow generate`: new bones from a trained generator. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { GenerateSetOptions } from '../sampling/generateSet.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import type { SampleSettings } from '../sampling/latentSampler.ts';
import { ALL_SOLVERS, sampleDefaults } from '../sampling/solverNames.ts';
import { runOrBundled } from './bundled.ts';
import type { Context } from './context.ts';
import { interval, listOption, real, whole } from './options.ts';
import type { ReleaseFlags } from './release.ts';

export function registerGenerate(program: Command, open: (command: Command) => Context): void {
  program
    .command('generate')
    .summary('generate new bones')
    .description(
      `Generates bones that no one ever had. Bone 17 of a seed is the same, byte for byte, whatever the count, the start or
the order; run the same command again to go on after an interruption, or with another --start or --count to add bones.
The folder is a dataset too, with provenance.json and a README. Without --run, the bundled generator is used, which was
trained on phantoms: procedural skulls without anatomical truth.`,
    )
    .requiredOption('--out <dir>', 'folder to fill')
    .option(
      '--run <run>',
      'run folder of a generator, or a folder of exported weights (default: the bundled one)',
    )
    .option('--decoder <run>', 'decode with the run of `train decoder` on the autoencoder of this generator')
    .option('--count <n>', 'how many bones', whole(1, 1_000_000), 1)
    .option('--start <n>', 'index of the first bone', whole(0, 1_000_000_000), 0)
    .option('--seed <n>', 'seed of the noise', whole(0), 0)
    .option(
      '--steps <n>',
      'steps of the solver (default: 16; ddpm 50, reflow and distil 2); not with dopri5',
      whole(1, 10_000),
    )
    .addOption(
      new Option(
        '--solver <name>',
        `otfm: heun, midpoint (2 network evaluations a step), euler (1), rk4 (4), dopri5 (as many as the tolerance needs);
ddpm: ddim, ancestral (1); consistency: its own (1) (default: the first that fits the run)`,
      ).choices(ALL_SOLVERS),
    )
    .option(
      '--guidance <scale>',
      '0: no class, 1: the class alone, above 1: pushed towards it (default: 1.5; 1 where it is part of the weights)',
      real(),
    )
    .option(
      '--guidance-interval <from,to>',
      'times in which guidance holds, 0 noise .. 1 data; not with guidance 1',
      interval,
    )
    .option('--eta <share>', 'ddim: share of the noise that each step adds again', real(0, 1))
    .option(
      '--candidates <n>',
      'filtered generation: of n candidates keep the one farthest from the training set (needs --data)',
      whole(2, 64),
    )
    .option('--data <dir>', 'the dataset that the generator was trained on, for --candidates')
    .option('--tolerance <error>', 'dopri5: largest error of a step (default: 1e-4)', real())
    .option(
      '--quality <class>',
      '2 (truncated or damaged) to 6 (complete); default: mixed as in the training set, or 6 without --run',
      whole(2, 6),
    )
    .addOption(
      listOption(
        '--format <list>',
        'files of each bone: nrrd, nii.gz, nii, mha (volumes, uint8), stl, ply, glb (surfaces); none: the dataset alone',
        ['nrrd', 'stl'],
      ),
    )
    .option(
      '--clean',
      'keep only the two largest connected components (default: keep all that was generated)',
    )
    .option(
      '--release',
      'mark the set as one to share; refused without an audit of these very bones that passed',
    )
    .option('--audit <dir>', 'folder of that audit, for --release')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024))
    .addHelpText(
      'after',
      `
Examples:
  cranioflow generate --count 1 --seed 7 --out skulls
  cranioflow generate --run runs/gen --count 8 --seed 7 --quality 6 --out skulls --format nrrd,stl,glb
  cranioflow generate --run runs/gen --count 100 --seed 7 --out skulls --release --audit skulls-audit`,
    )
    .action(async (flags: GenerateFlags, command: Command) => {
      const cli = open(command);
      const { run, format, candidates, data, decoder, release, audit, ...given } = flags;
      const formats = await formatsOf(format);
      if (given.solver === 'dopri5' && given.steps !== undefined) throw stepsOfDopri5();
      const filter = await filterOf(candidates, data);
      const path = runOrBundled(run);
      const { readGenerator } = await import('../sampling/readGenerator.ts');
      const { generateSet } = await import('../sampling/generateSet.ts');
      const generator = await decodingWith(readGenerator(path), decoder);
      const mark =
        release === undefined && audit === undefined
          ? undefined
          : (await import('./release.ts')).releaseOf({ release, audit }, flags.out, generator.hash);
      const settings = { ...sampleDefaults(generator.meta), ...given };
      if (generator.meta.phantom) cli.say('this generator learnt from phantoms: no anatomy to trust');
      const progress = cli.progress('generate', flags.count, 'bones');
      const set = await cli.interruptible((signal) =>
        generateSet({
          ...settings,
          // Without a run there is no set to resemble: a newcomer asks for a skull and gets a complete one.
          quality: settings.quality ?? (run === undefined ? 6 : undefined),
          generator,
          filter,
          // What is released is what was audited: files that lie there are made again from the bones.
          rewrite: mark !== undefined,
          formats,
          signal,
          onProgress: (done) => progress.update(done),
          onWarning: (text) => cli.say(`warning: ${text}`),
        }).finally(() => progress.finish()),
      );
      mark?.(set.dataset);
      const card = join(set.dataset.dir, 'CARD.md');
      if ((set.made > 0 || mark !== undefined) && existsSync(card))
        cli.say(`warning: ${card} tells of the set as it was before: make it again with \`cranioflow card\``);
      const empty = set.bones.filter((bone) => bone.empty).length;
      const whole = set.bones.length - empty;
      cli.report(
        {
          out: set.dataset.dir,
          bone: generator.meta.bone,
          phantom: generator.meta.phantom,
          made: set.made,
          empty,
          bones: set.bones,
          files: set.files,
        },
        `${whole} ${whole === 1 ? 'bone' : 'bones'} in ${set.dataset.dir} (${set.made} made now${empty > 0 ? `, ${empty} empty` : ''})`,
      );
    });
}

interface GenerateFlags extends Partial<SampleSettings>, ReleaseFlags {
  out: string;
  run?: string;
  count: number;
  start: number;
  seed: number;
  format: string[];
  candidates?: number;
  data?: string;
  decoder?: string;
  clean?: boolean;
  threads?: number;
}

/** Throws `UsageError` for a format that is not known, and for `none` beside others. */
async function formatsOf(names: string[]): Promise<string[]> {
  if (names.length === 1 && names[0] === 'none') return [];
  const { BONE_FORMATS } = await import('../sampling/generateFiles.ts');
  const wrong = names.find((name) => !BONE_FORMATS.includes(name));
  if (wrong === undefined) return names;
  throw new UsageError({
    found: wrong === 'none' ? 'the format none beside others' : `the format "${wrong}"`,
    expected: `formats among ${BONE_FORMATS.join(', ')}, or none alone`,
    todo: 'give a list such as --format nrrd,stl, or --format none for the dataset alone',
  });
}

const stepsOfDopri5 = (): UsageError =>
  new UsageError({
    found: '--steps with the solver dopri5',
    expected: 'no steps: it takes as many as its tolerance needs',
    todo: 'leave --steps out, or give --tolerance',
  });

/** Throws `CheckpointError` where the decoder is of another autoencoder. */
async function decodingWith(generator: GeneratorWeights, decoder?: string): Promise<GeneratorWeights> {
  if (decoder === undefined) return generator;
  const { readAutoencoder } = await import('../sampling/readAutoencoder.ts');
  const { withDecoder } = await import('../sampling/withDecoder.ts');
  return withDecoder(generator, readAutoencoder(decoder), decoder);
}

/** Throws `UsageError` where one of the two is missing, and what is wrong with the dataset. */
async function filterOf(candidates?: number, data?: string): Promise<GenerateSetOptions['filter']> {
  if (candidates === undefined && data === undefined) return undefined;
  if (candidates === undefined || data === undefined)
    throw new UsageError({
      found: candidates === undefined ? '--data without --candidates' : '--candidates without --data',
      expected: 'both: candidates are compared with the training set',
      todo: 'add the other, or leave both out',
    });
  const { openDataset } = await import('../dataset/dataset.ts');
  return { candidates, dataset: openDataset(data) };
}
