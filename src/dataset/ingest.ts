/**
 * Head CT, bone masks and meshes into a dataset: read, take the bone (readCase.ts), bring it into the common frame, resample
 * onto the grid, grade, pack. What cannot be used is refused with the reason, and the others go on; what is finished
 * survives a kill, and the same command takes it up again. Nothing is cut off in silence: a bone that the grid does
 * not hold is refused with the grid that would hold it.
 *
 * Every case leaves a record of pictures and figures, accepted or refused, and all records make `cases.html`. Cases get
 * ids under a secret salt (identity.ts), and nothing of their names is kept, unless the user says that they are public.
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
import { readCaseRecord, writeCasesPage } from '../report/cases.ts';
import { type AlignReference, alignedFrame, alignReference } from '../skull/align.ts';
import { boneMask } from '../skull/bone-mask.ts';
import { type Canonical, canonicalFrame, placed } from '../skull/canonical.ts';
import { readMarkups } from '../skull/landmarks.ts';
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
import { type Quality, qualityScore } from '../skull/quality.ts';
import { frameFromLandmarks } from '../skull/register/frame.ts';
import { skullTemplate, type Template } from '../skull/register/template.ts';
import { type Transform, transformToMatrix } from '../skull/register/transform.ts';
import { largestComponents } from '../volume/components.ts';
import { apply3, transpose3 } from '../volume/geometry.ts';
import { readVolume } from '../volume/io/index.ts';
import type { Mask, Vec3 } from '../volume/volume.ts';
import { CaseSheet } from './caseSheet.ts';
import type { Dataset } from './dataset.ts';
import { Identity } from './identity.ts';
import { type CaseFacts, type CaseInput, collectCases, type InputFile } from './inputs.ts';
import type { Provenance } from './manifest.ts';
import { type ReadCase, type ReadOptions, readCase } from './readCase.ts';
import type { SplitOptions } from './split.ts';
import { DATASET_LOCK, type DatasetHeader, DatasetWriter } from './writer.ts';

/** `frankfort`: aligned to the human template; the others are those of orient.ts. */
export type IngestFrame = FrameKind | 'frankfort';

export interface IngestOptions extends Omit<ReadOptions, 'onStep' | 'clean'>, Partial<SplitOptions> {
  /** Files, or folders to search. */
  inputs: readonly string[];
  /** The dataset folder. */
  out: string;
  /** Voxels along x, y, z: multiples of 4. */
  grid: Vec3;
  name?: string;
  /** What the bone is called: `mandible`. */
  bone?: string;
  attribution?: string;
  licence?: string;
  /** Default: `frankfort` for scans, `patient` for masks and meshes. */
  frame?: IngestFrame;
  /** A file of the same kind to which every bone is turned and shifted (never scaled). */
  alignTo?: string;
  /** Landmarks (3D Slicer markups) that define the Frankfort frame of a single case. */
  landmarks?: string;
  /** A resampled voxel is bone from this share on. Default 0.5; less for bones thinner than the spacing. */
  cut?: number;
  /** Share of a bone's voxels that the grid may cut off. Default 0. */
  maxCut?: number;
  /** Whose bone a file is; undefined refuses the file. Default: every file is a subject of its own. */
  subjects?: (file: InputFile) => CaseFacts | undefined;
  /** Quality of cases that are not graded otherwise. Default 6 for masks and meshes; scans are graded by what is measured. */
  quality?: number;
  /** Call open files by their names instead of ids under a secret salt: for public data. */
  keepNames?: boolean;
  /** No pictures, no `cases.html`. */
  withoutPictures?: boolean;
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
  /** `file` is what messages call the case: the path of an open file, or what was typed and a number. */
  accepted: { id: string; file: string; cutShare: number; quality: number }[];
  /** Finished by an earlier run, not read again. */
  kept: string[];
  refused: { file: string; reason: string }[];
  /** The smallest grid, in multiples of 8, that would hold every bone read at this spacing. */
  smallestGrid: Vec3;
  /** The page of all cases; absent without pictures. */
  casesPage?: string;
  /** Where the salt and the list of secret ids lie; absent when every case kept its name. */
  privateFile?: string;
}

/** What all cases share. */
interface Common {
  options: IngestOptions;
  reference?: AlignReference;
  /** Made when first needed. */
  template: () => Template;
  landmarks?: Transform;
}

/** One case and what it is called. */
interface Named {
  input: CaseInput;
  id: string;
  /** For messages. */
  label: string;
  subject: () => CaseFacts;
  /** Noted in the private file: what a secret id stands for. */
  secret: boolean;
}

/**
 * Makes a dataset. Throws `UsageError` for impossible options, `FileError` when an input does not exist or the reference
 * cannot be read, `DatasetError` when every case is refused or `out` holds another dataset, `DiskError` when the disk
 * refuses, `RunFolderError` when another process writes `out`, `InterruptedError` when `signal` fires (finished cases stay).
 */
