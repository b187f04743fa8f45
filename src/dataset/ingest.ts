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
  type Explanation,
  InterruptedError,
  UsageError,
} from '../errors.ts';
import { acquireLock } from '../files/lock.ts';
import { recordedCases, writeCasesPage } from '../report/cases.ts';
import { FRAMES } from '../skull/orient.ts';
import type { Vec3 } from '../volume/volume.ts';
import { type CaseJob, runCases } from './casePool.ts';
import type { Dataset } from './dataset.ts';
import { Identity } from './identity.ts';
import { type CaseFacts, type CaseInput, collectCases, type InputFile } from './inputs.ts';
import { gridFor, type MakeOptions } from './makeCase.ts';
import type { SplitOptions } from './split.ts';
import { DATASET_LOCK, type DatasetHeader, DatasetWriter } from './writer.ts';

export interface IngestOptions extends MakeOptions, Partial<SplitOptions> {
  /** Files, or folders to search. */
  inputs: readonly string[];
  name?: string;
  /** What the bone is called: `mandible`. */
  bone?: string;
  attribution?: string;
  licence?: string;
  /** Whose bone a file is; undefined refuses the file. Default: every file is a subject of its own. */
  subjects?: (file: InputFile) => CaseFacts | undefined;
  /** Quality of cases that no table grades. Default: as measured, where it is (scans, and whatever lies in the Frankfort frame); else 6. */
  quality?: number;
  /** Call open files by their names instead of ids under a secret salt: for public data. */
  keepNames?: boolean;
  /** Cases at work at once, each in a thread of its own. Default: as cores and memory allow. */
  jobs?: number;
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

/** One case and what it is called. */
interface Named {
  input: CaseInput;
  id: string;
  /** For messages. */
  label: string;
  /** Whose bone it is, or why that is not known. */
  subject: () => CaseFacts | Explanation;
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
  checkLandmarks(options, inputs.length);
  const release = acquireLock(join(options.out, DATASET_LOCK), (text) => options.onWarning?.(text));
  try {
    return await ingestCases(inputs, options);
  } finally {
    release();
  }
}

async function ingestCases(inputs: readonly CaseInput[], options: IngestOptions): Promise<IngestResult> {
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
  const kept = cases.filter((c) => known.has(c.id)).map((c) => c.id);
  const reach = [0, 0, 0];
  const facts = new Map<string, CaseFacts>();
  const jobs: CaseJob[] = [];
  const { attribution = 'unknown', licence = 'unknown', onProgress } = options;
  const tell = (file: string) => {
    const done = kept.length + accepted.length + refused.length;
    onProgress?.({ done, total: cases.length, file, accepted: accepted.length, refused: refused.length });
  };
  const refuse = (file: string, { found, todo }: Explanation) => {
    refused.push({ file, reason: `${found}; ${todo}` });
    tell(file);
  };
  for (const [index, { id, input, label, subject }] of cases.entries()) {
    if (known.has(id)) {
      tell(label);
      continue;
    }
    const fact = subject();
    if ('found' in fact) refuse(label, fact);
    else {
      facts.set(id, fact);
      jobs.push({ index, input, task: { id, label, quality: fact.quality ?? options.quality } });
    }
  }
  for await (const { job, outcome } of runCases(jobs, options)) {
    const { input, task } = job;
    for (let c = 0; c < 3; c++) reach[c] = Math.max(reach[c], outcome.reach?.[c] ?? 0);
    if ('refused' in outcome) refuse(task.label, outcome.refused);
    else {
      const { mask, provenance, quality } = outcome;
      const source = options.keepNames && input.kind !== 'scan' ? basename(input.file.path) : provenance.kind;
      const { subject } = facts.get(task.id)!;
      try {
        writer.add({ id: task.id, subject, source, attribution, licence, quality, provenance }, mask);
        accepted.push({ id: task.id, file: task.label, cutShare: provenance.cutShare, quality });
        tell(task.label);
      } catch (error) {
        // A mask that the grid leaves empty refuses the case; a full disk ends the run.
        if (!(error instanceof CranioflowError) || error instanceof DiskError) throw error;
        refuse(task.label, error.explanation);
      }
    }
  }
  const ended = kept.length + accepted.length + refused.length;
  if (options.signal?.aborted && ended < cases.length) throw interrupted(ended, cases.length);
  const inOrder = (a: { file: string }, b: { file: string }) => order.get(a.file)! - order.get(b.file)!;
  const order = new Map(cases.map((c, i) => [c.label, i]));
  accepted.sort(inOrder);
  refused.sort(inOrder);
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
  const subject = (): CaseFacts | Explanation => {
    if (subjects === undefined) return { subject: keepNames ? id : identity.subjectId(`file ${file.id}`) };
    const facts = subjects({ ...file, id });
    if (facts === undefined) return noSubject(file.path);
    return keepNames || facts.chosen ? facts : { ...facts, subject: identity.subjectId(facts.subject) };
  };
  return { input, id, label: file.path, secret: !keepNames, subject };
}

function sourceOf(input: CaseInput): string {
  return input.kind === 'scan' ? `${input.scan.label} (${input.scan.files} files)` : input.file.path;
}

/** Landmarks are of one case; several would all be put where one lies. */
function checkLandmarks({ landmarks, frame, alignTo }: IngestOptions, cases: number): void {
  if (landmarks === undefined) return;
  const problem =
    cases !== 1
      ? `--landmarks for ${cases} cases`
      : alignTo !== undefined
        ? '--landmarks and --align-to together'
        : frame !== undefined && frame !== 'frankfort'
          ? `--landmarks with --frame ${frame}`
          : undefined;
  if (problem === undefined) return;
  throw new UsageError({
    found: problem,
    expected: 'one case, whose landmarks define its Frankfort frame',
    todo: 'ingest that case by itself into the same --out, and leave the other option out',
  });
}

/** The page of the cases of this command: those made now, those kept, those refused. */
function pageOf(options: IngestOptions, cases: readonly Named[], kept: readonly string[]): string {
  const { grid, spacing, bone = 'bone' } = options;
  const recorded = new Set(recordedCases(options.out));
  return writeCasesPage(options.out, {
    title: options.name ?? `${bone}: cases`,
    lead: `Every case on the grid of ${grid.join('x')} voxels of ${spacing} mm. Research use, not a medical device.`,
    ids: cases.map((c) => c.id).filter((id) => recorded.has(id)),
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

function noSubject(path: string): Explanation {
  return {
    found: `${path} has no subject`,
    expected: 'a subject for every file: the split goes by subject',
    todo: 'widen the subject pattern or add the file to the table',
  };
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
