/**
 * Real masks into a dataset: read, take the bone, bring it into the common frame, resample onto the grid, pack. A file
 * that cannot be used is refused by name with the reason, and the others go on; what is finished survives a kill, and
 * the same command takes it up again. Nothing is cut off in silence: a bone that the grid does not hold is refused with
 * the grid that would hold it.
 */
import { basename, join } from 'node:path';
import {
  CranioflowError,
  DatasetError,
  DiskError,
  GridError,
  InterruptedError,
  UsageError,
} from '../errors.ts';
import { acquireLock } from '../files/lock.ts';
import { type AlignReference, alignedFrame, alignReference } from '../skull/align.ts';
import { type BoneMaskOptions, boneMask } from '../skull/bone-mask.ts';
import {
  boneFrame,
  boneVoxels,
  cropToBone,
  extentOf,
  FRAMES,
  type Frame,
  type FrameKind,
  toFrame,
} from '../skull/orient.ts';
import { largestComponents } from '../volume/components.ts';
import { apply3, transpose3 } from '../volume/geometry.ts';
import { readVolume } from '../volume/io/index.ts';
import type { Mask, Vec3 } from '../volume/volume.ts';
import type { Dataset } from './dataset.ts';
import { type CaseFacts, collectInputs, type InputFile } from './inputs.ts';
import type { SplitOptions } from './split.ts';
import { DATASET_LOCK, type DatasetHeader, DatasetWriter } from './writer.ts';

export interface IngestOptions extends BoneMaskOptions, Partial<SplitOptions> {
  /** Files, or folders to search. */
  inputs: readonly string[];
  /** The dataset folder. */
  out: string;
  /** Voxels along x, y, z: multiples of 4. */
  grid: Vec3;
  /** mm. */
  spacing: number;
  name?: string;
  /** What the bone is called: `mandible`. */
  bone?: string;
  attribution?: string;
  licence?: string;
  /** Keep only this many of the largest connected components. Default: all. */
  components?: number;
  /** Default `patient`. */
  frame?: FrameKind;
  /** A file of the same kind to which every bone is turned and shifted (never scaled). */
  alignTo?: string;
  /** A resampled voxel is bone from this share on. Default 0.5; less for bones thinner than the spacing. */
  cut?: number;
  /** Share of a bone's voxels that the grid may cut off. Default 0. */
  maxCut?: number;
  /** Whose bone a file is; undefined refuses the file. Default: every file is a subject of its own. */
  subjects?: (file: InputFile) => CaseFacts | undefined;
  /** Quality of files for which `subjects` gives none. Default 6. */
  quality?: number;
  onProgress?: (progress: IngestProgress) => void;
  signal?: AbortSignal;
  /** Told what a person should know (a dead process's lock taken over). */
  onWarning?: (text: string) => void;
}

export interface IngestProgress {
  done: number;
  total: number;
  file: string;
  accepted: number;
  refused: number;
}

export interface IngestResult {
  dataset: Dataset;
  accepted: { id: string; file: string; cutShare: number }[];
  /** Finished by an earlier run, not read again. */
  kept: string[];
  refused: { file: string; reason: string }[];
  /** The smallest grid, in multiples of 8, that would hold every bone read at this spacing. */
  smallestGrid: Vec3;
}

/**
 * Makes a dataset of masks. Throws `UsageError` for impossible options, `FileError` when an input does not exist or the
 * reference cannot be read, `DatasetError` when every file is refused or `out` holds another dataset, `DiskError` when the
 * disk refuses, `RunFolderError` when another process writes `out`, `InterruptedError` when `signal` fires (finished cases
 * stay).
 */
export async function ingestMasks(options: IngestOptions): Promise<IngestResult> {
  checkOptions(options);
  const files = collectInputs(options.inputs);
  const reference = options.alignTo === undefined ? undefined : await readReference(options, options.alignTo);
  const release = acquireLock(join(options.out, DATASET_LOCK), (text) => options.onWarning?.(text));
  try {
    return await ingestFiles(files, reference, options);
  } finally {
    release();
  }
}

