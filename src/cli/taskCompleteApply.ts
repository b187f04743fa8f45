/** `cranioflow task complete apply`. */
import { type Command, Option } from 'commander';
import type { ApplyFacts } from '../downstream/complete/applyFacts.ts';
import { ANSWERS_MOST, METHOD_NAMES } from '../downstream/complete/method.ts';
import type { Context } from './context.ts';
import { real, whole } from './options.ts';
import { type ReadFlags, readOptions } from './readOptions.ts';

interface CompleteApplyFlags extends ReadFlags {
  out: string;
  method: string;
  run?: string;
  frame?: string;
  alignTo?: string;
  aligner?: string;
  aligned?: boolean;
  region?: string;
  gap?: number;
  pieces: number;
  answers: number;
  seed: number;
  picture: boolean;
  threads?: number;
}

export function registerTaskCompleteApply(complete: Command, open: (command: Command) => Context): void {
  readOptions(
    complete
      .command('apply')
      .summary('make the implant of a defective bone, in the patient’s own coordinates')
      .description(
        `Completes the defective bone of one patient and writes the implant: head CT (DICOM folder or zip, NIfTI, NRRD, MHA, VTI; the
bone is segmented), a bone mask, or a mesh, at any resolution, wherever it lies. OUT holds implant.stl and implant.nrrd in
the patient's own coordinates (LPS mm; the NRRD on the voxels of the input), bone.stl (the bone that is there, to be seen
beside it), implant.png and implant.json with gap, volume, thickness, pose and warnings. Research use, not a medical device.`,
      )
      .argument('<input>', 'CT, mask or mesh of one bone')
      .requiredOption('--out <dir>', 'folder to make')
      .addOption(
        new Option(
          '--method <name>',
          'what completes the bone: a trained network, the mirrored other side, or the generator',
        )
          .choices(METHOD_NAMES)
          .default('unet'),
      )
      .option(
        '--run <run>',
        'run folder of the network: of `task complete train` for unet, of `train generator` for prior; mirror needs none (with that of a completer, its grid and mean bone)',
      )
      .addOption(
        new Option(
          '--frame <kind>',
          'how the axes of the bone are found: by the human template, the patient, or the bone itself (default: frankfort for CT, patient for masks and meshes)',
        ).choices(['frankfort', 'patient', 'principal']),
      )
      .option(
        '--align-to <file>',
        'a bone that lies as the training bones do: the axes are found by its shape',
      )
      .option('--aligner <run>', 'run folder of a trained aligner: it finds the pose')
      .option('--aligned', 'the bone lies in the frame of the network already: nothing is moved')
      .option(
        '--region <where>',
        'where the defect is: x0,x1,y0,y1,z0,z1 in LPS mm, or a mask file; what the method would add elsewhere is left out',
      )
      .option('--gap <mm>', 'least gap between implant and bone (default: half a voxel)', real(0, 20))
      .option('--pieces <n>', 'pieces of the implant, at most', whole(1, 20), 1)
      .option('--answers <n>', 'plausible implants to make, of methods that draw', whole(1, ANSWERS_MOST), 1)
      .option('--seed <n>', 'seed of methods that draw', whole(0), 0),
  )
    .option('--no-picture', 'do not make implant.png')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024))
    .addHelpText(
      'after',
      `
Examples:
  cranioflow task complete apply --run runs/completer patient.nii.gz --out implant
  cranioflow task complete apply --run runs/completer mandible.nrrd --align-to reference.nrrd --out implant
  cranioflow task complete apply --run runs/completer ct/ --region=-60,60,-120,-40,0,90 --out implant`,
    )
    .action(async (input: string, flags: CompleteApplyFlags, command: Command) => {
      const cli = open(command);
      const { applyCompletion } = await import('../downstream/complete/apply.ts');
      const { gap, ...rest } = flags;
      const { facts, seconds } = await cli.interruptible((signal) =>
        applyCompletion({ ...rest, input, gapMm: gap, signal, onStep: (step) => cli.say(`${step} ..`) }),
      );
      const total = Object.values(seconds).reduce((a, b) => a + b, 0);
      cli.report({ out: flags.out, ...facts, seconds }, summary(flags.out, facts, total));
    });
}

/** What a person reads at the end. */
function summary(out: string, { implants, warnings, statement }: ApplyFacts, seconds: number): string {
  const lines = implants.map(
    ({ stl, volumeCm3, shareOfBone, sizeMm, gapMm, thicknessMm, pieces }) =>
      `  ${stl}: ${volumeCm3.stl.toFixed(2)} cm^3 (${(100 * shareOfBone).toFixed(1)} % of the bone), ${sizeMm.map((mm) => mm.toFixed(0)).join(' x ')} mm, gap at least ${gapMm.surface.toFixed(2)} mm (asked for ${gapMm.asked.toFixed(2)}), least thickness ${thicknessMm.least.toFixed(1)} mm${pieces > 1 ? `, ${pieces} pieces` : ''}`,
  );
  return [
    `${out}: ${implants.length === 1 ? 'an implant' : `${implants.length} implants`} in ${seconds.toFixed(1)} s`,
    ...lines,
    ...warnings.map((text) => `  warning: ${text}`),
    `  ${statement}`,
  ].join('\n');
}
