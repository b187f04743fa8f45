/** `cranioflow task align apply`. */
import type { Command } from 'commander';
import type { Vec3 } from '../volume/volume.ts';
import type { Context } from './context.ts';
import { gridSize, positive, real, whole } from './options.ts';
import { type ReadFlags, readOptions } from './readOptions.ts';

interface ApplyFlags extends ReadFlags {
  run: string;
  out: string;
  matrix?: string;
  clean?: boolean;
  spacing?: number;
  grid?: Vec3;
  cut: number;
  threads?: number;
}

export function registerTaskAlignApply(align: Command, open: (command: Command) => Context): void {
  readOptions(
    align
      .command('apply')
      .summary('lay one bone into the canonical frame')
      .description(
        `Lays the bone of a CT (segmented as ingest does), a bone mask or a mesh into the frame of the network's training data: writes
it on a grid in that frame, and tells the 4x4 matrix (LPS mm, from the input to the frame), the turn, the shift, and how far
they may be off. Bones are turned and shifted, never scaled or mirrored. Research use, not a medical device.`,
      )
      .argument('<input>', 'a CT (DICOM folder or zip, volume file), a bone mask, or a mesh (STL, PLY)')
      .requiredOption('--run <run>', 'run folder of `task align train`, or a weights file')
      .requiredOption('--out <file>', 'the bone in the canonical frame: .nrrd, .nii.gz, .nii or .mha')
      .option('--matrix <file>', 'write the move as an ITK transform (.tfm), which 3D Slicer opens')
      .option('--spacing <mm>', 'mm between the voxels written (default: those of the training)', positive)
      .option('--grid <XxYxZ>', 'voxels written (default: what the grid of the training spans)', gridSize)
      .option(
        '--cut <share>',
        'a voxel written is bone from this share on; less for thin bone',
        real(0.01, 1),
        0.5,
      ),
  )
    .option('--clean', 'clean a mask as a segmented scan is: neck, islands, small holes; for whole skulls')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024))
    .addHelpText(
      'after',
      `
Examples:
  cranioflow task align apply --run runs/aligner scan/ --out aligned.nrrd
  cranioflow task align apply --run runs/aligner jaw.stl --out jaw.nii.gz --matrix jaw.tfm --spacing 1`,
    )
    .action(async (input: string, flags: ApplyFlags, command: Command) => {
      const cli = open(command);
      const { applyAligner } = await import('../downstream/align/apply.ts');
      const { uncertaintyWords } = await import('../downstream/align/uncertaintyWords.ts');
      const done = await cli.interruptible((signal) => applyAligner({ input, ...flags, signal }));
      const { calibration, ...told } = done;
      const { matrix, rotationDeg, translationMm, uncertainty, warnings, out, size, spacing } = told;
      for (const warning of warnings) cli.say(`warning: ${warning}`);
      const rows = [0, 4, 8, 12].map((r) =>
        matrix
          .slice(r, r + 4)
          .map((v) => v.toFixed(6).padStart(12))
          .join(' '),
      );
      cli.report(
        { ...told, calibrationSubjects: calibration?.subjects ?? null },
        [
          `${out}: ${size.join('x')} voxels of ${spacing} mm in the canonical frame`,
          'from the input to the frame, LPS mm:',
          ...rows,
          `turned by ${rotationDeg.toFixed(1)} degrees, its centre shifted by ${translationMm.toFixed(1)} mm`,
          ...uncertaintyWords(uncertainty, calibration),
        ].join('\n'),
      );
    });
}