async function ingestFiles(
  files: readonly InputFile[],
  reference: AlignReference | undefined,
  options: IngestOptions,
): Promise<IngestResult> {
  const { grid, spacing, signal, onProgress } = options;
  const writer = new DatasetWriter(options.out, headerOf(options));
  const known = new Set(writer.ids);
  const accepted: IngestResult['accepted'] = [];
  const refused: IngestResult['refused'] = [];
  const kept: string[] = [];
  const reach = [0, 0, 0];
  for (const [index, file] of files.entries()) {
    // Decoding never leaves the microtask queue; give Ctrl-C a chance to be heard.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw interrupted(index, files.length);
    if (known.has(file.id)) kept.push(file.id);
    else
      try {
        const facts = factsOf(file, options);
        const mask = keepComponents(boneMask(await readVolume(file.path), file.path, options), options);
        const frame = frameOf(mask, options, reference);
        for (let c = 0; c < 3; c++) reach[c] = Math.max(reach[c], -frame.low[c], frame.high[c]);
        const cutShare = checkFit(mask, frame, options, file.path);
        const placed = toFrame(mask, frame, grid, spacing, options.cut);
        const { attribution = 'unknown', licence = 'unknown' } = options;
        writer.add({ id: file.id, source: basename(file.path), attribution, licence, ...facts }, placed);
        accepted.push({ id: file.id, file: file.path, cutShare });
      } catch (error) {
        // What concerns the file refuses the file; a full disk or a fault of ours ends the run.
        if (!(error instanceof CranioflowError) || error instanceof DiskError) throw error;
        refused.push({ file: file.path, reason: `${error.explanation.found}; ${error.explanation.todo}` });
      }
    const done = index + 1;
    onProgress?.({
      done,
      total: files.length,
      file: file.path,
      accepted: accepted.length,
      refused: refused.length,
    });
  }
  if (accepted.length + kept.length === 0) throw allRefused(refused);
  const dataset = writer.finish({ seed: options.seed, testShare: options.testShare });
  return { dataset, accepted, kept, refused, smallestGrid: gridFor(reach, spacing) };
}

function checkOptions(o: IngestOptions): void {
  const fail = (found: string, expected: string, todo: string) => new UsageError({ found, expected, todo });
  if (!o.grid.every((n) => Number.isInteger(n) && n >= 8 && n <= 1024 && n % 4 === 0))
    throw fail(
      `a grid of ${o.grid.join('x')} voxels`,
      'sides that are multiples of 4, 8 to 1024',
      'give --grid 64x56x48',
    );
  if (!(o.spacing > 0 && Number.isFinite(o.spacing)))
    throw fail(`a spacing of ${o.spacing} mm`, 'a positive number of mm', 'give --spacing 2');
  for (const [name, value, least, most] of [
    ['cut', o.cut ?? 0.5, 0.01, 1],
    ['max-cut', o.maxCut ?? 0, 0, 1],
    ['test-share', o.testShare ?? 0.2, 0, 1],
    ['quality', o.quality ?? 6, 2, 6],
    ['components', o.components ?? 1, 1, 1e6],
  ] as const)
    if (!(value >= least && value <= most))
      throw fail(`--${name} ${value}`, `a number from ${least} to ${most}`, 'correct the option');
}

/** How the masks were made is part of the header: a folder made with other settings is not added to. */
function headerOf(o: IngestOptions): DatasetHeader {
  const bone =
    o.label !== undefined
      ? `Bone is the label ${o.label}.`
      : o.threshold === 'otsu'
        ? "Bone is what lies above Otsu's threshold of each scan."
        : o.threshold !== undefined
          ? `Bone is what lies above ${o.threshold}.`
          : 'Bone is the higher of the two values of each file.';
  const frame = [
    FRAMES[o.frame ?? 'patient'],
    o.alignTo === undefined ? '' : `Turned and shifted to lie as ${basename(o.alignTo)} does.`,
    bone,
    o.components === undefined ? '' : `The ${o.components} largest connected component(s) of each are kept.`,
    `Resampled by linear interpolation, averaged over a voxel, cut at ${o.cut ?? 0.5}.`,
    o.maxCut ? `Up to ${100 * o.maxCut} % of a bone may lie outside the grid.` : '',
  ];
  const [x, y, z] = o.grid;
  return {
    name: o.name ?? `${o.bone ?? 'bone'} masks`,
    bone: o.bone ?? 'bone',
    phantom: false,
    size: [x, y, z],
    spacing: o.spacing,
    frame: frame.filter((s) => s !== '').join(' '),
  };
}