export async function ingest(options: IngestOptions): Promise<IngestResult> {
  checkOptions(options);
  const inputs = await collectCases(options.inputs);
  const landmarks = landmarksOf(options, inputs.length);
  const reference = options.alignTo === undefined ? undefined : await readReference(options, options.alignTo);
  let template: Template | undefined;
  const common: Common = {
    options,
    reference,
    landmarks,
    template: () => {
      template ??= skullTemplate();
      return template;
    },
  };
  const release = acquireLock(join(options.out, DATASET_LOCK), (text) => options.onWarning?.(text));
  try {
    return await ingestCases(inputs, common);
  } finally {
    release();
  }
}

async function ingestCases(inputs: readonly CaseInput[], common: Common): Promise<IngestResult> {
  const { options } = common;
  const writer = new DatasetWriter(options.out, headerOf(options));
  const identity = Identity.open(options.out);
  const cases = inputs.map((input) => nameOf(input, identity, options));
  if (cases.some((c) => c.secret)) {
    for (const c of cases) if (c.secret) identity.note(c.id, sourceOf(c.input));
    identity.save();
  }
  const known = new Set(writer.ids);
  const accepted: IngestResult['accepted'] = [];
  const refused: IngestResult['refused'] = [];
  const kept: string[] = [];
  const reach = [0, 0, 0];
  for (const [index, named] of cases.entries()) {
    // Decoding never leaves the microtask queue; give Ctrl-C a chance to be heard.
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal?.aborted) throw interrupted(index, cases.length);
    if (known.has(named.id)) kept.push(named.id);
    else {
      const sheet = new CaseSheet(named.id, options);
      try {
        const done = await makeCase(named, common, sheet, reach);
        writer.add(done.row, done.mask);
        accepted.push({
          id: named.id,
          file: named.label,
          cutShare: done.cutShare,
          quality: done.row.quality,
        });
        sheet.accept();
      } catch (error) {
        // What concerns the case refuses the case; a full disk or a fault of ours ends the run.
        if (!(error instanceof CranioflowError) || error instanceof DiskError) throw error;
        const reason = `${error.explanation.found}; ${error.explanation.todo}`;
        refused.push({ file: named.label, reason });
        sheet.refuse(error, named.label);
      }
    }
    options.onProgress?.({
      done: index + 1,
      total: cases.length,
      file: named.label,
      accepted: accepted.length,
      refused: refused.length,
    });
  }
  const page = options.withoutPictures ? undefined : pageOf(options, cases, kept);
  if (accepted.length + kept.length === 0) throw allRefused(refused, page);
  const dataset = writer.finish({ seed: options.seed, testShare: options.testShare });
  return {
    dataset,
    accepted,
    kept,
    refused,
    smallestGrid: gridFor(reach, options.spacing),
    casesPage: page,
    ...(cases.some((c) => c.secret) && { privateFile: identity.path }),
  };
}

function nameOf(input: CaseInput, identity: Identity, { keepNames, subjects }: IngestOptions): Named {
  if (input.kind === 'scan') {
    const { key, label, subjectKey = key } = input.scan;
    const id = identity.caseId(key);
    return { input, id, label, secret: true, subject: () => ({ subject: identity.subjectId(subjectKey) }) };
  }
  const { file } = input;
  const id = keepNames ? file.id : identity.caseId(`file ${file.id}`);
  const subject = (): CaseFacts => {
    if (subjects === undefined) return { subject: keepNames ? id : identity.subjectId(`file ${file.id}`) };
    const facts = subjects({ ...file, id });
    if (facts === undefined) throw noSubject(file.path);
    return keepNames ? facts : { ...facts, subject: identity.subjectId(facts.subject) };
  };
  return { input, id, label: file.path, secret: !keepNames, subject };
}

function sourceOf(input: CaseInput): string {
  return input.kind === 'scan' ? `${input.scan.label} (${input.scan.files} files)` : input.file.path;
}

interface Made {
  row: Parameters<DatasetWriter['add']>[0];
  mask: Mask;
  cutShare: number;
}

/** One case, from its files to its mask on the grid. Throws what refuses it. */
async function makeCase(
  { input, id, label, subject: facts }: Named,
  common: Common,
  sheet: CaseSheet,
  reach: number[],
): Promise<Made> {
  const { options } = common;
  const { attribution = 'unknown', licence = 'unknown', grid, spacing } = options;
  const { subject, quality: given } = facts();
  const clean = common.landmarks !== undefined || options.frame === 'frankfort';
  const read = await readCase(input, { ...options, clean, onStep: (step) => sheet.step(step) });
  sheet.read(read);
  const { frame, transform, registration } = poseOf(read, common, label);
  for (let c = 0; c < 3; c++) reach[c] = Math.max(reach[c], -frame.low[c], frame.high[c]);
  const cutShare = checkFit(read.mask, frame, options, label);
  const mask = toFrame(read.mask, frame, grid, spacing, options.cut);
  const quality = gradeOf(read, given ?? options.quality);
  const provenance: Provenance = {
    kind: read.kind,
    format: read.format,
    spacing: [...read.spacing],
    ...(read.threshold !== undefined && { threshold: read.threshold }),
    transform: transformToMatrix(transform),
    ...(registration && {
      alignment: {
        rms_mm: registration.rms_mm,
        score: registration.score,
        runnerUp: registration.runnerUp,
      },
    }),
    qualityReasons: quality.reasons,
    notes: read.notes,
    cutShare,
  };
  sheet.placed(mask, provenance, quality);
  const source = options.keepNames && input.kind !== 'scan' ? basename(input.file.path) : read.kind;
  const row = { id, subject, source, attribution, licence, quality: quality.score, provenance };
  return { row, mask, cutShare };
}

