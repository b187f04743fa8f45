/** `cranioflow export`: volumes as surfaces or in other formats; a generator as ONNX or as weights to give away. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CranioflowError, DiskError, FileError, UsageError } from '../errors.ts';
import type { Mask } from '../volume/volume.ts';
import { type Context, interrupted } from './context.ts';
import { registerExportWeb, requireOut } from './exportWeb.ts';
import { listOption, real, thresholdValue } from './options.ts';

export function registerExport(program: Command, open: (command: Command) => Context): void {
  const command = program
    .command('export')
    .summary('export volumes as surfaces, or a generator as ONNX or half-precision weights')
    .description(
      `With --volume: writes bone masks in other formats, as smooth closed surfaces (stl, ply: LPS mm; glb: metres, y up) or as
volumes. With --run: writes a generator as ONNX models of standard operators (velocity.onnx, velocity-batch2.onnx,
decoder.onnx, model.json) or, with --half, as half-precision weights that "generate --run" opens. As a page that generates
in the browser: "export web".`,
    )
    .option('--out <dir>', 'folder to write to (required)')
    .option('--volume <path>', 'a mask file, a dataset or generated folder, or a folder of mask files')
    .addOption(listOption('--format <list>', 'stl, ply, glb, nrrd, nii.gz, nii, mha', ['stl']))
    .option('--simplify <ratio>', 'share of the triangles to keep, such as 0.25 (default: all)', real(0, 1))
    .option('--threshold <value>', 'scans: bone is what lies above; a number or "otsu"', thresholdValue)
    .option('--label <value>', 'label maps: bone is this value', real())
    .option('--run <run>', 'run folder of a generator, or a folder of exported weights')
    .option('--half', 'with --run: model.safetensors and autoencoder.safetensors in half precision')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow export --volume skulls --format stl,glb --simplify 0.25 --out meshes
  cranioflow export --run runs/gen --out onnx
  cranioflow export --run runs/gen --half --out weights
  cranioflow export web --run runs/gen --out site`,
    )
    .action(async (flags: ExportFlags, command: Command) => {
      const cli = open(command);
      requireOut(command, flags.out);
      if ((flags.volume === undefined) === (flags.run === undefined))
        throw new UsageError({
          found: flags.run === undefined ? 'neither --volume nor --run' : 'both --volume and --run',
          expected: 'one of them',
          todo: 'see `cranioflow export --help`',
        });
      const files =
        flags.run !== undefined ? await exportRun(flags.run, flags) : await exportVolumes(cli, flags);
      cli.report({ out: resolve(flags.out), files }, `${files.length} files in ${resolve(flags.out)}`);
    });
  registerExportWeb(command, open);
}

interface ExportFlags {
  out: string;
  volume?: string;
  format: string[];
  simplify?: number;
  threshold?: number | 'otsu';
  label?: number;
  run?: string;
  half?: boolean;
}

async function exportRun(run: string, { out, half }: ExportFlags): Promise<string[]> {
  const { readGenerator } = await import('../sampling/readGenerator.ts');
  const { exportOnnx, exportRelease } = await import('../sampling/generateExport.ts');
  const generator = readGenerator(run);
  if (!half) return exportOnnx(generator, resolve(out));
  exportRelease(generator, resolve(out));
  return ['model.safetensors', 'autoencoder.safetensors', 'README.md'].map((name) =>
    join(resolve(out), name),
  );
}

async function exportVolumes(cli: Context, flags: ExportFlags): Promise<string[]> {
  const { checkFormats, writeBoneFiles } = await import('../sampling/generateFiles.ts');
  const formats = checkFormats(flags.format);
  const masks = await masksOf(flags);
  const progress = cli.progress('export', masks.length, 'bones');
  const files: string[] = [];
  const refused: string[] = [];
  return cli.interruptible(async (signal) => {
    try {
      for (const [i, { id, load }] of masks.entries()) {
        if (signal.aborted)
          throw interrupted(
            `interrupted; ${i - refused.length} of ${masks.length} bones are exported${refused.length > 0 ? `, ${refused.length} refused` : ''}`,
          );
        const stem = join(resolve(flags.out), id);
        try {
          files.push(...(await writeBoneFiles(stem, await load(), formats, { simplify: flags.simplify })));
        } catch (error) {
          // One bad bone of many does not hold up the others; a full disk does.
          if (masks.length === 1 || !(error instanceof CranioflowError) || error instanceof DiskError)
            throw error;
          refused.push(`${id}: ${error.explanation.found}`);
        }
        progress.update(i + 1);
        await new Promise((next) => setImmediate(next));
      }
      if (refused.length > 0) throw someRefused(refused, masks.length);
      return files;
    } finally {
      progress.finish();
    }
  });
}

/** Most bones named in a message. */
const NAMED = 8;

function someRefused(refused: readonly string[], all: number): FileError {
  const rest = refused.length - NAMED;
  return new FileError({
    found: `${refused.length} of ${all} bones cannot be exported:\n  ${refused.slice(0, NAMED).join('\n  ')}${rest > 0 ? `\n  and ${rest} more` : ''}`,
    expected: `volumes that hold bone${refused.length < all ? '; the others were exported' : ''}`,
    todo: 'mend these or leave them out',
  });
}

/** The masks that `--volume` names, to be loaded one at a time. */
async function masksOf(flags: ExportFlags): Promise<{ id: string; load: () => Mask | Promise<Mask> }[]> {
  const path = flags.volume!;
  const { MANIFEST } = await import('../dataset/manifest.ts');
  const folder = existsSync(path) && statSync(path).isDirectory();
  if (folder && existsSync(join(path, MANIFEST))) {
    const { openDataset } = await import('../dataset/dataset.ts');
    const dataset = openDataset(path);
    return dataset.cases.map((c) => ({ id: c.id, load: () => dataset.loadMask(c) }));
  }
  const { collectInputs } = await import('../dataset/inputs.ts');
  const { boneMask } = await import('../skull/bone-mask.ts');
  const { readVolume } = await import('../volume/io/index.ts');
  const { threshold, label } = flags;
  return collectInputs([path]).map((file) => ({
    id: file.id,
    load: async () => boneMask(await readVolume(file.path), file.path, { threshold, label }),
  }));
}