function factsOf(file: InputFile, o: IngestOptions): { subject: string; quality: number } {
  const facts = o.subjects === undefined ? { subject: file.id } : o.subjects(file);
  if (facts === undefined)
    throw new DatasetError({
      found: `${file.path} has no subject`,
      expected: 'a subject for every file: the split goes by subject',
      todo: 'widen the subject pattern or add the file to the table',
    });
  return { subject: facts.subject, quality: facts.quality ?? o.quality ?? 6 };
}

function keepComponents(mask: Mask, o: IngestOptions): Mask {
  const bone = cropToBone(mask);
  if (o.components === undefined) return bone;
  return cropToBone({ ...bone, data: largestComponents(bone.data, bone.size, o.components) });
}

async function readReference(o: IngestOptions, path: string): Promise<AlignReference> {
  const mask = keepComponents(boneMask(await readVolume(path), path, o), o);
  return alignReference(mask, o.frame ?? 'patient');
}

function frameOf(mask: Mask, o: IngestOptions, reference: AlignReference | undefined): Frame {
  return reference === undefined ? boneFrame(mask, o.frame ?? 'patient') : alignedFrame(mask, reference);
}

/**
 * The share of bone voxels whose centre is outside the grid. Throws `GridError` when it is above `maxCut`, or when the
 * whole bone is smaller than one voxel (a header in metres, say): averaging over such a voxel would take endless memory.
 */
function checkFit(mask: Mask, frame: Frame, o: IngestOptions, path: string): number {
  const extent = extentOf(frame);
  if (Math.max(...extent) < o.spacing)
    throw new GridError({
      found: `${path}: its whole bone spans ${extent.map((x) => x.toPrecision(2)).join(' x ')} mm, less than one voxel of ${o.spacing} mm`,
      expected: 'a bone of many voxels',
      todo: 'check the spacing in the header of the file, or choose a finer --spacing',
    });
  const half = o.grid.map((n) => (n * o.spacing) / 2);
  const slack = 1e-6 * o.spacing;
  if (half.every((h, c) => -frame.low[c] <= h + slack && frame.high[c] <= h + slack)) return 0;
  const voxels = boneVoxels(mask);
  const inverse = transpose3(frame.axes);
  let outside = 0;
  for (let p = 0; p < voxels.length; p += 3) {
    const [x, y, z] = [0, 1, 2].map((c) => voxels[p + c] - frame.centre[c]);
    if (apply3(inverse, [x, y, z]).some((u, c) => Math.abs(u) > half[c])) outside++;
  }
  const share = outside / (voxels.length / 3);
  const { maxCut = 0 } = o;
  if (share <= maxCut) return share;
  const reach = frame.low.map((low, c) => Math.max(-low, frame.high[c]));
  const mm = (v: readonly number[]) => v.map((x) => x.toFixed(1)).join(' x ');
  throw new GridError({
    found: `${path}: its bone spans ${mm(extent)} mm, and ${percent(share)} of it would be cut off by the grid`,
    expected: `bone within ${o.grid.join('x')} voxels of ${o.spacing} mm = ${mm(half.map((h) => 2 * h))} mm`,
    todo: `--grid ${gridFor(reach, o.spacing).join('x')} is the smallest that holds it at this spacing`,
  });
}

/** `0.0012 %`, `87 %`: two digits, without an exponent. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/** Sides, in multiples of 8, that reach `reach` mm to both sides of the centre. */
function gridFor(reach: readonly number[], spacing: number): Vec3 {
  return reach.map((mm) => Math.max(8, 8 * Math.ceil((2 * mm) / spacing / 8 - 1e-6))) as unknown as Vec3;
}

function interrupted(done: number, total: number): InterruptedError {
  return new InterruptedError({
    found: `stopped after ${done} of ${total} files`,
    expected: 'all files',
    todo: 'run the same command again: finished cases are kept',
  });
}

function allRefused(refused: IngestResult['refused']): DatasetError {
  const shown = refused.slice(0, 10).map((r) => `\n    ${r.reason}`);
  const more = refused.length > 10 ? `\n    and ${refused.length - 10} more` : '';
  return new DatasetError({
    found: `none of ${refused.length} files could be used:${shown.join('')}${more}`,
    expected: 'at least one usable mask',
    todo: 'follow the reason given for each file',
  });
}