/** Where the bone goes: by landmarks, by the template, by another bone, or by its own axes. */
function poseOf(read: ReadCase, common: Common, label: string): Canonical {
  const { options, reference, landmarks } = common;
  if (landmarks !== undefined) return placed(read.mask, common.template(), landmarks);
  const kind = options.frame ?? (read.kind === 'ct' ? 'frankfort' : 'patient');
  if (reference === undefined && kind === 'frankfort')
    return canonicalFrame(read.mask, common.template(), label);
  const frame =
    reference === undefined ? boneFrame(read.mask, kind as FrameKind) : alignedFrame(read.mask, reference);
  const rotation = transpose3(frame.axes);
  const at = apply3(rotation, frame.centre);
  return { frame, transform: { rotation, translation: [-at[0], -at[1], -at[2]], scale: 1 } };
}

/** A grade that was given counts; a scan is graded by what was measured. */
function gradeOf(read: ReadCase, given?: number): Quality {
  if (given !== undefined) return { score: given as Quality['score'], reasons: [] };
  return read.facts === undefined ? { score: 6, reasons: [] } : qualityScore(read.facts);
}

function landmarksOf({ landmarks, frame, alignTo }: IngestOptions, cases: number): Transform | undefined {
  if (landmarks === undefined) return undefined;
  const problem =
    cases !== 1
      ? `--landmarks for ${cases} cases`
      : alignTo !== undefined
        ? '--landmarks and --align-to together'
        : frame !== undefined && frame !== 'frankfort'
          ? `--landmarks with --frame ${frame}`
          : undefined;
  if (problem === undefined) return frameFromLandmarks(readMarkups(landmarks));
  throw new UsageError({
    found: problem,
    expected: 'one case, whose landmarks define its Frankfort frame',
    todo: 'ingest that case by itself into the same --out, and leave the other option out',
  });
}

/** The page of the cases of this command: those made now, those kept, those refused. */
function pageOf(options: IngestOptions, cases: readonly Named[], kept: readonly string[]): string {
  const { grid, spacing, bone = 'bone' } = options;
  return writeCasesPage(options.out, {
    title: options.name ?? `${bone}: cases`,
    lead: `Every case on the grid of ${grid.join('x')} voxels of ${spacing} mm. Research use, not a medical device.`,
    ids: cases.map((c) => c.id).filter((id) => readCaseRecord(options.out, id) !== undefined),
    kept,
  });
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
          : 'Of a scan in Hounsfield units bone is segmented by a threshold found for each, of a mask it is the higher of two values.';
  const frame = [
    frameText(o),
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

function frameText({ frame, landmarks }: IngestOptions): string {
  if (landmarks !== undefined || frame === 'frankfort') return FRANKFORT;
  if (frame !== undefined) return FRAMES[frame];
  return `Scans: ${FRANKFORT} Masks and meshes: ${FRAMES.patient}`;
}

/** In words; register/frame.ts has the definition. */
const FRANKFORT =
  'Frankfort frame: x through the porions to the left, y to the back along the Frankfort plane, z up; aligned by shape to a template whose box is centred on the grid.';

function noSubject(path: string): DatasetError {
  return new DatasetError({
    found: `${path} has no subject`,
    expected: 'a subject for every file: the split goes by subject',
    todo: 'widen the subject pattern or add the file to the table',
  });
}

function keepComponents(mask: Mask, o: IngestOptions): Mask {
  const bone = cropToBone(mask);
  if (o.components === undefined) return bone;
  return cropToBone({ ...bone, data: largestComponents(bone.data, bone.size, o.components) });
}

async function readReference(o: IngestOptions, path: string): Promise<AlignReference> {
  const mask = keepComponents(boneMask(await readVolume(path), path, o), o);
  return alignReference(mask, o.frame === 'principal' ? 'principal' : 'patient');
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

function allRefused(refused: IngestResult['refused'], page?: string): DatasetError {
  const shown = refused.slice(0, 10).map((r) => `\n    ${r.reason}`);
  const more = refused.length > 10 ? `\n    and ${refused.length - 10} more` : '';
  return new DatasetError({
    found: `none of ${refused.length} cases could be used:${shown.join('')}${more}`,
    expected: 'at least one usable case',
    todo: `follow the reason given for each${page === undefined ? '' : `; pictures in ${page}`}`,
  });
}
